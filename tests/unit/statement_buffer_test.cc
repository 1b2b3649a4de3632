#include "src/query_cli/statement_buffer.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace dns_monitor {
namespace {

bool Finished(std::initializer_list<const char*> lines) {
  StatementBuffer buffer;
  for (const char* line : lines) {
    EXPECT_FALSE(buffer.finished());
    buffer.Add(line);
  }
  return buffer.finished();
}

TEST(StatementBufferTest, EndsWithASemicolonThatIsOne) {
  EXPECT_TRUE(Finished({"select 1;"}));
  EXPECT_TRUE(Finished({"select 1", "", ";"}));
  EXPECT_TRUE(Finished({"select 1; -- x"}));
  EXPECT_TRUE(Finished({"select 1; /* x */ -- y"}));
  EXPECT_TRUE(Finished({"select 'it''s;", "so';"}));
  EXPECT_TRUE(Finished({"select 1 -- one;", ";"}));
  EXPECT_TRUE(Finished({"select 1; /* x", "y */"}));
  EXPECT_FALSE(Finished({"select 1"}));
  EXPECT_FALSE(Finished({"select 'abc;"}));
  EXPECT_FALSE(Finished({"select \"abc;"}));
  EXPECT_FALSE(Finished({"select $$abc;"}));
  EXPECT_FALSE(Finished({"select 1 -- one;"}));
  EXPECT_FALSE(Finished({"select 1 /* one;"}));
  EXPECT_FALSE(Finished({"select 1; select 2"}));
}

TEST(StatementBufferTest, ForgetsWhatAsksNothing) {
  for (const char* line : {"", "  ", ";", "-- x", "/* x */", " ; -- x"}) {
    StatementBuffer buffer;
    buffer.Add(line);
    EXPECT_TRUE(buffer.empty()) << line;
    EXPECT_FALSE(buffer.finished()) << line;
  }
  StatementBuffer buffer;
  buffer.Add("/* x");
  EXPECT_FALSE(buffer.empty());
}

}  // namespace
}  // namespace dns_monitor
