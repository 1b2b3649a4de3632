#include "dns_monitor/ring/merger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "support/heap_rings.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t kRingBytes = 4096;
constexpr int64_t kSkew = Merger::kClockSkewNs;
constexpr int64_t kBound = Merger::kLateBoundNs;
// Some moment; the tests say times relative to it.
constexpr int64_t kT = 5'000'000'000;

// Writes down what it gets, a line each: "TIME-kT payload".
class Notes {
 public:
  bool OnPacket(const RecordView& view) {
    const absl::string_view payload(reinterpret_cast<const char*>(view.payload), view.length);
    return Add(view.time_ns, payload);
  }
  bool OnLoss(int, uint64_t time_ns, const capture_loss& loss) {
    return Add(time_ns, absl::StrCat("loss cause ", loss.cause, " count ", loss.count, " from ",
                                     Relative(loss.from_ns), " to ", Relative(loss.to_ns)));
  }
  bool OnStep(uint64_t time_ns, const capture_step& step) {
    return Add(time_ns, absl::StrCat("step ", step.old_offset_ns, " to ", step.new_offset_ns));
  }
  bool OnSettings(uint64_t time_ns, const capture_settings& settings) {
    return Add(time_ns,
               absl::StrCat("settings ", settings.old_generation, " to ", settings.new_generation));
  }

  // Takes so many more, then refuses.
  void Limit(size_t count) { room_ = count; }
  std::vector<std::string> Take() { return std::move(lines_); }

 private:
  static int64_t Relative(uint64_t time_ns) { return static_cast<int64_t>(time_ns) - kT; }
  bool Add(uint64_t time_ns, absl::string_view what) {
    if (room_ == 0) return false;
    --room_;
    lines_.push_back(absl::StrCat(Relative(time_ns), " ", what));
    return true;
  }

  size_t room_ = std::numeric_limits<size_t>::max();
  std::vector<std::string> lines_;
};

class MergerTest : public ::testing::Test {
 protected:
  // Lines up to the horizon that an observation at kT + `now` finds.
  std::vector<std::string> DrainAt(int64_t now) {
    merger_.Observe(kT + now);
    return Drain();
  }
  std::vector<std::string> DrainAll() {
    merger_.ObserveAll();
    return Drain();
  }
  std::vector<std::string> Drain() {
    result_ = merger_.Drain(notes_);
    return notes_.Take();
  }
  void Packet(int cpu, int64_t at, absl::string_view payload) {
    EXPECT_TRUE(producers_[cpu].PacketAt(static_cast<uint64_t>(kT + at), payload));
  }
  template <typename Event>
  void PutEvent(int cpu, int64_t at, uint32_t type, const Event& event) {
    EXPECT_TRUE(producers_[cpu].Put(static_cast<uint64_t>(kT + at), type, &event, sizeof(event)));
  }
  // The CPU is within the filter and has taken its time, but has not published.
  void BeginPacket(int cpu, int64_t at) {
    producers_[cpu].Enter();
    producers_[cpu].Stamp(static_cast<uint64_t>(kT + at));
  }
  void EndPacket(int cpu, int64_t at, absl::string_view payload) {
    EXPECT_TRUE(producers_[cpu].Put(static_cast<uint64_t>(kT + at), CAPTURE_RECORD_PACKET,
                                    payload.data(), static_cast<uint32_t>(payload.size())));
    producers_[cpu].Leave();
  }

  HeapRings rings_{3, kRingBytes};
  std::vector<HeapProducer> producers_{{rings_, 0}, {rings_, 1}, {rings_, 2}};
  Merger merger_{rings_.set()};
  Notes notes_;
  DrainResult result_ = DrainResult::kDrained;
};

// ------------------------------------------------------------------------------------ order

TEST_F(MergerTest, TakesTheOldestOfAllRingsFirst) {
  Packet(0, 10, "a");
  Packet(0, 40, "d");
  Packet(1, 20, "b");
  Packet(1, 30, "c");
  Packet(2, 50, "e");
  EXPECT_THAT(DrainAll(), ElementsAre("10 a", "20 b", "30 c", "40 d", "50 e"));
  EXPECT_EQ(result_, DrainResult::kDrained);
}

TEST_F(MergerTest, OneNanosecondDecides) {
  Packet(0, 11, "later");
  Packet(1, 10, "sooner");
  EXPECT_THAT(DrainAll(), ElementsAre("10 sooner", "11 later"));
}

TEST_F(MergerTest, EqualTimesComeAllAndInTheOrderOfTheirRing) {
  for (const char* name : {"a1", "a2", "a3"}) Packet(0, 10, name);
  for (const char* name : {"b1", "b2"}) Packet(1, 10, name);
  Packet(2, 9, "first");
  Packet(2, 11, "last");
  const std::vector<std::string> all = DrainAll();
  ASSERT_EQ(all.size(), 7u);
  EXPECT_EQ(all.front(), "9 first");
  EXPECT_EQ(all.back(), "11 last");
  std::vector<std::string> of_a, of_b;
  for (const std::string& line : all) {
    if (line.starts_with("10 a")) of_a.push_back(line);
    if (line.starts_with("10 b")) of_b.push_back(line);
  }
  EXPECT_THAT(of_a, ElementsAre("10 a1", "10 a2", "10 a3"));
  EXPECT_THAT(of_b, ElementsAre("10 b1", "10 b2"));
}

TEST_F(MergerTest, TimesBeforeTheLastOneOfTheirRingAreHeldThere) {
  Packet(0, 20, "a");
  Packet(0, 10, "its clock stepped back");  // the kernel's fast clocks may
  EXPECT_THAT(DrainAll(), ElementsAre("20 a", "20 its clock stepped back"));
}

TEST_F(MergerTest, EmptyRingsAreDrained) {
  EXPECT_THAT(DrainAt(0), IsEmpty());
  EXPECT_EQ(result_, DrainResult::kDrained);
  EXPECT_THAT(DrainAll(), IsEmpty());
}

TEST_F(MergerTest, EmptyPayloadIsARecord) {
  Packet(0, 1, "");
  Packet(0, 2, "next");
  EXPECT_THAT(DrainAll(), ElementsAre("1 ", "2 next"));
}

// ---------------------------------------------------------------------------------- horizon

TEST_F(MergerTest, TakesNothingYoungerThanTheSkewOfTheClocks) {
  Packet(0, 100, "a");
  EXPECT_THAT(DrainAt(100), IsEmpty());
  EXPECT_THAT(DrainAt(100 + kSkew), IsEmpty());  // another CPU may still bring this very time
  EXPECT_THAT(DrainAt(101 + kSkew), ElementsAre("100 a"));
}

TEST_F(MergerTest, BeforeTheFirstObservationNothingIsFinal) {
  Packet(0, 10, "a");
  Merger successor(rings_.set());
  EXPECT_EQ(successor.Drain(notes_), DrainResult::kDrained);
  EXPECT_THAT(notes_.Take(), IsEmpty());
}

TEST_F(MergerTest, IdleRingsHoldNobodyUp) {
  Packet(0, 100, "a");  // 1 and 2 never said anything
  Packet(1, 50, "b");
  EXPECT_THAT(DrainAt(101 + kSkew), ElementsAre("50 b", "100 a"));
  Packet(0, 200, "c");  // 1 is silent from now on
  EXPECT_THAT(DrainAt(201 + kSkew), ElementsAre("200 c"));
}

TEST_F(MergerTest, ACpuWithinTheFilterHoldsBackWhatIsYoungerThanItsLastRecord) {
  Packet(0, 100, "a");
  Packet(1, 90, "b");
  producers_[1].Enter();  // its next record is of 90 or later
  Packet(0, 110, "c");
  EXPECT_THAT(DrainAt(5 * kSkew), IsEmpty());  // 90 itself might come again
  BeginPacket(1, 105);
  EXPECT_THAT(DrainAt(5 * kSkew), ElementsAre("90 b", "100 a"));
  EndPacket(1, 105, "d");
  EXPECT_THAT(DrainAt(5 * kSkew), ElementsAre("105 d", "110 c"));
}

TEST_F(MergerTest, ACpuInItsFirstRecordHoldsBackEverything) {
  producers_[2].Enter();
  Packet(0, 100, "a");
  EXPECT_THAT(DrainAt(5 * kSkew), IsEmpty());
  BeginPacket(2, 60);
  EXPECT_THAT(DrainAt(5 * kSkew), IsEmpty());
  EndPacket(2, 60, "z");
  EXPECT_THAT(DrainAt(5 * kSkew), ElementsAre("60 z", "100 a"));
}

TEST_F(MergerTest, TheWaitForOneCpuIsBounded) {
  BeginPacket(1, 50);
  Packet(0, 100, "a");
  EXPECT_THAT(DrainAt(kSkew * 2), IsEmpty());  // seen within the filter for the first time
  EXPECT_THAT(DrainAt(kSkew * 2 + kBound - 1), IsEmpty());
  Packet(2, kBound, "b");
  EXPECT_THAT(DrainAt(kSkew * 2 + kBound), ElementsAre("100 a", absl::StrCat(kBound, " b")));
  EndPacket(1, 50, "late");  // as it comes, with its own time
  Packet(0, kBound + 10, "c");
  EXPECT_THAT(DrainAt(kSkew * 3 + kBound), ElementsAre("50 late", absl::StrCat(kBound + 10, " c")));
}

TEST_F(MergerTest, TheBoundCountsFromWhenACpuWasSeenStuckAndForEachRecordAnew) {
  BeginPacket(1, 50);
  Packet(0, 200, "a");
  EXPECT_THAT(DrainAt(1000), IsEmpty());
  EndPacket(1, 50, "b");
  BeginPacket(1, 150);  // always within the filter when looked at, but not in the same record
  EXPECT_THAT(DrainAt(1000 + kBound), ElementsAre("50 b"));
  EXPECT_THAT(DrainAt(999 + 2 * kBound), IsEmpty());
  EXPECT_THAT(DrainAt(1000 + 2 * kBound), ElementsAre("200 a"));
}

TEST_F(MergerTest, ACpuThatWasOutsideMeanwhileIsWaitedForAnew) {
  producers_[1].Enter();
  EXPECT_THAT(DrainAt(0), IsEmpty());
  producers_[1].Leave();
  EXPECT_THAT(DrainAt(10), IsEmpty());
  producers_[1].Enter();  // the last time is the same as before: 0
  Packet(0, kSkew, "a");
  EXPECT_THAT(DrainAt(kBound), IsEmpty());
  EXPECT_THAT(DrainAt(2 * kBound - 1), IsEmpty());
  EXPECT_THAT(DrainAt(2 * kBound), ElementsAre(absl::StrCat(kSkew, " a")));
}

TEST_F(MergerTest, OneStuckCpuDoesNotShortenTheWaitForAnother) {
  producers_[1].Enter();
  merger_.Observe(kT);
  producers_[2].Enter();
  Packet(0, 10, "a");
  EXPECT_THAT(DrainAt(kBound), IsEmpty());  // 1 is left out, 2 is waited for
  EXPECT_THAT(DrainAt(2 * kBound), ElementsAre("10 a"));
}

TEST_F(MergerTest, TheHorizonNeverGoesBack) {
  merger_.Observe(kT);
  const int64_t before = merger_.horizon_ns();
  EXPECT_EQ(before, kT - kSkew);
  merger_.Observe(kT - 1'000'000);
  EXPECT_EQ(merger_.horizon_ns(), before);
  BeginPacket(0, -500'000);
  merger_.Observe(kT + 1);
  EXPECT_EQ(merger_.horizon_ns(), before);
}

TEST_F(MergerTest, AStampFromTheFutureMakesNothingFinalThatIsNot) {
  Packet(0, 1'000'000, "future");
  merger_.Observe(kT);
  EXPECT_EQ(merger_.horizon_ns(), kT - kSkew);  // the others are still at now
  Packet(1, 0, "now");
  EXPECT_THAT(DrainAll(), ElementsAre("0 now", "1000000 future"));
}

TEST_F(MergerTest, ObserveAllWaitsForNobody) {
  producers_[1].Enter();
  Packet(0, 100, "a");
  Packet(2, 99, "b");
  EXPECT_THAT(DrainAll(), ElementsAre("99 b", "100 a"));
}

TEST_F(MergerTest, WhatComesAfterTheObservationWaitsForTheNext) {
  Packet(0, 10, "a");
  merger_.Observe(kT + 10 * kSkew);
  Packet(0, 20, "b");
  EXPECT_THAT(Drain(), ElementsAre("10 a"));
  EXPECT_THAT(Drain(), IsEmpty());
  EXPECT_THAT(DrainAt(10 * kSkew), ElementsAre("20 b"));
}

// ----------------------------------------------------------------------------- sink, cursors

TEST_F(MergerTest, ABlockedSinkGetsTheSameRecordAgain) {
  Packet(0, 10, "a");
  Packet(1, 20, "b");
  Packet(0, 30, "c");
  Packet(1, 40, "d");
  notes_.Limit(1);
  EXPECT_THAT(DrainAll(), ElementsAre("10 a"));
  EXPECT_EQ(result_, DrainResult::kBlocked);
  EXPECT_THAT(Drain(), IsEmpty());
  EXPECT_EQ(result_, DrainResult::kBlocked);
  notes_.Limit(2);
  EXPECT_THAT(Drain(), ElementsAre("20 b", "30 c"));
  notes_.Limit(10);
  EXPECT_THAT(Drain(), ElementsAre("40 d"));
  EXPECT_EQ(result_, DrainResult::kDrained);
}

TEST_F(MergerTest, ABlockedSinkGetsAnOlderRecordThatCameMeanwhileFirst) {
  Packet(0, 30, "b");
  BeginPacket(1, 20);
  merger_.Observe(kT);
  notes_.Limit(0);
  EXPECT_THAT(DrainAt(kBound), IsEmpty());
  EXPECT_EQ(result_, DrainResult::kBlocked);
  EndPacket(1, 20, "late");
  notes_.Limit(2);
  EXPECT_THAT(DrainAt(kBound), ElementsAre("20 late", "30 b"));
}

TEST_F(MergerTest, EventsBlockToo) {
  PutEvent(0, 10, CAPTURE_RECORD_STEP, capture_step{.old_offset_ns = 1, .new_offset_ns = -2});
  PutEvent(0, 11, CAPTURE_RECORD_SETTINGS,
           capture_settings{.old_generation = 3, .new_generation = 4});
  PutEvent(0, 12, CAPTURE_RECORD_LOSS,
           capture_loss{.cause = 1, .reserved = 0, .count = 9, .from_ns = kT + 1, .to_ns = kT + 2});
  for (const char* line :
       {"10 step 1 to -2", "11 settings 3 to 4", "12 loss cause 1 count 9 from 1 to 2"}) {
    notes_.Limit(0);
    EXPECT_THAT(DrainAll(), IsEmpty());
    EXPECT_EQ(result_, DrainResult::kBlocked);
    notes_.Limit(1);
    EXPECT_THAT(Drain(), ElementsAre(line));
  }
}

TEST_F(MergerTest, UnknownTypesArePassedOver) {
  PutEvent(0, 10, 200, uint64_t{1});
  Packet(0, 20, "a");
  PutEvent(1, 15, 255, uint64_t{2});
  EXPECT_THAT(DrainAll(), ElementsAre("20 a"));
  EXPECT_EQ(merger_.cursors()[0], rings_.cpu(0)->head);
  EXPECT_EQ(merger_.cursors()[1], rings_.cpu(1)->head);
}

TEST_F(MergerTest, CursorsStandBehindTheLastRecordThatWasTaken) {
  Packet(0, 10, "12345678");   // 24 bytes
  Packet(1, 20, "1");          // 17, rounded up to 24
  Packet(0, 30, "123456789");  // 25, rounded up to 32
  EXPECT_THAT(merger_.cursors(), ElementsAre(0, 0, 0));
  notes_.Limit(2);
  DrainAll();
  EXPECT_THAT(merger_.cursors(), ElementsAre(24, 24, 0));
  notes_.Limit(1);
  Drain();
  EXPECT_THAT(merger_.cursors(), ElementsAre(56, 24, 0));
  EXPECT_EQ(rings_.cpu(0)->tail, 0u) << "the tail belongs to the writer";
}

TEST_F(MergerTest, ReadingBeginsAtTheTails) {
  Packet(0, 10, "taken by the one before");
  rings_.cpu(0)->tail = rings_.cpu(0)->head;
  Packet(0, 20, "mine");
  rings_.BeginAt(1, kRingBytes * 1000 + 8);
  Packet(1, 15, "far along");
  Merger successor(rings_.set());
  successor.ObserveAll();
  EXPECT_EQ(successor.Drain(notes_), DrainResult::kDrained);
  EXPECT_THAT(notes_.Take(), ElementsAre("15 far along", "20 mine"));
}

TEST_F(MergerTest, ObserveTellsTheFullestRing) {
  EXPECT_EQ(merger_.Observe(kT), 0u);
  Packet(0, 10, "12345678");
  Packet(1, 10, "123456789");
  EXPECT_EQ(merger_.Observe(kT), 32u);
  DrainAll();
  EXPECT_EQ(merger_.Observe(kT), 32u) << "taken is not yet given back";
  StoreRelease(&rings_.cpu(1)->tail, merger_.cursors()[1]);
  EXPECT_EQ(merger_.Observe(kT), 24u);
}

TEST(MergerRingsTest, ACpuWithoutARingIsNotWaitedForUntilItGetsOne) {
  HeapRings rings(2, kRingBytes, /*with_rings=*/false);
  rings.AddRing(0);
  HeapProducer first(rings, 0);
  HeapProducer second(rings, 1);
  Merger merger(rings.set());
  Notes notes;
  second.Enter();  // as if it were within the filter; without a ring it can bring nothing
  first.PacketAt(kT + 10, "a");
  merger.Observe(kT + 2 * kSkew);
  merger.Drain(notes);
  EXPECT_THAT(notes.Take(), ElementsAre("10 a"));

  rings.AddRing(1);
  first.PacketAt(kT + 3 * kSkew, "c");
  merger.Observe(kT + 5 * kSkew);
  merger.Drain(notes);
  EXPECT_THAT(notes.Take(), IsEmpty());
  second.Leave();
  second.PacketAt(kT + 2 * kSkew + 1, "b");
  merger.Observe(kT + 5 * kSkew);
  merger.Drain(notes);
  EXPECT_THAT(notes.Take(), ElementsAre("20001 b", "30000 c"));
}

// ------------------------------------------------------------------------------- full rings

TEST_F(MergerTest, ALossStandsBeforeTheFirstRecordThatFindsRoom) {
  const std::string large(kRingBytes / 2 - sizeof(capture_record), 'x');
  Packet(0, 10, large);
  Packet(0, 20, large);
  for (const int at : {30, 40, 50}) {
    EXPECT_FALSE(producers_[0].PacketAt(static_cast<uint64_t>(kT + at), "no room"));
  }
  EXPECT_THAT(DrainAll(), ElementsAre("10 " + large, "20 " + large));
  EXPECT_FALSE(producers_[0].PacketAt(kT + 55, "no room")) << "the tail did not move";
  StoreRelease(&rings_.cpu(0)->tail, merger_.cursors()[0]);
  Packet(0, 60, "room");
  Packet(0, 70, "again");
  EXPECT_THAT(DrainAll(),
              ElementsAre("60 loss cause 0 count 4 from 30 to 55", "60 room", "70 again"));
  EXPECT_EQ(rings_.set().Counters().lost[CAPTURE_LOST_RING_FULL], 4u);
}

TEST_F(MergerTest, ARingIsUsedToItsLastByte) {
  const std::string half(kRingBytes / 2 - sizeof(capture_record), 'x');
  Packet(0, 10, half);
  Packet(0, 20, half);
  EXPECT_EQ(rings_.set().BytesInRings(), kRingBytes);
  EXPECT_FALSE(producers_[0].PacketAt(kT + 30, ""));
}

TEST_F(MergerTest, ALossThatLeavesNoRoomForThePacketWaitsWithIt) {
  const std::string most(kRingBytes - 64 - sizeof(capture_record), 'x');
  Packet(0, 10, most);  // 64 bytes are left
  EXPECT_FALSE(producers_[0].PacketAt(kT + 20, std::string(50, 'y')));
  // Alone it would fit (40 bytes), with the event (48) it does not.
  EXPECT_FALSE(producers_[0].PacketAt(kT + 30, std::string(24, 'y')));
  Packet(0, 40, "");  // 48 + 16
  const std::vector<std::string> all = DrainAll();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1], "40 loss cause 0 count 2 from 20 to 30");
  EXPECT_EQ(all[2], "40 ");
}

}  // namespace
}  // namespace dns_monitor
