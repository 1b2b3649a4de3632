#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns_monitor/writer/assembler.h"
#include "support/segment_checks.h"

namespace dns_monitor {
namespace {

using absl::CivilSecond;
using absl::Hours;
using absl::Minutes;
using absl::Nanoseconds;
using absl::Seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- Borders ---

TEST(AssemblerBorders, BelongToTheSegmentThatTheyBegin) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon) + Minutes(30));
  const absl::Time border = Utc(kNoon) + Hours(1);
  uint32_t count = 0;
  for (const int64_t nanosecond : {-1000, -1, 0, 1}) {
    rig.PutAt(border + Nanoseconds(nanosecond), Numbered(count++));
  }
  const auto& files = rig.Finish();
  ASSERT_THAT(NamesOf(files), ElementsAre("eth0.20261123_1230.pcap", "eth0.20261123_1300.pcap"));
  EXPECT_THAT(TimesSince(border, files[0]), ElementsAre(-1000, -1));
  EXPECT_THAT(TimesSince(border, files[1]), ElementsAre(0, 1));
  EXPECT_EQ(files[0].to_ns, absl::ToUnixNanos(border));
  EXPECT_EQ(files[1].from_ns, absl::ToUnixNanos(border));
  ExpectAllOnceInOrder(files, count);
}

TEST(AssemblerBorders, AreKeptByMicrosecondFilesToo) {
  SegmentOptions options = Every(Hours(1));
  options.nanoseconds = false;
  SegmentRig rig(options, Utc(kNoon));
  rig.PutAt(Utc(kNoon) + Hours(1) - Nanoseconds(1), Numbered(0));
  rig.PutAt(Utc(kNoon) + Hours(1), Numbered(1));
  const auto& files = rig.Finish();
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_EQ(files[0].content.packets.back().fraction, 999'999u);
  ExpectAllOnceInOrder(files, 2);
}

TEST(AssemblerBorders, ComeAlsoWithoutPackets) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  for (int hour = 1; hour <= 3; ++hour) {
    rig.AdvanceTo(Utc(kNoon) + Hours(hour) - Nanoseconds(1));
    EXPECT_EQ(rig.assembler().segment()->from_ns, absl::ToUnixNanos(Utc(kNoon) + Hours(hour - 1)));
    rig.AdvanceTo(Utc(kNoon) + Hours(hour));
    EXPECT_EQ(rig.assembler().segment()->from_ns, absl::ToUnixNanos(Utc(kNoon) + Hours(hour)));
  }
  const auto& files = rig.Finish();
  EXPECT_THAT(NamesOf(files), ElementsAre("eth0.20261123_1200.pcap", "eth0.20261123_1300.pcap",
                                          "eth0.20261123_1400.pcap", "eth0.20261123_1500.pcap"));
  for (const FinishedFile& file : files) EXPECT_EQ(file.bytes.size(), sizeof(PcapFileHeader));
}

TEST(AssemblerBorders, AreNotReachedBeforeTheirNanosecond) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  const int64_t border_ns = rig.ToBoot(Utc(kNoon) + Hours(1));
  const Segment* first = rig.assembler().segment();
  EXPECT_TRUE(rig.assembler().AdvanceTo(border_ns - 1));
  EXPECT_EQ(rig.assembler().segment(), first);
  EXPECT_TRUE(rig.assembler().AdvanceTo(border_ns));
  EXPECT_NE(rig.assembler().segment(), first);
  rig.Finish();
}

TEST(AssemblerBorders, AreSkippedWhereNoTimeWasSpent) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  rig.PutNow(Numbered(0));
  rig.PutAt(Utc(kNoon) + Hours(5) + Minutes(20), Numbered(1));  // suspended meanwhile
  const auto& files = rig.Finish();
  EXPECT_THAT(NamesOf(files), ElementsAre("eth0.20261123_1200.pcap", "eth0.20261123_1700.pcap"));
  for (const FinishedFile& file : files) ExpectWithinBorders(file);
  ExpectAllOnceInOrder(files, 2);
}

TEST(AssemblerBorders, LieOnTheLocalClock) {
  SegmentRig rig(Every(Hours(24), "Europe/Berlin"), Berlin(CivilSecond(2026, 11, 23, 15, 0, 0)));
  rig.PutAt(Berlin(CivilSecond(2026, 11, 23, 23, 59, 59)), Numbered(0));
  rig.PutAt(Berlin(CivilSecond(2026, 11, 24)), Numbered(1));
  const auto& files = rig.Finish();
  EXPECT_THAT(NamesOf(files), ElementsAre("eth0.20261123_1500.pcap", "eth0.20261124_0000.pcap"));
  ExpectAllOnceInOrder(files, 2);
}

TEST(AssemblerBorders, AreNamedWithSecondsWhenTheyNeedThem) {
  SegmentRig rig(Every(Seconds(10)), Utc(kNoon) + Seconds(3));
  rig.PutAt(Utc(kNoon) + Seconds(10), Numbered(0));
  rig.PutAt(Utc(kNoon) + Seconds(29), Numbered(1));
  EXPECT_THAT(NamesOf(rig.Finish()),
              ElementsAre("eth0.20261123_120003.pcap", "eth0.20261123_120010.pcap",
                          "eth0.20261123_120020.pcap"));
}

TEST(AssemblerBorders, DoNotExistWithoutASchedule) {
  SegmentOptions options;
  options.nanoseconds = true;
  SegmentRig rig(options, Utc(kNoon));
  rig.AdvanceTo(Utc(kNoon) + Hours(24 * 400));
  rig.PutNow(Numbered(0));
  ExpectAllOnceInOrder(rig.Finish(), 1);
}

// A packet a quarter of an hour, through a day that is not 24 hours long.
std::vector<std::string> NamesOfBerlinDay(absl::CivilDay day) {
  const absl::Time begin = Berlin(CivilSecond(day));
  const absl::Time end = Berlin(CivilSecond(day + 1));
  SegmentRig rig(Every(Hours(1), "Europe/Berlin"), begin);
  uint32_t count = 0;
  for (absl::Time time = begin; time < end; time += Minutes(15)) {
    rig.AdvanceTo(time);
    rig.PutNow(Numbered(count++));
  }
  const auto& files = rig.Finish();
  for (const FinishedFile& file : files) {
    ExpectWithinBorders(file);
    EXPECT_EQ(file.facts.packets, 4u) << file.facts.name.Pcap();
  }
  ExpectAllOnceInOrder(files, count);
  return NamesOf(files);
}

TEST(AssemblerBorders, TellTheHourTwiceInAutumn) {
  const std::vector<std::string> names = NamesOfBerlinDay(absl::CivilDay(2026, 10, 25));
  ASSERT_THAT(names, SizeIs(25));
  EXPECT_EQ(names[1], "eth0.20261025_0100.pcap");
  EXPECT_EQ(names[2], "eth0.20261025_0200.pcap");
  EXPECT_EQ(names[3], "eth0.20261025_0200-1.pcap");
  EXPECT_EQ(names[4], "eth0.20261025_0300.pcap");
  EXPECT_EQ(names[24], "eth0.20261025_2300.pcap");
}

TEST(AssemblerBorders, LeaveAnHourOutInSpring) {
  const std::vector<std::string> names = NamesOfBerlinDay(absl::CivilDay(2026, 3, 29));
  ASSERT_THAT(names, SizeIs(23));
  EXPECT_EQ(names[1], "eth0.20260329_0100.pcap");
  EXPECT_EQ(names[2], "eth0.20260329_0300.pcap");
}

// --- The clock is set ---

TEST(AssemblerClock, BeginsASegmentWhenItIsSetBack) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon) + Minutes(30));
  rig.PutNow(Numbered(0));
  rig.AdvanceTo(Utc(kNoon) + Minutes(40));
  rig.PutNow(Numbered(1));
  rig.clock().Step(-10 * 60 * kNanosecondsPerSecond);
  rig.FollowClock();
  rig.PutNow(Numbered(2));
  rig.AdvanceTo(Utc(kNoon) + Minutes(45));
  rig.PutNow(Numbered(3));
  const auto& files = rig.Finish();
  ASSERT_THAT(NamesOf(files), ElementsAre("eth0.20261123_1230.pcap", "eth0.20261123_1230-1.pcap"));
  EXPECT_THAT(TimesSince(Utc(kNoon) + Minutes(30), files[1]),
              ElementsAre(0, 15 * 60 * kNanosecondsPerSecond));
  for (const FinishedFile& file : files) {
    EXPECT_EQ(file.facts.late, 0u) << "a step makes nothing late";
  }
  ExpectAllOnceInOrder(files, 4);
  EXPECT_EQ(rig.log().Count("set back by 10m"), 1);
}

TEST(AssemblerClock, EndsTheSegmentBeforeAStepBackByTheOldTime) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon) + Minutes(10));
  rig.AdvanceTo(Utc(kNoon) + Minutes(20));
  rig.PutNow(Numbered(0));
  rig.AdvanceTo(Utc(kNoon) + Minutes(30));
  rig.clock().Step(-30 * 60 * kNanosecondsPerSecond);
  rig.FollowClock();
  rig.PutNow(Numbered(1));
  const auto& files = rig.Finish();
  ASSERT_THAT(files, SizeIs(2));
  for (const FinishedFile& file : files) ExpectWithinBorders(file);
  EXPECT_EQ(files[0].to_ns, absl::ToUnixNanos(Utc(kNoon) + Minutes(30)));
  EXPECT_EQ(files[1].from_ns, absl::ToUnixNanos(Utc(kNoon)));
}

TEST(AssemblerClock, BeginsASegmentWhenItIsSetBackOverBorders) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon) + Minutes(5));
  rig.PutNow(Numbered(0));
  rig.clock().Step(-3 * 3600 * kNanosecondsPerSecond);
  rig.FollowClock();
  rig.PutNow(Numbered(1));
  rig.AdvanceTo(Utc(kNoon) - Hours(2));  // and time goes on to the border that is next by now
  rig.PutNow(Numbered(2));
  const auto& files = rig.Finish();
  EXPECT_THAT(NamesOf(files), ElementsAre("eth0.20261123_1205.pcap", "eth0.20261123_0905.pcap",
                                          "eth0.20261123_1000.pcap"));
  ExpectAllOnceInOrder(files, 3);
}

TEST(AssemblerClock, GoesOnWhenItIsSetAheadWithinAPeriod) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  rig.PutNow(Numbered(0));
  rig.clock().Step(600 * kNanosecondsPerSecond);
  rig.FollowClock();
  rig.PutNow(Numbered(1));
  rig.AdvanceTo(Utc(kNoon) + Hours(1) - Nanoseconds(1));
  rig.PutNow(Numbered(2));
  rig.AdvanceTo(Utc(kNoon) + Hours(1));
  rig.PutNow(Numbered(3));
  const auto& files = rig.Finish();
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_EQ(files[0].facts.packets, 3u);
  for (const FinishedFile& file : files) ExpectWithinBorders(file);
  ExpectAllOnceInOrder(files, 4);
  EXPECT_EQ(rig.log().Count("set ahead by 10m"), 1);
}

TEST(AssemblerClock, LeavesOutPeriodsThatItIsSetOver) {
  for (const bool packets : {true, false}) {
    SegmentRig rig(Every(Hours(1)), Utc(kNoon));
    uint32_t count = 0;
    if (packets) rig.PutNow(Numbered(count++));
    rig.clock().Step(7 * 3600 * kNanosecondsPerSecond + 60 * kNanosecondsPerSecond);
    rig.FollowClock();
    if (packets) rig.PutNow(Numbered(count++));
    const auto& files = rig.Finish();
    EXPECT_THAT(NamesOf(files), ElementsAre("eth0.20261123_1200.pcap", "eth0.20261123_1900.pcap"));
    for (const FinishedFile& file : files) ExpectWithinBorders(file);
    ExpectAllOnceInOrder(files, count);
  }
}

TEST(AssemblerClock, IsFollowedByTheStepInTheRing) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon) + Minutes(30));
  rig.PutNow(Numbered(0));
  rig.clock().Step(-60 * kNanosecondsPerSecond);
  EXPECT_TRUE(TellStep(rig, rig.clock().WallOffsetNs()));
  rig.PutNow(Numbered(1));
  const auto& files = rig.Finish();
  EXPECT_THAT(NamesOf(files), ElementsAre("eth0.20261123_1230.pcap", "eth0.20261123_1229.pcap"));
  ExpectAllOnceInOrder(files, 2);
}

// The writer comes late, and finds two steps in the rings and the clock where the second left it.
TEST(AssemblerClock, AppliesEachStepAtItsPlace) {
  for (const int64_t tai_offset_s : {0, 37}) {
    SegmentRig rig(Every(Hours(1)), Utc(kNoon) + Minutes(10), tai_offset_s * kNanosecondsPerSecond);
    const int64_t offset_ns = rig.assembler().wall_offset_ns();
    rig.PutNow(Numbered(0));
    rig.clock().Step(1200 * kNanosecondsPerSecond);
    EXPECT_TRUE(TellStep(rig, offset_ns + 300 * kNanosecondsPerSecond));
    rig.PutNow(Numbered(1));
    EXPECT_TRUE(TellStep(rig, rig.clock().WallOffsetNs()));
    rig.PutNow(Numbered(2));
    rig.FollowClock();
    const auto& files = rig.Finish();
    ASSERT_THAT(files, SizeIs(1));
    EXPECT_THAT(TimesSince(Utc(kNoon) + Minutes(10), files[0]),
                ElementsAre(0, 300 * kNanosecondsPerSecond, 1200 * kNanosecondsPerSecond));
    EXPECT_EQ(rig.log().Count("set ahead by 5m"), 1);
    EXPECT_EQ(rig.log().Count("set ahead by 15m"), 1);
  }
}

TEST(AssemblerClock, DoesNotMoveWithTheOffsetOfTai) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  rig.PutNow(Numbered(0));
  rig.clock().SetTaiOffsetNs(37 * kNanosecondsPerSecond);
  EXPECT_TRUE(TellStep(rig, rig.clock().WallOffsetNs()));  // by the first CPU
  rig.PutNow(Numbered(1));
  EXPECT_TRUE(TellStep(rig, rig.clock().WallOffsetNs()));  // by the next one
  rig.PutNow(Numbered(2));
  const auto& files = rig.Finish();
  EXPECT_THAT(files, SizeIs(1));
  EXPECT_THAT(TimesSince(Utc(kNoon), files[0]), ElementsAre(0, 0, 0));
  EXPECT_THAT(rig.log().Lines(), IsEmpty());
}

// An event from before the offset of TAI was set tells a time that is 37 s off by now.
TEST(AssemblerClock, GoesByTheWallClockWhenTheOffsetOfTaiWasSetSince) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  rig.clock().Step(60 * kNanosecondsPerSecond);
  const int64_t told_ns = rig.clock().WallOffsetNs();
  rig.clock().SetTaiOffsetNs(37 * kNanosecondsPerSecond);
  EXPECT_TRUE(rig.assembler().OnStep(static_cast<uint64_t>(rig.clock().BoottimeNs()),
                                     {.old_offset_ns = 0, .new_offset_ns = told_ns}));
  rig.PutNow(Numbered(0));
  const auto& files = rig.Finish();
  ASSERT_THAT(files, SizeIs(1));
  EXPECT_THAT(TimesSince(Utc(kNoon), files[0]), ElementsAre(60 * kNanosecondsPerSecond));
}

TEST(AssemblerClock, MayBeReadWithTheUsualJitter) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  const int64_t offset_ns = rig.assembler().wall_offset_ns();
  for (const int64_t jitter_ns : {1000, -1000, 10'000, -10'000, 0}) {
    EXPECT_TRUE(rig.assembler().SetWallOffset(offset_ns + jitter_ns, rig.clock().BoottimeNs()));
    EXPECT_EQ(rig.assembler().wall_offset_ns(), offset_ns);
  }
  EXPECT_THAT(rig.Finish(), SizeIs(1));
}

TEST(AssemblerClock, KeepsNamesApartHoweverItJumps) {
  SegmentRig rig(Every(Minutes(10), "Europe/Berlin"), Berlin(CivilSecond(2026, 10, 25, 1, 30, 0)));
  uint32_t count = 0;
  for (int jump = 0; jump < 60; ++jump) {
    const int64_t minutes = jump * 37 % 90 - 45;
    rig.clock().Step(minutes * 60 * kNanosecondsPerSecond);
    rig.FollowClock();
    rig.PutNow(Numbered(count++));
    rig.AdvanceTo(rig.Now() + Minutes(jump * 13 % 17));
    rig.PutNow(Numbered(count++));
    if (jump % 7 == 0) rig.RotateNow();
  }
  const auto& files = rig.Finish();
  for (const FinishedFile& file : files) {
    int64_t last_ns = 0;
    for (const PcapPacket& packet : file.content.packets) {
      EXPECT_GE(packet.time_ns, last_ns) << file.facts.name.Pcap();
      last_ns = packet.time_ns;
    }
  }
  ExpectAllOnceInOrder(files, count);
}

}  // namespace
}  // namespace dns_monitor
