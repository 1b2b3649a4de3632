// What the ledger beside a segment says of a clock that was set.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "dns_monitor/ledger/json.h"
#include "dns_monitor/writer/assembler.h"
#include "support/segment_checks.h"

namespace dns_monitor {
namespace {

using absl::Hours;
using absl::Minutes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr bool kWithLedgers = true;

Gap Step(absl::Time from, absl::Time to) {
  return {.from_ns = absl::ToUnixNanos(from),
          .to_ns = absl::ToUnixNanos(to),
          .reason = GapReason::kClockStep,
          .step_ns = absl::ToInt64Nanoseconds(to - from)};
}

// The steps that the ledger beside a segment tells, as it lies on the disk.
std::vector<Gap> StepsInLedger(SegmentRig& rig, const FinishedFile& file) {
  const absl::StatusOr<Ledger> ledger =
      ParseLedger(rig.disk().Content(LedgerName(file.facts.name)));
  EXPECT_TRUE(ledger.ok()) << ledger.status();
  std::vector<Gap> steps;
  if (!ledger.ok()) return steps;
  for (const Gap& gap : ledger->gaps) {
    if (gap.reason == GapReason::kClockStep) steps.push_back(gap);
  }
  return steps;
}

TEST(AssemblerClockInLedger, TellsAStepBackInTheSegmentThatItBegins) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon) + Minutes(30), 0, kWithLedgers);
  rig.PutNow(Numbered(0));
  rig.AdvanceTo(Utc(kNoon) + Minutes(40));
  rig.clock().Step(-600 * kNanosecondsPerSecond);
  rig.FollowClock();
  rig.PutNow(Numbered(1));
  const auto& files = rig.Finish();
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_THAT(StepsInLedger(rig, files[0]), IsEmpty());
  EXPECT_THAT(StepsInLedger(rig, files[1]),
              ElementsAre(Step(Utc(kNoon) + Minutes(40), Utc(kNoon) + Minutes(30))));
}

TEST(AssemblerClockInLedger, TellsAStepAheadWhereItIsMet) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon), 0, kWithLedgers);
  rig.PutNow(Numbered(0));
  rig.clock().Step(600 * kNanosecondsPerSecond);
  rig.FollowClock();
  rig.PutNow(Numbered(1));
  const auto& files = rig.Finish();
  ASSERT_THAT(files, SizeIs(1));
  EXPECT_THAT(StepsInLedger(rig, files[0]),
              ElementsAre(Step(Utc(kNoon), Utc(kNoon) + Minutes(10))));
}

TEST(AssemblerClockInLedger, TellsAStepAheadOverABorderOnce) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon), 0, kWithLedgers);
  rig.PutNow(Numbered(0));
  rig.clock().Step(2 * 3600 * kNanosecondsPerSecond);
  rig.FollowClock();
  rig.PutNow(Numbered(1));
  const auto& files = rig.Finish();
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_THAT(StepsInLedger(rig, files[0]), ElementsAre(Step(Utc(kNoon), Utc(kNoon) + Hours(2))));
  EXPECT_THAT(StepsInLedger(rig, files[1]), IsEmpty());
}

// Two steps in the rings, of which the clock of now knows the sum only; each CPU tells both.
TEST(AssemblerClockInLedger, TellsEachStepOfTheRingsOnce) {
  for (const int64_t tai_offset_s : {0, 37}) {
    SegmentRig rig(Every(Hours(1)), Utc(kNoon) + Minutes(10), tai_offset_s * kNanosecondsPerSecond,
                   kWithLedgers);
    const int64_t offset_ns = rig.assembler().wall_offset_ns();
    rig.clock().Step(1200 * kNanosecondsPerSecond);
    for (int cpu = 0; cpu < 2; ++cpu) {
      EXPECT_TRUE(TellStep(rig, offset_ns + 300 * kNanosecondsPerSecond));
    }
    rig.PutNow(Numbered(0));
    for (int cpu = 0; cpu < 2; ++cpu) EXPECT_TRUE(TellStep(rig, rig.clock().WallOffsetNs()));
    rig.PutNow(Numbered(1));
    rig.FollowClock();
    const auto& files = rig.Finish();
    ASSERT_THAT(files, SizeIs(1));
    EXPECT_THAT(StepsInLedger(rig, files[0]),
                ElementsAre(Step(Utc(kNoon) + Minutes(10), Utc(kNoon) + Minutes(15)),
                            Step(Utc(kNoon) + Minutes(15), Utc(kNoon) + Minutes(30))));
  }
}

// As chrony does soon after boot: CLOCK_TAI jumps, the wall clock does not.
TEST(AssemblerClockInLedger, TellsNothingOfTheOffsetOfTai) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon), 0, kWithLedgers);
  rig.PutNow(Numbered(0));
  rig.clock().SetTaiOffsetNs(37 * kNanosecondsPerSecond);
  EXPECT_TRUE(TellStep(rig, rig.clock().WallOffsetNs()));
  rig.FollowClock();
  rig.PutNow(Numbered(1));
  const auto& files = rig.Finish();
  ASSERT_THAT(files, SizeIs(1));
  EXPECT_THAT(StepsInLedger(rig, files[0]), IsEmpty());
}

// Both at once: of the two, the step of the wall clock is told, as long as it is.
TEST(AssemblerClockInLedger, TellsTheWallClocksStepWhenTheOffsetOfTaiIsSetAsWell) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon), 0, kWithLedgers);
  rig.PutNow(Numbered(0));
  rig.clock().Step(60 * kNanosecondsPerSecond);
  rig.clock().SetTaiOffsetNs(37 * kNanosecondsPerSecond);
  EXPECT_TRUE(TellStep(rig, rig.clock().WallOffsetNs()));
  rig.FollowClock();
  const auto& files = rig.Finish();
  ASSERT_THAT(files, SizeIs(1));
  EXPECT_THAT(StepsInLedger(rig, files[0]), ElementsAre(Step(Utc(kNoon), Utc(kNoon) + Minutes(1))));
}

}  // namespace
}  // namespace dns_monitor
