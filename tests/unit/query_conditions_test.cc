// What is taken from a statement's WHERE, and from which statements nothing is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dns_monitor/query/conditions.h"

namespace dns_monitor {
namespace {

class ConditionsTest : public ::testing::Test {
 protected:
  ConditionsTest() {
    EXPECT_EQ(duckdb_open(nullptr, &database_), DuckDBSuccess);
    EXPECT_EQ(duckdb_connect(database_, &connection_), DuckDBSuccess);
  }
  ~ConditionsTest() override {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }

  // As "table: column=1,2 column!3".
  std::string Find(absl::string_view sql) {
    constexpr const char* kSigns[] = {"=", "!", "<", "<=", ">", ">="};
    const Conditions found = FindConditions(sql, connection_);
    std::string text = absl::StrCat(found.table, ":");
    for (const Condition& condition : found.all) {
      absl::StrAppend(&text, " ", condition.column,
                      kSigns[static_cast<size_t>(condition.comparison)],
                      absl::StrJoin(condition.values, ","));
    }
    return text;
  }

  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

TEST_F(ConditionsTest, AreWhatAndJoins) {
  EXPECT_EQ(Find("select qname from dns where qtype = 28 and rcode <> 0 and protocol in (6, 17)"),
            "dns: qtype=28 rcode!0 protocol=6,17");
  EXPECT_EQ(Find("select 1 from dns where a < 1 and (b <= 2 and c > 3) and d >= 5000000000"),
            "dns: a<1 b<=2 c>3 d>=5000000000");
  EXPECT_EQ(Find("select 1 from dns where 1 < a and 2 <= b and 3 > c and 4 >= d and 5 = e"),
            "dns: a>1 b>=2 c<3 d<=4 e=5");
  EXPECT_EQ(Find("select 1 from dns where s between 10 and 20 and us between x and 5"),
            "dns: s>=10 s<=20 us<=5");
  EXPECT_EQ(Find("SELECT 1 FROM Dns AS d WHERE D.\"qtype\" = 1 AND dns.rcode = 2"), "Dns: qtype=1");
  EXPECT_EQ(Find("select 1 from dns where not a = 1 and not b > 2"), "dns: a!1 b<=2");
  EXPECT_EQ(Find("select 1 from dns where dns.do = 1 group by all having qtype = 3 limit 4"),
            "dns: do=1");
}

TEST_F(ConditionsTest, AreNotWhatIsMoreThanThat) {
  for (const char* where : {"a = 1 or b = 2", "not (a = 1 and b = 2)", "a + 0 = 1", "a = b",
                            "a = 1.5", "a = '1'", "a = null", "a is not distinct from 1",
                            "a in (1, b)", "a in (1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17)",
                            "a not in (1, 2)", "a not between 1 and 2", "a::text = 1", "a",
                            "x.y.a = 1", "other.a = 1", "(a, b) = (1, 2)", "a = $1", "1 = 1"}) {
    EXPECT_EQ(Find(absl::StrCat("select 1 from dns where ", where)), "dns:") << where;
  }
  EXPECT_EQ(Find("select 1 from dns where a = 1 and (b = 2 or c = 3) and length(d) = 4"),
            "dns: a=1");
}

TEST_F(ConditionsTest, AreOfOneTableThatIsReadOnce) {
  for (const char* sql :
       {"select 1 from dns, dns d where dns.a = 1",
        "select 1 from dns join x using (y) where a = 1",
        "select (select count(*) from dns) from dns where a = 1",
        "select 1 from dns where a = 1 and b in (select b from dns)",
        "with dns as (select 1 as a) select 1 from dns where a = 1",
        "select 1 from (select * from dns) where a = 1",
        "select 1 from dns where a = 1 union all select 1 from dns",
        "select 1 from dns d(b, a) where a = 1", "select 1 from main.dns where a = 1",
        "select 1 from dns tablesample 10% where a = 1",
        "select 1 from dns where a = 1 using sample 10", "select 1 from read_dns() where a = 1",
        "select 1; select 1 from dns where a = 1",
        "create table t as select 1 from dns where a = 1", "explain select 1 from dns where a = 1",
        "select 1", "no sql", ""}) {
    EXPECT_EQ(Find(sql), ":") << sql;
  }
}

TEST_F(ConditionsTest, HoldOrNot) {
  const auto holds = [](Comparison comparison) {
    std::string text;
    for (const int64_t value : {1, 2, 3}) {
      absl::StrAppend(&text, Condition{"a", comparison, {2}}.Holds(value) ? "+" : "-");
    }
    return text;
  };
  EXPECT_EQ(holds(Comparison::kOneOf), "-+-");
  EXPECT_EQ(holds(Comparison::kNot), "+-+");
  EXPECT_EQ(holds(Comparison::kLess), "+--");
  EXPECT_EQ(holds(Comparison::kLessOrEqual), "++-");
  EXPECT_EQ(holds(Comparison::kGreater), "--+");
  EXPECT_EQ(holds(Comparison::kGreaterOrEqual), "-++");
  EXPECT_TRUE((Condition{"a", Comparison::kOneOf, {1, 2}}.Holds(2)));
}

}  // namespace
}  // namespace dns_monitor
