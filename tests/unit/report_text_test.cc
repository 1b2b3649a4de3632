#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "src/report/html.h"
#include "src/report/sparkline.h"
#include "src/report/times.h"
#include "src/report/wrap.h"

namespace dns_monitor::report {
namespace {

using testing::ElementsAre;

TEST(Sparkline, GoesFromNothingToTheGreatest) {
  EXPECT_EQ(Sparkline({0, 1, 2, 3, 4, 5, 6, 7}), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(Sparkline({7000, 0, 1}), "█▁▂");
}

TEST(Sparkline, HasABlockForWhateverComes) {
  EXPECT_EQ(Sparkline({}), "");
  EXPECT_EQ(Sparkline({0, 0}), "▁▁");
  EXPECT_EQ(Sparkline({-3, NAN, 1e300}), "▁▁█");
}

HeldRows Times(const std::vector<std::string>& first, const std::vector<std::string>& last) {
  HeldRows rows;
  rows.rows = first.size();
  rows.columns = {{"name", false, true, std::vector<std::string>(first.size(), "2026-01-01")},
                  {"first", false, false, first, true},
                  {"last", false, false, last, true}};
  return rows;
}

TEST(ShortenTimes, LeavesOutTheDayThatAllAreOf) {
  HeldRows rows =
      Times({"2026-01-01T00:00:15Z", ""}, {"2026-01-01T23:59:59.25Z", "2026-01-01T12:00:00Z"});
  EXPECT_EQ(ShortenTimes(&rows), "Times are of 2026-01-01, UTC.");
  EXPECT_THAT(rows.columns[0].cells, ElementsAre("2026-01-01", "2026-01-01"));
  EXPECT_THAT(rows.columns[1].cells, ElementsAre("00:00:15", ""));
  EXPECT_THAT(rows.columns[2].cells, ElementsAre("23:59:59.25", "12:00:00"));
}

TEST(ShortenTimes, LeavesOutTheYearThatAllAreOf) {
  HeldRows rows = Times({"2026-01-01T00:00:15Z"}, {"2026-11-30T00:00:00Z"});
  EXPECT_EQ(ShortenTimes(&rows), "Times are of 2026, UTC.");
  EXPECT_THAT(rows.columns[1].cells, ElementsAre("01-01 00:00:15"));
  EXPECT_THAT(rows.columns[2].cells, ElementsAre("11-30 00:00:00"));
}

TEST(ShortenTimes, LeavesAllOtherTimesAsTheyAre) {
  for (const std::string last : {"2027-01-01T00:00:00Z", "+10000-01-01T00:00:00Z", "infinity"}) {
    HeldRows rows = Times({"2026-12-31T23:59:59Z"}, {last});
    EXPECT_EQ(ShortenTimes(&rows), "");
    EXPECT_THAT(rows.columns[1].cells, ElementsAre("2026-12-31T23:59:59Z"));
    EXPECT_THAT(rows.columns[2].cells, ElementsAre(last));
  }
  HeldRows none = Times({}, {});
  EXPECT_EQ(ShortenTimes(&none), "");
}

TEST(EscapeHtml, LeavesNoMarkup) {
  EXPECT_EQ(EscapeHtml("<script>alert(\"1\" & '2')</script>"),
            "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;");
  EXPECT_EQ(EscapeHtml("bücher.example."), "bücher.example.");
  EXPECT_EQ(EscapeHtml(absl::string_view("a\0b\x1b\x7f\n", 6)), "a\ufffdb\ufffd\ufffd\n");
}

TEST(Wrapped, BreaksAtBlanks) {
  EXPECT_EQ(Wrapped("one two three four", 9), "one two\nthree\nfour\n");
  EXPECT_EQ(Wrapped("one two three four", 13), "one two three\nfour\n");
  EXPECT_EQ(Wrapped("a word-that-is-long b", 5), "a\nword-that-is-long\nb\n");
  EXPECT_EQ(Wrapped("ÄÖÜ ßé", 6), "ÄÖÜ ßé\n");
  EXPECT_EQ(Wrapped("", 10), "");
}

}  // namespace
}  // namespace dns_monitor::report
