#include "dns_monitor/output/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "support/results.h"

namespace dns_monitor {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A document of these results.
std::string Document(OutputFormat format, const std::vector<std::string>& queries) {
  Database database;
  StringSink sink;
  EXPECT_TRUE(OpenDocument(format, &sink).ok());
  int number = 0;
  for (const std::string& query : queries) {
    const OutputOptions options{.format = format, .query = query, .result_number = number++};
    EXPECT_TRUE(database.Write(query, options, &sink).ok());
  }
  EXPECT_TRUE(CloseDocument(format, number, &sink).ok());
  return sink.text();
}

TEST(OutputTest, ParsesFormats) {
  EXPECT_EQ(*ParseOutputFormat("table"), OutputFormat::kTable);
  EXPECT_EQ(*ParseOutputFormat("json"), OutputFormat::kJson);
  EXPECT_EQ(*ParseOutputFormat("jsonl"), OutputFormat::kNdjson);
  EXPECT_EQ(*ParseOutputFormat("csv"), OutputFormat::kCsv);
  EXPECT_EQ(*ParseOutputFormat("xml"), OutputFormat::kXml);
  EXPECT_EQ(*ParseOutputFormat("md"), OutputFormat::kMarkdown);
  EXPECT_EQ(ParseOutputFormat("JSON ").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(OutputTest, JsonIsPacketQs) {
  EXPECT_EQ(Document(OutputFormat::kJson, {"SELECT 1297433016 AS s, 'a.' AS qname, 0.5::DOUBLE AS "
                                           "f UNION ALL SELECT 2, NULL, NULL"}),
            R"([
  {
    "table_name": "result-0",
    "query": "SELECT 1297433016 AS s, 'a.' AS qname, 0.5::DOUBLE AS f UNION ALL SELECT 2, NULL, NULL",
    "head": [
      { "name": "s","type": "int" },
      { "name": "qname","type": "text" },
      { "name": "f","type": "float" }
    ],
    "data": [
      [1297433016,"a.",0.5],
      [2,null,null]
    ]
  }
]
)");
}

TEST(OutputTest, AnExplanationIsText) {
  const std::string text = Document(OutputFormat::kTable, {"EXPLAIN SELECT 1 AS one"});
  EXPECT_THAT(text, StartsWith("┌─"));
  EXPECT_THAT(text, HasSubstr("┘\n"));
  // Also one that is not the engine's, but looks like it.
  Database database;
  StringSink sink;
  EXPECT_TRUE(database
                  .Write("SELECT 'k' AS explain_key, 'a' || chr(10) || chr(27) AS explain_value",
                         {.format = OutputFormat::kTable, .terminal = true}, &sink)
                  .ok());
  EXPECT_EQ(sink.text(), "a\n\\x1b\n");
  EXPECT_THAT(Document(OutputFormat::kCsv, {"EXPLAIN SELECT 1 AS one"}),
              StartsWith("\"explain_key\",\"explain_value\"\n"));
}

TEST(OutputTest, JsonOfSeveralResults) {
  EXPECT_EQ(Document(OutputFormat::kJson, {"SELECT 1 AS a WHERE false", "SELECT 2 AS b"}), R"([
  {
    "table_name": "result-0",
    "query": "SELECT 1 AS a WHERE false",
    "head": [
      { "name": "a","type": "int" }
    ],
    "data": [
    ]
  },
  {
    "table_name": "result-1",
    "query": "SELECT 2 AS b",
    "head": [
      { "name": "b","type": "int" }
    ],
    "data": [
      [2]
    ]
  }
]
)");
  EXPECT_EQ(Document(OutputFormat::kJson, {}), "[\n]\n");
}

TEST(OutputTest, FlagsAreBoolsWithTheirNumbers) {
  Database database;
  OutputOptions options{.format = OutputFormat::kJson};
  options.is_flag = [](absl::string_view name) { return name == "qr" || name == "rd"; };
  const std::string text = database.Text(
      "SELECT 1::INTEGER AS qr, 0::TINYINT AS rd, 5::INTEGER AS id, 'x' AS qr", options);
  EXPECT_THAT(text, HasSubstr(R"({ "name": "qr","type": "bool" },)"));
  EXPECT_THAT(text, HasSubstr(R"({ "name": "rd","type": "bool" },)"));
  EXPECT_THAT(text, HasSubstr(R"({ "name": "id","type": "int" },)"));
  EXPECT_THAT(text, HasSubstr(R"({ "name": "qr","type": "text" })"));
  EXPECT_THAT(text, HasSubstr(R"([1,0,5,"x"])"));
}

TEST(OutputTest, NdjsonKeysDiffer) {
  Database database;
  EXPECT_EQ(database.Text("SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS a, 'x' AS \"q\"\"\"",
                          {.format = OutputFormat::kNdjson}),
            "{\"a\":1,\"a_2\":2,\"a_1\":3,\"a_3\":4,\"q\\\"\":\"x\"}\n");
}

TEST(OutputTest, CsvOfSeveralResults) {
  EXPECT_EQ(Document(OutputFormat::kCsv,
                     {"SELECT 'a\"b' AS \"x,y\", '' AS e, NULL AS n, 'l' || chr(10) || 'm' AS l",
                      "SELECT 1 AS a WHERE false"}),
            "\"x,y\",\"e\",\"n\",\"l\"\n\"a\"\"b\",\"\",,\"l\nm\"\n\"a\"\n");
}

TEST(OutputTest, XmlIsPacketQs) {
  const std::string text =
      Document(OutputFormat::kXml, {"SELECT 1 AS \"a<b\", 'x&y' AS t", "SELECT 0.5::DOUBLE AS f"});
  EXPECT_THAT(text, StartsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html"));
  EXPECT_THAT(text, HasSubstr(R"(</head>
<body>
<table>
<tr><th class="int">a&lt;b</th><th class="text">t</th></tr>
<tr><td>1</td> <td>x&amp;y</td> </tr>
</table>
<table>
<caption>result-1</caption>
<tr><th class="float">f</th></tr>
<tr><td>0.5</td> </tr>
</table>
</body>
</html>
)"));
}

TEST(OutputTest, Markdown) {
  EXPECT_EQ(Document(OutputFormat::kMarkdown,
                     {"SELECT 'a|b' AS \"t_\", 1 AS n, NULL AS x", "SELECT chr(10) AS c"}),
            "| t\\_ | n | x |\n| --- | ---: | ---: |\n| a\\|b | 1 |  |\n\n"
            "| c |\n| --- |\n| \\\\x0a |\n\n");
}

TEST(OutputTest, ManyRowsInOrder) {
  Database database;
  StringSink sink;
  std::string expected;
  for (int i = 0; i < 300'000; ++i) absl::StrAppend(&expected, "{\"i\":", i, "}\n");
  const absl::StatusOr<uint64_t> rows =
      database.Write("SELECT i FROM range(300000) r(i)", {.format = OutputFormat::kNdjson}, &sink);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(*rows, 300'000U);
  EXPECT_TRUE(sink.text() == expected);
}

TEST(OutputTest, ResultThatIsAllThereAlready) {
  Database database;
  duckdb_result result;
  ASSERT_EQ(duckdb_query(database.connection(), "SELECT i FROM range(5000) r(i)", &result),
            DuckDBSuccess);
  StringSink sink;
  EXPECT_EQ(*WriteResult(&result, {.format = OutputFormat::kCsv}, &sink), 5000U);
  EXPECT_THAT(sink.text(), ::testing::EndsWith("\n4999\n"));
  duckdb_destroy_result(&result);
}

TEST(OutputTest, LimitWithinAChunkAndBehindIt) {
  Database database;
  for (const uint64_t limit : {0, 1, 2047, 2048, 2049, 5000}) {
    StringSink sink;
    OutputOptions options{.format = OutputFormat::kNdjson};
    options.limit = limit;
    EXPECT_EQ(*database.Write("SELECT i FROM range(4000) r(i)", options, &sink),
              std::min<uint64_t>(limit, 4000));
    EXPECT_EQ(std::count(sink.text().begin(), sink.text().end(), '\n'),
              std::min<int64_t>(static_cast<int64_t>(limit), 4000));
  }
}

}  // namespace
}  // namespace dns_monitor
