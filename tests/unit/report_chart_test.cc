#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/report/chart_values.h"
#include "src/report/charts.h"
#include "src/report/scale.h"

namespace dns_monitor::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

HeldRows TwoRows() {
  HeldRows rows;
  rows.rows = 2;
  rows.columns = {{"name", false, true, {"a<b>.", "c."}},
                  {"type", false, true, {"A", "MX"}},
                  {"queries", true, false, {"1200", "300"}}};
  return rows;
}

TEST(LinearScale, GoesFromNothingToTheGreatest) {
  const LinearScale scale({2, 8, -1});
  EXPECT_EQ(scale.greatest(), 8);
  EXPECT_EQ(scale.Percent(8), 100);
  EXPECT_EQ(scale.Percent(2), 25);
  EXPECT_EQ(scale.Percent(-1), 0);
  EXPECT_EQ(LinearScale({0}).Percent(0), 0);
  EXPECT_EQ(LinearScale({}).Percent(1), 0);
}

TEST(LogScale, HasPowersOfTenAtBothEnds) {
  const LogScale scale({0.5, 30, 0});
  EXPECT_THAT(scale.marks(), ElementsAre(0.1, 1, 10, 100));
  EXPECT_DOUBLE_EQ(scale.Percent(0.1), 0);
  EXPECT_DOUBLE_EQ(scale.Percent(100), 100);
  EXPECT_NEAR(scale.Percent(1), 100.0 / 3, 1e-9);
  EXPECT_EQ(scale.Percent(0), 0);
}

TEST(LogScale, IsNeverEmpty) {
  EXPECT_THAT(LogScale({}).marks(), ElementsAre(1, 10));
  EXPECT_THAT(LogScale({0, 0}).marks(), ElementsAre(1, 10));
  EXPECT_THAT(LogScale({10}).marks(), ElementsAre(10, 100));
}

TEST(PercentText, HasTwoDecimals) {
  EXPECT_EQ(PercentText(100), "100%");
  EXPECT_EQ(PercentText(100.0 / 3), "33.33%");
}

TEST(GroupedNumber, GroupsDigits) {
  EXPECT_EQ(GroupedNumber(7), "7");
  EXPECT_EQ(GroupedNumber(999), "999");
  EXPECT_EQ(GroupedNumber(1234), "1\u202f234");
  EXPECT_EQ(GroupedNumber(1234567.25), "1\u202f234\u202f567.25");
  EXPECT_EQ(GroupedNumber(-123456), "-123\u202f456");
}

TEST(ReadChart, JoinsTheLabelsOfBars) {
  const ReportChart chart{ReportChart::Kind::kBars, {"name", "type", "queries"}};
  const ChartValues values = ReadChart(chart, TwoRows());
  EXPECT_THAT(values.labels, ElementsAre("a<b>. A", "c. MX"));
  ASSERT_EQ(values.series.size(), 1u);
  EXPECT_THAT(values.series[0].values, ElementsAre(1200, 300));
}

TEST(MakeChart, ShowsNothingOfWhatIsNotThere) {
  EXPECT_EQ(MakeChart({ReportChart::Kind::kBars, {"name", "answers"}}, TwoRows()), "");
  EXPECT_EQ(MakeChart({ReportChart::Kind::kNone, {}}, TwoRows()), "");
  EXPECT_EQ(MakeChart({ReportChart::Kind::kBars, {"name", "queries"}}, HeldRows()), "");
}

TEST(MakeChart, EscapesLabels) {
  for (const auto kind :
       {ReportChart::Kind::kBars, ReportChart::Kind::kTime, ReportChart::Kind::kRanges}) {
    const std::string svg = MakeChart({kind, {"name", "queries"}}, TwoRows());
    EXPECT_THAT(svg, HasSubstr("a&lt;b&gt;."));
    EXPECT_THAT(svg, Not(HasSubstr("<b>")));
  }
}

TEST(MakeChart, HasABarForEachRow) {
  const std::string svg = MakeChart({ReportChart::Kind::kBars, {"name", "queries"}}, TwoRows());
  EXPECT_THAT(svg, HasSubstr("class=\"bar\" x=\"0%\" y=\"20\" width=\"100%\""));
  EXPECT_THAT(svg, HasSubstr("class=\"bar\" x=\"0%\" y=\"56\" width=\"25%\""));
  EXPECT_THAT(svg, HasSubstr("1\u202f200"));
}

}  // namespace
}  // namespace dns_monitor::report
