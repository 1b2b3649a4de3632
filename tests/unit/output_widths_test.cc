#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/output/output.h"
#include "src/output/display_width.h"
#include "src/output/table_layout.h"
#include "support/results.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  EXPECT_EQ(lines.back(), "");
  lines.pop_back();
  return lines;
}

OutputOptions Box(int width) {
  return {.format = OutputFormat::kTable, .terminal = true, .width = width};
}

TEST(DisplayWidthTest, CountsColumns) {
  EXPECT_EQ(output::DisplayWidth("abc"), 3U);
  EXPECT_EQ(output::DisplayWidth("é"), 1U);
  EXPECT_EQ(output::DisplayWidth("e\xcc\x81"), 1U);  // with a combining accent
  EXPECT_EQ(output::DisplayWidth("中文"), 4U);
  EXPECT_EQ(output::DisplayWidth("한글"), 4U);
  EXPECT_EQ(output::DisplayWidth("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"), 2U);  // in its parts
  EXPECT_EQ(output::DisplayWidth("ａ"), 2U);
  EXPECT_EQ(output::DisplayWidth("😀"), 2U);
  EXPECT_EQ(output::DisplayWidth("…─│"), 3U);
}

TEST(DisplayWidthTest, CutsBetweenCharacters) {
  EXPECT_EQ(output::CutToWidth("中文", 3), "中");
  EXPECT_EQ(output::CutToWidth("ae\xcc\x81z", 2), "ae\xcc\x81");
  EXPECT_EQ(output::CutToWidth("abc", 0), "");
  EXPECT_EQ(output::CutToWidth("abc", 9), "abc");
}

TEST(TableLayoutTest, WideColumnsShareWhatIsLeft) {
  const output::TableLayout fits = output::LayOut({{5, 5}, {30, 10}}, 80);
  EXPECT_THAT(fits.widths, ElementsAre(5, 30));
  EXPECT_FALSE(fits.left_out);
  // 40 = 1 + 3 * 3 + 30.
  EXPECT_THAT(output::LayOut({{5, 5}, {30, 10}, {100, 10}}, 40).widths, ElementsAre(5, 13, 12));
}

TEST(TableLayoutTest, ColumnsThatDoNotFitAreLeftOut) {
  const output::TableLayout layout = output::LayOut({{5, 5}, {30, 10}, {100, 10}}, 30);
  EXPECT_THAT(layout.widths, ElementsAre(5, 14));
  EXPECT_TRUE(layout.left_out);
  const output::TableLayout one = output::LayOut({{39, 39}, {1, 1}}, 20);
  EXPECT_THAT(one.widths, ElementsAre(39));
  EXPECT_TRUE(one.left_out);
}

TEST(OutputTableTest, Box) {
  Database database;
  EXPECT_EQ(database.Text("SELECT 'a' AS name, 1234 AS n, NULL::INT AS nothing, true AS yes "
                          "UNION ALL SELECT '中文', -5, 7, false",
                          Box(80)),
            "┌──────┬──────┬─────────┬───────┐\n"
            "│ name │    n │ nothing │ yes   │\n"
            "├──────┼──────┼─────────┼───────┤\n"
            "│ a    │ 1234 │    NULL │ true  │\n"
            "│ 中文 │   -5 │       7 │ false │\n"
            "└──────┴──────┴─────────┴───────┘\n"
            "(2 rows)\n");
}

TEST(OutputTableTest, NothingAndOne) {
  Database database;
  EXPECT_EQ(database.Text("SELECT 1 AS x WHERE false", Box(80)),
            "┌───┐\n│ x │\n├───┤\n└───┘\n(0 rows)\n");
  EXPECT_THAT(database.Text("SELECT 1 AS x", Box(80)), HasSubstr("\n(1 row)\n"));
  OutputOptions limited = Box(80);
  limited.limit = 2;
  EXPECT_THAT(database.Text("SELECT * FROM range(10)", limited), HasSubstr("\n(first 2 rows)\n"));
}

// 47 columns, of which two are texts, on terminals of any width: no line is longer, none shorter,
// and no number is cut.
TEST(OutputTableTest, FitsEveryWidth) {
  Database database;
  std::string others = "'中文字符中文字符' AS c";
  for (int i = 4; i <= 47; ++i) absl::StrAppend(&others, ", ", i * 1000, " AS column_", i);
  for (const char* const first :
       {"1234567 AS a, repeat('wide', 50) AS b, ", "repeat('wide', 50) AS b, 1234567 AS a, "}) {
    for (int width = 20; width <= 200; ++width) {
      SCOPED_TRACE(absl::StrCat(first, width));
      const std::vector<std::string> lines =
          Lines(database.Text(absl::StrCat("SELECT ", first, others), Box(width)));
      ASSERT_EQ(lines.size(), 6U);
      for (size_t i = 0; i < 5; ++i) {
        EXPECT_LE(output::DisplayWidth(lines[i]), static_cast<size_t>(width));
        EXPECT_EQ(output::DisplayWidth(lines[i]), output::DisplayWidth(lines[0]));
      }
      if (first[0] == '1' || width > 40) {
        EXPECT_THAT(lines[3], HasSubstr(" 1234567 "));
      }
      EXPECT_THAT(lines[5], HasSubstr(" of 47 columns)"));
    }
  }
}

TEST(OutputTableTest, LongTextsAreCutBeforeNamesAre) {
  Database database;
  const std::string sql = "SELECT 1 AS queries, repeat('long', 9) AS place, 2 AS clients";
  EXPECT_EQ(Lines(database.Text(sql, Box(35)))[1], "│ queries │ place       │ clients │");
  EXPECT_EQ(Lines(database.Text(sql, Box(35)))[3], "│       1 │ longlonglo… │       2 │");
  // No room for the least of them: an address is to be whole.
  EXPECT_EQ(Lines(database.Text(sql, Box(33)))[1], "│ que… │ place           │ cli… │");
}

TEST(OutputTableTest, LaterRowsKeepTheWidths) {
  Database database;
  const std::vector<std::string> lines = Lines(database.Text(
      "SELECT CASE WHEN i < 15000 THEN 'short' ELSE 'much longer' END AS t, "
      "CASE WHEN i < 15000 THEN 1 ELSE 123456789 END AS n FROM range(20000) r(i) ORDER BY i",
      Box(80)));
  ASSERT_EQ(lines.size(), 20'000U + 5);
  EXPECT_EQ(lines[3], "│ short │ 1 │");
  EXPECT_EQ(lines[20'002], "│ much… │ 123456789 │");
}

// What a terminal would act upon comes from whoever sends packets.
TEST(OutputTableTest, TerminalsGetNoControlCharacters) {
  Database database;
  const std::string sql =
      "SELECT 'a' || chr(27) || '[31m' || chr(127) || chr(155) || chr(8238) || chr(10) || "
      "chr(8203) || chr(917569) AS \"e\x1b[2Jvil\"";
  for (const OutputFormat format :
       {OutputFormat::kTable, OutputFormat::kJson, OutputFormat::kNdjson, OutputFormat::kCsv,
        OutputFormat::kXml, OutputFormat::kMarkdown}) {
    const std::string text = database.Text(sql, {.format = format, .terminal = true, .width = 120});
    for (const char* const bad : {"\x1b", "\x7f", "\xc2\x9b", "\u202e", "\u200b", "\U000e0041"}) {
      EXPECT_THAT(text, Not(HasSubstr(bad)));
    }
  }
  const std::string table = database.Text(sql, Box(120));
  EXPECT_THAT(table, HasSubstr(R"( e\x1b[2Jvil )"));
  EXPECT_THAT(table, HasSubstr(R"( a\x1b[31m\x7f\x9b\u{202e}\x0a\u{200b}\u{e0041} )"));
}

TEST(OutputTableTest, PacketQsTableInFiles) {
  Database database;
  const OutputOptions options{.format = OutputFormat::kTable};
  EXPECT_EQ(database.Text("SELECT 1297433016 AS s, '212.247.204.2' AS dst, 12 AS qtype, 'x' AS l "
                          "UNION ALL SELECT 2, 'a\"b', NULL, NULL",
                          options),
            "\"s\"       ,\"dst\"          ,\"qtype\",\"l\"\n"
            "1297433016,\"212.247.204.2\",12     ,\"x\"\n"
            "2         ,\"a\"\"b\"         ,       ,\n");
}

}  // namespace
}  // namespace dns_monitor
