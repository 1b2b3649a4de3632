// Every type of DuckDB's, in every format.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/output/output.h"
#include "support/results.h"

namespace dns_monitor {
namespace {

struct Case {
  std::string sql;
  std::string type;      // in JSON's head
  std::string json;      // the value
  std::string plain;     // in XML, and in a table; CSV quotes it where JSON does
  std::string csv = {};  // where that is not so
};

void PrintTo(const Case& each, std::ostream* out) {
  *out << each.sql;
}

class OutputTypesTest : public ::testing::TestWithParam<Case> {
 protected:
  std::string Text(OutputFormat format, bool terminal = false) {
    return database_.Text("SELECT " + GetParam().sql + " AS v",
                          {.format = format, .terminal = terminal, .width = 200});
  }
  static std::string Line(const std::string& text, size_t index) {
    return std::vector<std::string>(absl::StrSplit(text, '\n'))[index];
  }

  Database database_;
};

TEST_P(OutputTypesTest, Json) {
  const std::string text = Text(OutputFormat::kJson);
  EXPECT_EQ(Line(text, 4),
            absl::StrCat(R"(      { "name": "v","type": ")", GetParam().type, "\" }"));
  EXPECT_EQ(Line(text, 7), absl::StrCat("      [", GetParam().json, "]"));
  const nlohmann::json parsed = nlohmann::json::parse(text);
  EXPECT_EQ(parsed["data"].size(), 1U);
}

TEST_P(OutputTypesTest, Ndjson) {
  EXPECT_EQ(Text(OutputFormat::kNdjson), absl::StrCat(R"({"v":)", GetParam().json, "}\n"));
}

TEST_P(OutputTypesTest, Csv) {
  const Case& each = GetParam();
  const bool quoted = each.json.front() == '"';
  const std::string csv = !each.csv.empty() ? each.csv
                          : quoted          ? absl::StrCat("\"", each.plain, "\"")
                                            : each.plain;
  EXPECT_EQ(Text(OutputFormat::kCsv), absl::StrCat("\"v\"\n", csv, "\n"));
  EXPECT_EQ(Text(OutputFormat::kTable), absl::StrCat("\"v\"\n", csv, "\n"));
}

TEST_P(OutputTypesTest, XmlMarkdownAndTable) {
  const std::string xml = Line(Text(OutputFormat::kXml), 2);
  const std::string table = Line(Text(OutputFormat::kTable, /*terminal=*/true), 3);
  if (GetParam().csv.empty()) {
    EXPECT_EQ(xml, absl::StrCat("<tr><td>", GetParam().plain, "</td> </tr>"));
  }
  const std::string shown = GetParam().plain.empty() ? "NULL" : GetParam().plain;
  EXPECT_THAT(table, ::testing::HasSubstr(absl::StrCat(" ", shown, " ")));
  EXPECT_THAT(Line(Text(OutputFormat::kMarkdown), 2), ::testing::StartsWith("| "));
}

INSTANTIATE_TEST_SUITE_P(
    Numbers, OutputTypesTest,
    ::testing::Values(
        Case{"true", "bool", "true", "true"}, Case{"false", "bool", "false", "false"},
        Case{"(-128)::TINYINT", "int", "-128", "-128"},
        Case{"(-32768)::SMALLINT", "int", "-32768", "-32768"},
        Case{"(-2147483648)::INTEGER", "int", "-2147483648", "-2147483648"},
        Case{"(-9223372036854775808)::BIGINT", "int", "-9223372036854775808",
             "-9223372036854775808"},
        Case{"255::UTINYINT", "int", "255", "255"},
        Case{"65535::USMALLINT", "int", "65535", "65535"},
        Case{"4294967295::UINTEGER", "int", "4294967295", "4294967295"},
        Case{"18446744073709551615::UBIGINT", "int", "18446744073709551615",
             "18446744073709551615"},
        Case{"'-170141183460469231731687303715884105728'::HUGEINT", "int",
             "-170141183460469231731687303715884105728",
             "-170141183460469231731687303715884105728"},
        Case{"'340282366920938463463374607431768211455'::UHUGEINT", "int",
             "340282366920938463463374607431768211455", "340282366920938463463374607431768211455"},
        Case{"'20000000000000000000000000000000000000'::HUGEINT", "int",
             "20000000000000000000000000000000000000", "20000000000000000000000000000000000000"},
        Case{"'-1234567890123456789012345678901234567890000000000123'::BIGNUM", "int",
             "-1234567890123456789012345678901234567890000000000123",
             "-1234567890123456789012345678901234567890000000000123"},
        Case{"0::BIGNUM", "int", "0", "0"}, Case{"(-1)::BIGNUM", "int", "-1", "-1"},
        Case{"-1.5::DECIMAL(4,2)", "float", "-1.50", "-1.50"},
        Case{"-0.05::DECIMAL(9,3)", "float", "-0.050", "-0.050"},
        Case{"12345678.5::DECIMAL(18,4)", "float", "12345678.5000", "12345678.5000"},
        Case{"'-1234567890.12345678901234567890'::DECIMAL(38,20)", "float",
             "-1234567890.12345678901234567890", "-1234567890.12345678901234567890"},
        Case{"7::DECIMAL(38,0)", "float", "7", "7"}, Case{"0.1::FLOAT", "float", "0.1", "0.1"},
        Case{"100000::DOUBLE", "float", "100000", "100000"},
        Case{"0.0001::DOUBLE", "float", "0.0001", "0.0001"},
        Case{"58.333333333333336::DOUBLE", "float", "58.333333333333336", "58.333333333333336"},
        Case{"1e300::DOUBLE", "float", "1e+300", "1e+300"},
        Case{"1e-7::DOUBLE", "float", "1e-07", "1e-07"}, Case{"'-0'::DOUBLE", "float", "-0", "-0"},
        Case{"'nan'::DOUBLE", "float", "null", "nan"},
        Case{"'-inf'::DOUBLE", "float", "null", "-inf"},
        Case{"'inf'::FLOAT", "float", "null", "inf"}));

INSTANTIATE_TEST_SUITE_P(
    Times, OutputTypesTest,
    ::testing::Values(
        Case{"DATE '2024-02-29'", "text", "\"2024-02-29\"", "2024-02-29"},
        Case{"DATE '0044-03-15 (BC)'", "text", "\"-0043-03-15\"", "-0043-03-15"},
        Case{"DATE '12345-06-07'", "text", "\"+12345-06-07\"", "+12345-06-07"},
        Case{"DATE '5881580-07-10'", "text", "\"+5881580-07-10\"", "+5881580-07-10"},
        Case{"DATE '-infinity'", "text", "\"-infinity\"", "-infinity"},
        Case{"TIME '23:59:59.5'", "text", "\"23:59:59.500\"", "23:59:59.500"},
        Case{"TIME '24:00:00'", "text", "\"24:00:00\"", "24:00:00"},
        Case{"'01:02:03.123456789'::TIME_NS", "text", "\"01:02:03.123456789\"",
             "01:02:03.123456789"},
        Case{"'01:02:03.000004+05:30'::TIMETZ", "text", "\"01:02:03.000004+05:30\"",
             "01:02:03.000004+05:30"},
        Case{"'01:02:03-15:59:59'::TIMETZ", "text", "\"01:02:03-15:59:59\"", "01:02:03-15:59:59"},
        Case{"TIMESTAMP '1969-12-31 23:59:59.999999'", "text", "\"1969-12-31T23:59:59.999999Z\"",
             "1969-12-31T23:59:59.999999Z"},
        Case{"TIMESTAMP '2024-02-29 12:00:00'", "text", "\"2024-02-29T12:00:00Z\"",
             "2024-02-29T12:00:00Z"},
        Case{"TIMESTAMP 'infinity'", "text", "\"infinity\"", "infinity"},
        Case{"'2024-02-29 12:00:00'::TIMESTAMP_S", "text", "\"2024-02-29T12:00:00Z\"",
             "2024-02-29T12:00:00Z"},
        Case{"'2024-02-29 12:00:00.25'::TIMESTAMP_MS", "text", "\"2024-02-29T12:00:00.250Z\"",
             "2024-02-29T12:00:00.250Z"},
        Case{"'2024-02-29 12:00:00.000000001'::TIMESTAMP_NS", "text",
             "\"2024-02-29T12:00:00.000000001Z\"", "2024-02-29T12:00:00.000000001Z"},
        Case{"'2024-02-29 12:00:00+02'::TIMESTAMPTZ", "text", "\"2024-02-29T10:00:00Z\"",
             "2024-02-29T10:00:00Z"},
        Case{"INTERVAL '1 year 2 months -1 days 4.5 seconds'", "text",
             "\"1 year 2 months -1 day 00:00:04.500\"", "1 year 2 months -1 day 00:00:04.500"},
        Case{"INTERVAL '-300 hours'", "text", "\"-300:00:00\"", "-300:00:00"},
        Case{"INTERVAL '0 seconds'", "text", "\"00:00:00\"", "00:00:00"}));

INSTANTIATE_TEST_SUITE_P(
    Texts, OutputTypesTest,
    ::testing::Values(
        Case{"'example.com.'", "text", "\"example.com.\"", "example.com."},
        Case{"NULL::VARCHAR", "text", "null", ""}, Case{"NULL::BIGINT", "int", "null", ""},
        Case{"NULL::INTEGER[]", "json", "null", ""}, Case{"NULL::BLOB", "text", "null", ""},
        Case{"'b'::ENUM('a', 'b')", "text", "\"b\"", "b"},
        Case{"'a\\x5C\\x22\\x00\\xFF'::BLOB", "text", R"("a\\x5C\\x22\\x00\\xFF")",
             R"(a\x5C\x22\x00\xFF)"},
        Case{"'0101110001'::BIT", "text", "\"0101110001\"", "0101110001"},
        Case{"'00112233-4455-6677-8899-aabbccddeeff'::UUID", "text",
             "\"00112233-4455-6677-8899-aabbccddeeff\"", "00112233-4455-6677-8899-aabbccddeeff"},
        Case{"'f0112233-4455-6677-8899-aabbccddeeff'::UUID", "text",
             "\"f0112233-4455-6677-8899-aabbccddeeff\"", "f0112233-4455-6677-8899-aabbccddeeff"},
        Case{"['a', NULL, 'c\"']", "json", R"(["a",null,"c\""])", R"(["a",null,"c\""])",
             R"("[""a"",null,""c\""""]")"},
        Case{"[]::INTEGER[]", "json", "[]", "[]", "\"[]\""},
        Case{"[1, 2]::INTEGER[2]", "json", "[1,2]", "[1,2]", "\"[1,2]\""},
        Case{"[[1], [], NULL, [2, 3]]", "json", "[[1],[],null,[2,3]]", "[[1],[],null,[2,3]]",
             "\"[[1],[],null,[2,3]]\""},
        Case{"{'a': 1, 'b': {'c': DATE '2024-01-01'}}", "json", R"({"a":1,"b":{"c":"2024-01-01"}})",
             R"({"a":1,"b":{"c":"2024-01-01"}})", R"("{""a"":1,""b"":{""c"":""2024-01-01""}}")"},
        Case{"row(1, 'x')", "json", R"([1,"x"])", R"([1,"x"])", R"("[1,""x""]")"},
        Case{"MAP {1: 'x', 2: NULL}", "json", R"({"1":"x","2":null})", R"({"1":"x","2":null})",
             R"("{""1"":""x"",""2"":null}")"},
        Case{"MAP {'k': [1]}", "json", R"({"k":[1]})", R"({"k":[1]})", R"("{""k"":[1]}")"},
        Case{"union_value(n := 5)", "json", R"({"n":5})", R"({"n":5})", R"("{""n"":5}")"},
        Case{"5::UNION(s VARCHAR, n INTEGER)", "json", R"({"n":5})", R"({"n":5})",
             R"("{""n"":5}")"}));

// Fields that are the same in all rows are stored once only.
TEST(OutputPartsTest, FieldsOfManyRows) {
  Database database;
  EXPECT_EQ(database.Text("SELECT {'a': 1, 'b': i, 'c': [i, 7]} AS v FROM range(3) r(i)",
                          {.format = OutputFormat::kNdjson}),
            "{\"v\":{\"a\":1,\"b\":0,\"c\":[0,7]}}\n{\"v\":{\"a\":1,\"b\":1,\"c\":[1,7]}}\n"
            "{\"v\":{\"a\":1,\"b\":2,\"c\":[2,7]}}\n");
  EXPECT_EQ(database.Text("SELECT [x, 'z'] AS v FROM (SELECT unnest(['a', NULL]) AS x)",
                          {.format = OutputFormat::kNdjson}),
            "{\"v\":[\"a\",\"z\"]}\n{\"v\":[null,\"z\"]}\n");
}

// DuckDB's own extremes of all its types.
TEST(OutputPartsTest, AllTypesAtTheirExtremes) {
  Database database;
  for (const OutputFormat format :
       {OutputFormat::kTable, OutputFormat::kJson, OutputFormat::kNdjson, OutputFormat::kCsv,
        OutputFormat::kXml, OutputFormat::kMarkdown}) {
    for (const bool terminal : {false, true}) {
      const std::string text = database.Text("SELECT * EXCLUDE (geometry) FROM test_all_types()",
                                             {.format = format, .terminal = terminal});
      EXPECT_FALSE(text.empty());
      if (format == OutputFormat::kJson) {
        EXPECT_EQ(nlohmann::json::parse(text)["data"].size(), 3U);
      }
    }
  }
}

TEST(OutputPartsTest, UnknownTypesAreSaidToBe) {
  Database database;
  StringSink sink;
  const absl::Status status =
      database.Write("SELECT [geometry] AS g FROM test_all_types()", {}, &sink).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("column g "));
  EXPECT_EQ(sink.text(), "");
}

}  // namespace
}  // namespace dns_monitor
