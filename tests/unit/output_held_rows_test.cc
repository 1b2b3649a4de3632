#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns_monitor/output/held_rows.h"
#include "support/duckdb_rig.h"

namespace dns_monitor {
namespace {

using testing::ElementsAre;

class HeldRowsTest : public testing::Test {
 protected:
  HeldRows Hold(const char* sql, size_t most_rows = 100) {
    duckdb_result result;
    EXPECT_EQ(duckdb_query(rig_.connection(), sql, &result), DuckDBSuccess);
    absl::StatusOr<HeldRows> rows = HoldRows(&result, most_rows);
    EXPECT_TRUE(rows.ok()) << rows.status();
    duckdb_destroy_result(&result);
    return rows.ok() ? *std::move(rows) : HeldRows();
  }

 private:
  DuckdbRig rig_;
};

TEST_F(HeldRowsTest, HasTextsThatCanBeShown) {
  const HeldRows rows = Hold("select e'a\\x1bb' as t, 1.50 as n, null::int as i, true as b");
  EXPECT_EQ(rows.rows, 1u);
  EXPECT_FALSE(rows.more);
  EXPECT_THAT(rows.Find("t")->cells, ElementsAre("a\\x1bb"));
  EXPECT_THAT(rows.Find("n")->cells, ElementsAre("1.50"));
  EXPECT_THAT(rows.Find("i")->cells, ElementsAre(""));
  EXPECT_TRUE(rows.Find("n")->is_number);
  EXPECT_FALSE(rows.Find("b")->is_number);
  EXPECT_TRUE(rows.Find("t")->is_text);
  EXPECT_EQ(rows.Find("other"), nullptr);
}

TEST_F(HeldRowsTest, KnowsTimes) {
  const HeldRows rows = Hold(
      "select timestamp '2026-01-01' as t, date '2026-01-01' as d, "
      "timestamp_ns '2026-01-01' as n");
  EXPECT_TRUE(rows.Find("t")->is_time);
  EXPECT_TRUE(rows.Find("n")->is_time);
  EXPECT_FALSE(rows.Find("d")->is_time);
}

TEST_F(HeldRowsTest, EndsWhereItIsTold) {
  const HeldRows rows = Hold("select range as n from range(10000)", 3);
  EXPECT_THAT(rows.Find("n")->cells, ElementsAre("0", "1", "2"));
  EXPECT_TRUE(rows.more);
  EXPECT_FALSE(Hold("select range as n from range(3)", 3).more);
}

TEST_F(HeldRowsTest, HasColumnsWithoutRows) {
  const HeldRows rows = Hold("select 1 as n where false");
  EXPECT_EQ(rows.rows, 0u);
  EXPECT_EQ(rows.columns.size(), 1u);
}

TEST_F(HeldRowsTest, BecomesTables) {
  const HeldRows rows = Hold("select 'a|b' as name, 12 as count");
  EXPECT_EQ(FormatRows(rows, OutputFormat::kMarkdown, 80),
            "| name | count |\n| --- | ---: |\n| a\\|b | 12 |\n\n");
  EXPECT_EQ(FormatRows(rows, OutputFormat::kTable, 80),
            "┌──────┬───────┐\n"
            "│ name │ count │\n"
            "├──────┼───────┤\n"
            "│ a|b  │    12 │\n"
            "└──────┴───────┘\n"
            "(1 row)\n");
}

TEST(Shortened, CountsColumns) {
  EXPECT_EQ(Shortened("example.", 8), "example.");
  EXPECT_EQ(Shortened("example.", 4), "exa…");
  EXPECT_EQ(Shortened("例え.テスト.", 6), "例え.…");
}

}  // namespace
}  // namespace dns_monitor
