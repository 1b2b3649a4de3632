#include "dns_monitor/ledger/gap_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr GapReason kDown = GapReason::kInterfaceDown;
constexpr GapReason kGone = GapReason::kInterfaceGone;

Gap Of(GapReason reason, int64_t from_ns, int64_t to_ns) {
  return {.from_ns = from_ns, .to_ns = to_ns, .reason = reason};
}

TEST(GapLog, GivesEachOnceInOrder) {
  GapLog log;
  EXPECT_THAT(log.Take(100), IsEmpty());
  log.Add(Of(GapReason::kStalled, 30, 40));
  log.Add(Of(GapReason::kSuspended, 10, 20));
  EXPECT_THAT(log.Take(100),
              ElementsAre(Of(GapReason::kSuspended, 10, 20), Of(GapReason::kStalled, 30, 40)));
  EXPECT_THAT(log.Take(100), IsEmpty());
}

TEST(GapLog, LeavesWhatCameLaterToTheNextLedger) {
  GapLog log;
  log.Add(Of(GapReason::kStalled, 30, 40));
  EXPECT_THAT(log.Take(30), IsEmpty());
  EXPECT_THAT(log.Take(31), ElementsAre(Of(GapReason::kStalled, 30, 40)));
}

TEST(GapLog, CutsOneThatGoesOnAtTheBorder) {
  GapLog log;
  log.Begin(kDown, 10);
  EXPECT_THAT(log.Take(50), ElementsAre(Of(kDown, 10, 50)));
  EXPECT_THAT(log.Take(90), ElementsAre(Of(kDown, 50, 90)));
  log.End(kDown, 120);
  EXPECT_THAT(log.Take(200), ElementsAre(Of(kDown, 90, 120)));
  EXPECT_THAT(log.Take(300), IsEmpty());
}

TEST(GapLog, KeepsReasonsApart) {
  GapLog log;
  log.Begin(kDown, 10);
  log.Begin(kGone, 20);
  log.Begin(kDown, 30);  // it is already
  log.End(kDown, 40);
  log.End(kDown, 45);  // it is over
  log.End(kGone, 50);
  EXPECT_THAT(log.Take(100), ElementsAre(Of(kDown, 10, 40), Of(kGone, 20, 50)));
}

TEST(GapLog, NeverEndsBeforeItsBegin) {
  GapLog log;
  log.Begin(kDown, 50);
  log.End(kDown, 10);  // the clock was set back meanwhile
  EXPECT_THAT(log.Take(100), ElementsAre(Of(kDown, 50, 50)));
}

}  // namespace
}  // namespace dns_monitor
