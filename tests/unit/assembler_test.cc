#include "dns_monitor/writer/assembler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>

#include "support/segment_checks.h"

namespace dns_monitor {
namespace {

using absl::Hours;
using absl::Minutes;
using absl::Nanoseconds;
using absl::Seconds;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- Bytes ---

std::string Words(std::initializer_list<uint32_t> words) {
  std::string bytes;
  for (const uint32_t word : words) {
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(word >> shift));
  }
  return bytes;
}

TEST(AssemblerBytes, HaveMicrosecondsUnlessAskedOtherwise) {
  SegmentOptions options = Every(Hours(24));
  options.nanoseconds = false;
  SegmentRig rig(options, Utc(kNoon));
  rig.PutAt(Utc(kNoon) + Nanoseconds(123'456'789), "abc");
  rig.PutAt(Utc(kNoon) + Nanoseconds(999'999'999), "defg");
  rig.PutAt(Utc(kNoon) + Seconds(1), "");
  const auto second = static_cast<uint32_t>(absl::ToUnixSeconds(Utc(kNoon)));
  EXPECT_EQ(rig.Finish().front().bytes,
            Words({0xa1b2c3d4, 0x00040002, 0, 0, 262'144, 1}) + Words({second, 123'456, 3, 3}) +
                "abc" + Words({second, 999'999, 4, 4}) + "defg" + Words({second + 1, 0, 0, 0}));
}

TEST(AssemblerBytes, HaveNanosecondsWhenAsked) {
  SegmentOptions options = Every(Hours(24));
  options.link_type = LinkType::kRaw;
  options.snaplen = 96;
  SegmentRig rig(options, Utc(kNoon));
  rig.PutAt(Utc(kNoon) + Nanoseconds(123'456'789), "abc");
  const auto second = static_cast<uint32_t>(absl::ToUnixSeconds(Utc(kNoon)));
  EXPECT_EQ(rig.Finish().front().bytes, Words({0xa1b23c4d, 0x00040002, 0, 0, 96, 101}) +
                                            Words({second, 123'456'789, 3, 3}) + "abc");
}

TEST(AssemblerBytes, KeepTheLengthOnTheWireOfAClippedPacket) {
  SegmentRig rig(Every(Hours(24)), Utc(kNoon));
  rig.Put(rig.clock().BoottimeNs(), std::string(96, 'x'), 1500);
  rig.Put(rig.clock().BoottimeNs(), std::string(96, 'x'), 96);
  const FinishedFile& file = rig.Finish().front();
  ASSERT_THAT(file.content.packets, SizeIs(2));
  EXPECT_EQ(file.content.packets[0].original_length, 1500u);
  EXPECT_EQ(file.content.packets[0].payload.size(), 96u);
  EXPECT_EQ(file.content.packets[1].original_length, 96u);
  EXPECT_EQ(file.facts.clipped, 1u);
}

TEST(AssemblerBytes, TellTimesExactlyAroundEachSecond) {
  SegmentRig rig(Every(Hours(24)), Utc(kNoon));
  std::vector<int64_t> expected;
  for (const int64_t second : {0, 1, 2, 3, 60, 3600, 3599, 7, 8}) {  // also back, as late ones are
    for (const int64_t nanosecond : {-1, 0, 1, 500'000'000}) {
      const int64_t time_ns = second * kNanosecondsPerSecond + nanosecond;
      if (time_ns < 0) continue;
      expected.push_back(time_ns);
      rig.PutAt(Utc(kNoon) + Nanoseconds(time_ns), "x");
    }
  }
  EXPECT_EQ(TimesSince(Utc(kNoon), rig.Finish().front()), expected);
}

TEST(AssemblerBytes, HoldRecordsOfEveryLength) {
  SegmentRig rig(Every(Hours(24)), Utc(kNoon));
  uint32_t count = 0;
  for (const size_t length : {12u, 13u, 14u, 15u, 4095u, 4096u, 65'535u, 262'143u, 262'144u}) {
    for (int times = 0; times < 3; ++times) rig.PutNow(Numbered(count++, length));
  }
  ExpectAllOnceInOrder(rig.Finish(), count);
}

// The record's first `split` bytes are the last of one buffer.
TEST(AssemblerBytes, HoldRecordsThatStraddleTwoBuffersAnywhere) {
  constexpr size_t kHeader = sizeof(PcapRecordHeader);
  constexpr size_t kLength = 24;
  SegmentRig rig(Every(Hours(24)), Utc(kNoon));
  uint32_t count = 0;
  for (size_t split = 1; split < kHeader + kLength; ++split) {
    while (rig.assembler().buffer()->room() > split + 2 * CAPTURE_MAX_SNAPLEN) {
      rig.PutNow(Numbered(count++, CAPTURE_MAX_SNAPLEN));
    }
    for (const size_t parts : {2, 1}) {
      const size_t rest = rig.assembler().buffer()->room() - split;
      rig.PutNow(Numbered(count++, rest / parts - kHeader));
    }
    ASSERT_EQ(rig.assembler().buffer()->room(), split);
    rig.PutNow(Numbered(count++, kLength));
    ASSERT_EQ(rig.assembler().buffer()->used, kHeader + kLength - split);
  }
  ExpectAllOnceInOrder(rig.Finish(), count);
}

TEST(AssemblerBytes, FillABufferToItsLastByte) {
  SegmentRig rig(Every(Hours(24)), Utc(kNoon));
  uint32_t count = 0;
  while (rig.assembler().buffer()->room() > 200'000) rig.PutNow(Numbered(count++, 100'000));
  rig.PutNow(Numbered(count++, rig.assembler().buffer()->room() - sizeof(PcapRecordHeader)));
  EXPECT_EQ(rig.assembler().buffer()->room(), 0u);
  rig.PutNow(Numbered(count++));
  ExpectAllOnceInOrder(rig.Finish(), count);
}

// --- Rotation by size, and when asked ---

TEST(AssemblerSize, IsNeverExceededByMoreThanOneRecord) {
  constexpr int64_t kLargest = 24 + 3 * (16 + 100);
  for (const int64_t limit : {kLargest - 1, kLargest, kLargest + 1}) {
    SegmentOptions options = Every(Hours(24));
    options.max_segment_bytes = limit;
    SegmentRig rig(options, Utc(kNoon));
    for (uint32_t number = 0; number < 12; ++number) {
      rig.clock().Advance(kNanosecondsPerSecond);
      rig.PutNow(Numbered(number, 100));
    }
    const auto& files = rig.Finish();
    EXPECT_THAT(files, SizeIs(limit < kLargest ? 6 : 4));
    for (const FinishedFile& file : files) {
      EXPECT_LE(static_cast<int64_t>(file.bytes.size()), limit);
      ExpectWithinBorders(file);
    }
    EXPECT_EQ(files[0].to_ns, files[1].from_ns);
    EXPECT_EQ(files[1].facts.name.Pcap(), "eth0.20261123_1200-1.pcap");
    ExpectAllOnceInOrder(files, 12);
  }
}

TEST(AssemblerSize, LeavesARecordThatIsLargerToItself) {
  SegmentOptions options = Every(Hours(24));
  options.max_segment_bytes = 1000;
  SegmentRig rig(options, Utc(kNoon));
  for (uint32_t number = 0; number < 3; ++number) rig.PutNow(Numbered(number, 5000));
  const auto& files = rig.Finish();
  EXPECT_THAT(files, SizeIs(3)) << "and no empty ones";
  ExpectAllOnceInOrder(files, 3);
}

TEST(AssemblerSize, DoesNotShiftTheBorders) {
  SegmentOptions options = Every(Hours(1));
  options.max_segment_bytes = 24 + 16 + 100;
  SegmentRig rig(options, Utc(kNoon));
  rig.PutAt(Utc(kNoon) + Minutes(10), Numbered(0, 100));
  rig.PutAt(Utc(kNoon) + Minutes(40), Numbered(1, 100));
  rig.PutAt(Utc(kNoon) + Hours(1), Numbered(2, 100));
  EXPECT_THAT(
      NamesOf(rig.Finish()),
      ElementsAre("eth0.20261123_1200.pcap", "eth0.20261123_1240.pcap", "eth0.20261123_1300.pcap"));
}

TEST(AssemblerRotateAt, BeginsASegmentThatEndsAtTheSameBorder) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  rig.PutNow(Numbered(0));
  rig.AdvanceTo(Utc(kNoon) + Seconds(30));
  rig.RotateNow();
  rig.PutNow(Numbered(1));
  rig.RotateNow();
  rig.PutNow(Numbered(2));
  rig.PutAt(Utc(kNoon) + Hours(1), Numbered(3));
  const auto& files = rig.Finish();
  EXPECT_THAT(NamesOf(files), ElementsAre("eth0.20261123_1200.pcap", "eth0.20261123_1200-1.pcap",
                                          "eth0.20261123_1200-2.pcap", "eth0.20261123_1300.pcap"));
  EXPECT_EQ(files[0].to_ns, absl::ToUnixNanos(Utc(kNoon) + Seconds(30)));
  EXPECT_EQ(files[1].from_ns, files[0].to_ns);
  ExpectAllOnceInOrder(files, 4);
}

// --- Late packets ---

TEST(AssemblerLate, AreWrittenAsTheyAre) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  const absl::Time border = Utc(kNoon) + Hours(1);
  rig.PutAt(border - Seconds(2), Numbered(0));
  rig.PutAt(border - Seconds(4), Numbered(1));  // late
  rig.PutAt(border + Seconds(1), Numbered(2));
  rig.PutAt(border - Seconds(1), Numbered(3));  // late, and older than its segment
  rig.PutAt(border, Numbered(4));               // late
  rig.PutAt(border + Seconds(1), Numbered(5));  // no younger than the youngest is not late
  EXPECT_EQ(rig.assembler().late(), 3u);
  const auto& files = rig.Finish();
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_EQ(files[0].facts.late, 1u);
  EXPECT_EQ(files[1].facts.late, 2u);
  constexpr int64_t kSecond = kNanosecondsPerSecond;
  EXPECT_THAT(TimesSince(border, files[0]), ElementsAre(-2 * kSecond, -4 * kSecond));
  EXPECT_THAT(TimesSince(border, files[1]), ElementsAre(kSecond, -kSecond, 0, kSecond));
  ExpectAllOnceInOrder(files, 6);
}

TEST(AssemblerLate, CountForTheTimesOfTheSegment) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  rig.PutAt(Utc(kNoon) + Minutes(30), Numbered(0));
  rig.PutAt(Utc(kNoon) + Minutes(10), Numbered(1));  // late
  const SegmentFacts& facts = rig.Finish().front().facts;
  EXPECT_EQ(facts.first_packet_ns, absl::ToUnixNanos(Utc(kNoon) + Minutes(10)));
  EXPECT_EQ(facts.last_packet_ns, absl::ToUnixNanos(Utc(kNoon) + Minutes(30)));
}

// --- Facts ---

TEST(AssemblerFacts, AreOfTheirSegmentAlone) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  const absl::Time begin = Utc(kNoon) + Seconds(10);
  rig.PutAt(begin, Numbered(0));
  EXPECT_TRUE(rig.assembler().OnLoss(
      3, static_cast<uint64_t>(rig.ToBoot(begin)),
      {.cause = CAPTURE_LOST_RING_FULL, .reserved = 0, .count = 7, .from_ns = 1, .to_ns = 2}));
  EXPECT_TRUE(rig.assembler().OnLoss(
      3, static_cast<uint64_t>(rig.ToBoot(begin)),
      {.cause = CAPTURE_LOST_COPY, .reserved = 0, .count = 2, .from_ns = 1, .to_ns = 2}));
  EXPECT_TRUE(
      rig.assembler().OnLoss(3, static_cast<uint64_t>(rig.ToBoot(begin)),
                             {.cause = 77, .reserved = 0, .count = 2, .from_ns = 1, .to_ns = 2}));
  rig.Put(rig.ToBoot(begin + Seconds(5)), Numbered(1), 9000);
  rig.PutAt(begin + Hours(1), Numbered(2));
  const auto& files = rig.Finish();
  ASSERT_THAT(files, SizeIs(2));
  const SegmentFacts& first = files[0].facts;
  EXPECT_EQ(first.packets, 2u);
  EXPECT_EQ(first.clipped, 1u);
  const int64_t offset_ns = rig.assembler().wall_offset_ns();
  EXPECT_THAT(first.losses, ElementsAre(Loss{.cause = LossCause::kRingFull,
                                             .cpu = 3,
                                             .count = 7,
                                             .from_ns = 1 + offset_ns,
                                             .to_ns = 2 + offset_ns},
                                        Loss{.cause = LossCause::kCopy,
                                             .cpu = 3,
                                             .count = 2,
                                             .from_ns = 1 + offset_ns,
                                             .to_ns = 2 + offset_ns},
                                        Loss{.cause = LossCause::kOther,
                                             .cpu = 3,
                                             .count = 2,
                                             .from_ns = 1 + offset_ns,
                                             .to_ns = 2 + offset_ns}));
  EXPECT_EQ(first.first_packet_ns, absl::ToUnixNanos(begin));
  EXPECT_EQ(first.last_packet_ns, absl::ToUnixNanos(begin + Seconds(5)));
  const SegmentFacts& second = files[1].facts;
  EXPECT_EQ(second.packets, 1u);
  EXPECT_EQ(second.clipped, 0u);
  EXPECT_THAT(second.losses, IsEmpty());
  EXPECT_EQ(second.first_packet_ns, absl::ToUnixNanos(begin + Hours(1)));
  EXPECT_EQ(second.last_packet_ns, second.first_packet_ns);
}

TEST(AssemblerFacts, BalanceFromBorderToBorder) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  capture_cpu& cpu = rig.counters();
  for (uint32_t number = 0; number < 5; ++number) rig.PutNow(Numbered(number));
  // Matched by now, and taken only after the border; one of them finds no room.
  cpu.seen += 11;
  cpu.not_dns += 4;
  cpu.undecided[CAPTURE_UNDECIDED_FRAGMENT] += 1;
  cpu.filtered_by_user += 2;
  cpu.matched += 4;
  cpu.lost[CAPTURE_LOST_RING_FULL] += 1;
  rig.AdvanceTo(Utc(kNoon) + Hours(1));
  cpu.seen -= 3;  // which Offer counts again
  cpu.matched -= 3;
  for (uint32_t number = 5; number < 8; ++number) rig.PutNow(Numbered(number));
  cpu.nested += 2;
  const auto& files = rig.Finish();
  ASSERT_THAT(files, SizeIs(2));
  const Balance& first = files[0].facts.balance;
  EXPECT_EQ(first.seen, 16u);
  EXPECT_EQ(first.not_dns, 4u);
  EXPECT_EQ(first.filtered_by_user, 2u);
  EXPECT_EQ(first.undecided[CAPTURE_UNDECIDED_FRAGMENT], 1u);
  EXPECT_EQ(first.matched, 9u);
  EXPECT_EQ(first.lost[CAPTURE_LOST_RING_FULL], 1u);
  EXPECT_EQ(first.written, 5u);
  EXPECT_EQ(first.in_ring_begin, 0u);
  EXPECT_EQ(first.in_ring_end, 3u);
  const Balance& second = files[1].facts.balance;
  EXPECT_EQ(second.seen, 2u) << "nested ones alone";
  EXPECT_EQ(second.undecided[CAPTURE_UNDECIDED_NESTED], 2u);
  EXPECT_EQ(second.written, 3u);
  EXPECT_EQ(second.in_ring_begin, 3u);
  EXPECT_EQ(second.in_ring_end, 0u);
  for (const FinishedFile& file : files) EXPECT_THAT(Balances(file.facts.balance), IsEmpty());
}

TEST(AssemblerFacts, IndexTheFile) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  const std::string payload(60'000, 'x');
  uint32_t count = 0;
  for (; count < 600; ++count) rig.PutNow(payload);
  const FinishedFile& file = rig.Finish().front();
  SegmentIndexer indexer(/*nanoseconds=*/false);
  int64_t offset = sizeof(PcapFileHeader);
  for (uint32_t number = 0; number < count; ++number) {
    indexer.OnRecord(offset, absl::ToUnixNanos(Utc(kNoon)));
    offset += static_cast<int64_t>(sizeof(PcapRecordHeader) + payload.size());
  }
  indexer.OnAppended({reinterpret_cast<const std::byte*>(file.bytes.data()), file.bytes.size()});
  EXPECT_THAT(file.facts.index, SizeIs(3));
  EXPECT_EQ(file.facts.index, indexer.Finish(static_cast<int64_t>(file.bytes.size())));
}

TEST(AssemblerFacts, HaveNoTimesWithoutPackets) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  const FinishedFile& file = rig.Finish().front();
  EXPECT_EQ(file.facts.first_packet_ns, 0);
  EXPECT_EQ(file.facts.last_packet_ns, 0);
  EXPECT_EQ(file.facts.length_bytes, 24);
  EXPECT_THAT(file.facts.index, SizeIs(1));
  EXPECT_THAT(file.facts.gaps, ElementsAre(Field(&Gap::reason, GapReason::kStopped)));
}

// --- Limits ---

TEST(AssemblerLimit, TakesSoManyPacketsOverAllSegments) {
  SegmentOptions options = Every(Hours(1));
  options.max_packets = 3;
  SegmentRig rig(options, Utc(kNoon));
  rig.PutNow(Numbered(0));
  rig.PutNow(Numbered(1));
  EXPECT_FALSE(rig.assembler().limit_reached());
  rig.PutAt(Utc(kNoon) + Hours(1), Numbered(2));
  EXPECT_TRUE(rig.assembler().limit_reached());
  EXPECT_FALSE(rig.Offer(rig.ToBoot(Utc(kNoon) + Hours(2)), Numbered(3)));
  EXPECT_EQ(rig.assembler().packets(), 3u);
  const auto& files = rig.Finish();
  EXPECT_THAT(files, SizeIs(2));
  ExpectAllOnceInOrder(files, 3);
}

// A disk that stands still until it is let go.
class Gate {
 public:
  explicit Gate(FakeDisk* disk) {
    disk->SetHook([state = state_](DiskOp, const std::string&) {
      std::unique_lock lock(state->mutex);
      state->changed.wait(lock, [&state] { return state->open; });
    });
  }
  ~Gate() { Open(); }
  void Open() {
    const std::lock_guard lock(state_->mutex);
    state_->open = true;
    state_->changed.notify_all();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

TEST(AssemblerRefusal, ChangesNothingWhenNoBufferIsFree) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  Gate gate(&rig.disk());
  // The first segment may be open already; the next one will not be, and its buffers stay.
  rig.clock().Advance(60 * kNanosecondsPerSecond);
  EXPECT_TRUE(rig.assembler().RotateAt(rig.clock().BoottimeNs()));
  uint32_t count = 0;
  while (count < 1000 && rig.Offer(rig.clock().BoottimeNs(), Numbered(count, 200'000))) ++count;
  ASSERT_LT(count, 1000u);
  EXPECT_EQ(rig.pool().available(), 0u);

  const Assembler& assembler = rig.assembler();
  const SegmentFacts before = rig.assembler().segment()->facts;
  const size_t used = rig.assembler().buffer()->used;
  for (int times = 0; times < 3; ++times) {
    EXPECT_FALSE(rig.Offer(rig.clock().BoottimeNs(), Numbered(count, 200'000)));
    EXPECT_FALSE(rig.Offer(rig.ToBoot(Utc(kNoon) + Hours(1)), Numbered(count, 20)));
    EXPECT_FALSE(rig.assembler().AdvanceTo(rig.ToBoot(Utc(kNoon) + Hours(1))));
    EXPECT_FALSE(rig.assembler().RotateAt(rig.clock().BoottimeNs()));
    EXPECT_FALSE(rig.assembler().SetWallOffset(assembler.wall_offset_ns() - 1'000'000'000,
                                               rig.clock().BoottimeNs()));
  }
  EXPECT_EQ(assembler.packets(), count);
  EXPECT_EQ(assembler.late(), 0u);
  EXPECT_EQ(assembler.wall_offset_ns(), rig.clock().WallOffsetNs());
  EXPECT_EQ(rig.assembler().segment()->facts.length_bytes, before.length_bytes);
  EXPECT_EQ(rig.assembler().segment()->facts.packets, before.packets);
  EXPECT_EQ(rig.assembler().buffer()->used, used);
  EXPECT_EQ(rig.log().Count("the clock was set"), 0);

  gate.Open();
  for (int times = 0; times < 50; ++times) rig.PutNow(Numbered(count++, 200'000));
  rig.PutAt(Utc(kNoon) + Hours(1), Numbered(count++));
  const auto& files = rig.Finish();
  EXPECT_THAT(files, SizeIs(3));
  ExpectAllOnceInOrder(files, count);
}

TEST(AssemblerRefusal, StillTakesWhatFitsTheBuffer) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  Gate gate(&rig.disk());
  rig.clock().Advance(60 * kNanosecondsPerSecond);
  EXPECT_TRUE(rig.assembler().RotateAt(rig.clock().BoottimeNs()));
  uint32_t count = 0;
  while (count < 1000 && rig.Offer(rig.clock().BoottimeNs(), Numbered(count, 200'000))) ++count;
  const size_t room = rig.assembler().buffer()->room();
  ASSERT_GT(room, sizeof(PcapRecordHeader) + kMinNumberedBytes);
  EXPECT_TRUE(
      rig.Offer(rig.clock().BoottimeNs(), Numbered(count++, room - sizeof(PcapRecordHeader))));
  EXPECT_FALSE(rig.Offer(rig.clock().BoottimeNs(), Numbered(count)));
  gate.Open();
  rig.PutNow(Numbered(count++));
  ExpectAllOnceInOrder(rig.Finish(), count);
}

TEST(AssemblerRefusal, ChangesNothingWhenNoSegmentIsFree) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  Gate gate(&rig.disk());
  uint32_t count = 0;
  rig.PutNow(Numbered(count++));
  while (count < 100 && rig.assembler().RotateAt(rig.clock().BoottimeNs())) {
    rig.PutNow(Numbered(count++));
    rig.clock().Advance(kNanosecondsPerSecond);
  }
  EXPECT_LE(count, kSegmentCount) << "as many as there are segments";
  const Segment* segment = rig.assembler().segment();
  EXPECT_FALSE(rig.Offer(rig.ToBoot(Utc(kNoon) + Hours(1)), Numbered(count)));
  EXPECT_EQ(rig.assembler().segment(), segment);
  EXPECT_TRUE(rig.Offer(rig.clock().BoottimeNs(), Numbered(count++))) << "the old one goes on";
  gate.Open();
  rig.PutAt(Utc(kNoon) + Hours(1), Numbered(count++));
  ExpectAllOnceInOrder(rig.Finish(), count);
}

// --- What may be flushed, and what a checkpoint says ---

TEST(AssemblerFlush, IsDueFromTheOldestThatIsNotCovered) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  const auto begin = static_cast<uint64_t>(rig.clock().BoottimeNs());
  EXPECT_EQ(rig.assembler().oldest_unflushed_ns(), begin) << "the file's header";
  rig.assembler().OnFlushed();
  EXPECT_EQ(rig.assembler().oldest_unflushed_ns(), 0u);
  rig.Put(static_cast<int64_t>(begin) + 500, Numbered(0));
  rig.Put(static_cast<int64_t>(begin) + 600, Numbered(1));
  EXPECT_EQ(rig.assembler().oldest_unflushed_ns(), begin + 500);
  rig.assembler().OnFlushed();
  rig.Put(static_cast<int64_t>(begin) + 700, Numbered(2));
  EXPECT_EQ(rig.assembler().oldest_unflushed_ns(), begin + 700);
  rig.Finish();
}

TEST(AssemblerFlush, KnowsTheRecordThatStraddles) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  const int64_t begin_ns = rig.clock().BoottimeNs();
  int64_t last_ns = begin_ns;
  uint32_t count = 0;
  const Buffer* first = rig.assembler().buffer();
  const size_t before = rig.pool().available();
  while (rig.pool().available() == before && rig.assembler().buffer() == first && count < 100) {
    rig.Put(++last_ns, Numbered(count++, 150'000));
  }
  EXPECT_EQ(rig.assembler().oldest_unflushed_ns(), static_cast<uint64_t>(last_ns))
      << "its second half is in the new buffer";
  ExpectAllOnceInOrder(rig.Finish(), count);
}

TEST(AssemblerCheckpoint, LiesAtTheBorderOfARecord) {
  SegmentRig rig(Every(Hours(24)), Utc(kNoon));
  std::vector<uint64_t> cursor_before;  // of each packet
  for (uint32_t number = 0; number < 100; ++number) {
    cursor_before.push_back(rig.cursor());
    rig.PutNow(Numbered(number, 200'000 + number));
  }
  cursor_before.push_back(rig.cursor());
  const FinishedFile& file = rig.Finish().front();
  const size_t buffers = file.bytes.size() / kBufferBytes + 1;
  ASSERT_GT(buffers, 3u);
  ASSERT_THAT(rig.checkpoints(), SizeIs(buffers)) << "one a buffer";
  for (const Checkpoint& checkpoint : rig.checkpoints()) {
    ASSERT_GT(checkpoint.packets, 0u);
    EXPECT_EQ(static_cast<size_t>(checkpoint.length_bytes),
              file.content.packets[checkpoint.packets - 1].end);
    EXPECT_THAT(checkpoint.tails, ElementsAre(cursor_before[checkpoint.packets]));
  }
  EXPECT_EQ(rig.checkpoints().back().packets, 100u);
}

}  // namespace
}  // namespace dns_monitor
