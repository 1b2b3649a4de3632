#include "src/capture/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dns_monitor {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Balanced: matched = written + lost + in_ring.
CaptureTotals Quiet() {
  CaptureTotals totals;
  totals.filter.seen = 1500;
  totals.filter.not_dns = 400;
  totals.filter.filtered_by_user = 100;
  totals.filter.matched = 1000;
  totals.written = 1000;
  return totals;
}

TEST(Summary, IsShortWhenAllWentWell) {
  EXPECT_EQ(FormatSummary(Quiet()),
            "1 000 packets captured\n"
            "1 000 packets matched by the filter, of 1 500 seen (400 not DNS, 100 filtered by the "
            "user)\n"
            "0 packets lost\n");
}

TEST(Summary, IsTrueOfNothing) {
  EXPECT_THAT(FormatSummary(CaptureTotals{}), HasSubstr("0 packets captured\n"));
}

TEST(Summary, KnowsTheSingular) {
  CaptureTotals totals = Quiet();
  totals.filter.matched = totals.written = 1;
  EXPECT_THAT(FormatSummary(totals), HasSubstr("1 packet captured\n1 packet matched"));
}

TEST(Summary, NamesEachCauseOfALoss) {
  CaptureTotals totals = Quiet();
  totals.filter.lost[CAPTURE_LOST_RING_FULL] = 20;
  totals.filter.lost[CAPTURE_LOST_COPY] = 3;
  totals.lost_by_writer = 7;
  totals.written = 1000 - 30;
  const std::string text = FormatSummary(totals);
  EXPECT_THAT(text, HasSubstr("30 packets lost\n"
                              "    20 ring full\n"
                              "    3 frame could not be read\n"
                              "    7 not written: the disk refused them\n"));
  EXPECT_THAT(text, Not(HasSubstr("CPU without a ring")));
  EXPECT_THAT(text, Not(HasSubstr("left unread")));
}

TEST(Summary, NamesEachCauseOfDoubt) {
  CaptureTotals totals = Quiet();
  for (int cause = 0; cause < CAPTURE_UNDECIDED_COUNT; ++cause) {
    totals.filter.undecided[cause] = static_cast<uint64_t>(cause) + 1;
  }
  const std::string text = FormatSummary(totals);
  EXPECT_THAT(text, HasSubstr("28 packets undecided\n    1 truncated headers\n"));
  for (int cause = 0; cause < CAPTURE_UNDECIDED_COUNT; ++cause) {
    EXPECT_THAT(text, HasSubstr(UndecidedCauseName(cause)));
  }
  EXPECT_THAT(text, Not(HasSubstr("unknown")));
}

TEST(Summary, TellsWhatStayedInTheRings) {
  CaptureTotals totals = Quiet();
  totals.filter.lost[CAPTURE_LOST_RING_FULL] = 10;
  totals.lost_by_writer = 5;
  totals.written = 900;
  EXPECT_EQ(totals.in_ring(), 85u);
  EXPECT_THAT(FormatSummary(totals), HasSubstr("85 packets left unread at the end\n"));
}

TEST(Summary, TellsOfClippedAndLateOnes) {
  CaptureTotals totals = Quiet();
  totals.filter.clipped = 12;
  totals.late = 1;
  const std::string text = FormatSummary(totals);
  EXPECT_THAT(text, HasSubstr("12 packets clipped at the snap length\n"));
  EXPECT_THAT(text, HasSubstr("1 packet out of order\n"));
}

}  // namespace
}  // namespace dns_monitor
