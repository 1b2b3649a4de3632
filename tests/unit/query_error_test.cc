// Where the engine says that something is wrong, in the statement as it was written.

#include <duckdb.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "src/query/engine_error.h"

namespace dns_monitor {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class QueryErrorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(duckdb_open(nullptr, &database_), DuckDBSuccess);
    ASSERT_EQ(duckdb_connect(database_, &connection_), DuckDBSuccess);
    Ask("CREATE TABLE dns (\"do\" INTEGER, rcode INTEGER, qr INTEGER, id BIGINT, s BIGINT)");
    Ask("SET errors_as_json = true");
  }
  void TearDown() override {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }

  std::string Ask(const std::string& sql) {
    const TranslatedSql translated = TranslateDialect(sql);
    duckdb_result result;
    std::string error;
    if (duckdb_query(connection_, translated.text.c_str(), &result) != DuckDBSuccess) {
      error = MarkedError(duckdb_result_error(&result), sql, translated);
    }
    duckdb_destroy_result(&result);
    return error;
  }
  // From the line on.
  std::string Place(const std::string& sql) {
    const std::string error = Ask(sql);
    const size_t line = error.find("LINE ");
    return line == std::string::npos ? "no place: " + error : error.substr(line);
  }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

TEST_F(QueryErrorTest, IsMarkedInWhatWasWrittenAndNotInWhatItBecame) {
  EXPECT_EQ(Place("select do, nosuch from dns"),
            "LINE 1: select do, nosuch from dns\n                   ^");
  EXPECT_EQ(Place("select do,\n  if(qr, 'x', rcode),\n  do, nosuch\nfrom dns"),
            "LINE 3:   do, nosuch\n              ^");
}

TEST_F(QueryErrorTest, IsMarkedByColumnsAndNotByBytes) {
  EXPECT_EQ(Place("select 'Ünïcödé' as u, do, nosuch from dns"),
            "LINE 1: select 'Ünïcödé' as u, do, nosuch from dns\n" + std::string(35, ' ') + "^");
}

TEST_F(QueryErrorTest, IsMarkedByWhatATerminalShows) {
  EXPECT_EQ(Place("select '名前' as u, do, nosuch from dns"),
            "LINE 1: select '名前' as u, do, nosuch from dns\n" + std::string(32, ' ') + "^");
  EXPECT_EQ(Place("select\tdo,\tnosuch\tfrom dns"),
            "LINE 1: select do, nosuch from dns\n                   ^");
}

TEST_F(QueryErrorTest, HasNoTabs) {
  EXPECT_THAT(Ask("select abs('a', 1)"), HasSubstr("\n    Candidate functions:\n"));
}

TEST_F(QueryErrorTest, IsMarkedWithinAPartOfALongLine) {
  std::string sql = "select ";
  for (int i = 0; i < 30; ++i) sql += "do, ";
  const std::string place = Place(sql + "nosuch from dns where do = 1 and do = 1 and do = 1");
  EXPECT_THAT(place, StartsWith("LINE 1: ..."));
  const size_t newline = place.find('\n');
  ASSERT_NE(newline, std::string::npos);
  EXPECT_LE(newline, 90u);
  const size_t mark = place.size() - newline - 2;
  EXPECT_EQ(place.substr(mark, 6), "nosuch");
}

TEST_F(QueryErrorTest, HasItsKindInFront) {
  EXPECT_THAT(Ask("selct 1"), StartsWith("Parser Error: syntax error at or near \"selct\""));
  EXPECT_THAT(Ask("select nosuch(1)"), HasSubstr("nosuch"));
}

TEST(QueryErrorTextTest, IsLeftAsItIsWhenItIsNoObject) {
  const TranslatedSql translated = TranslateDialect("select 1");
  EXPECT_EQ(MarkedError("no object", "select 1", translated), "no object");
  EXPECT_EQ(MarkedError("x {", "select 1", translated), "x {");
  EXPECT_EQ(MarkedError(R"({"exception_type":"Invalid Input","exception_message":"m"})", "", {}),
            "m");
}

TEST(QueryErrorTextTest, AdvisesWhatTheCommandTakes) {
  const std::string error = MarkedError(
      R"({"exception_type":"Out of Memory","exception_message":"failed to offload data block of )"
      R"(size 256.0 KiB (21.5 MiB/21.5 MiB used).\nThis limit was set by the )"
      R"('max_temp_directory_size' setting.\nYou can adjust this setting, by using (for example) )"
      R"(PRAGMA max_temp_directory_size='10GiB'"})",
      "", {});
  EXPECT_THAT(error, StartsWith("Out of Memory Error: failed to offload data block of size 256.0 "
                                "KiB (21.5 MiB/21.5 MiB used)\n"));
  EXPECT_THAT(error, HasSubstr("TMPDIR"));
  EXPECT_THAT(error, HasSubstr("--memory"));
  EXPECT_THAT(error, Not(HasSubstr("PRAGMA")));
  EXPECT_THAT(MarkedError(R"({"exception_type":"Out of Memory","exception_message":"failed to )"
                          R"(allocate data\n\nPossible solutions:\n* SET threads=X"})",
                          "", {}),
              AllOf(HasSubstr("--memory"), HasSubstr("--threads"), Not(HasSubstr("SET"))));
}

}  // namespace
}  // namespace dns_monitor
