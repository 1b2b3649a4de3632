#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/query/dialect.h"

namespace dns_monitor {
namespace {

std::string Translated(absl::string_view sql) {
  return TranslateDialect(sql).text;
}

void ExpectUnchanged(absl::string_view sql) {
  EXPECT_EQ(Translated(sql), sql);
}

TEST(QueryDialectTest, LeavesStandardSqlAsItIs) {
  ExpectUnchanged("");
  ExpectUnchanged(" ;; ");
  ExpectUnchanged("SELECT qname FROM dns WHERE rcode = 3 ORDER BY s DESC LIMIT 3");
  ExpectUnchanged("SELECT a.rcode FROM dns a JOIN dns b USING (msg_id) GROUP BY ALL");
  ExpectUnchanged("WITH t AS (SELECT 1 AS x) SELECT x FROM t WHERE x IS NOT NULL");
  ExpectUnchanged("SELECT CASE WHEN qr THEN 'a' ELSE 'b' END AS x FROM dns");
  ExpectUnchanged("SELECT x IS NOT DISTINCT FROM 3, y IS TRUE FROM t");
  ExpectUnchanged("SELECT ALL qname FROM dns");
  ExpectUnchanged("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING");
  ExpectUnchanged("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2");
  ExpectUnchanged("DESC dns");
  ExpectUnchanged("DROP TABLE IF EXISTS t; CREATE TABLE IF NOT EXISTS t (a INT)");
}

TEST(QueryDialectTest, QuotesColumnsThatAreKeywords) {
  EXPECT_EQ(Translated("select do from dns"), "select \"do\" from dns");
  EXPECT_EQ(Translated("select qr,DO , z from dns where do=1 and not do order by do desc"),
            "select qr,\"DO\" , z from dns where \"do\"=1 and not \"do\" order by \"do\" desc");
  EXPECT_EQ(Translated("select max(do), do as do from dns group by do"),
            "select max(\"do\") AS \"max(do)\", \"do\" as do from dns group by \"do\"");
  EXPECT_EQ(Translated("select desc as text from icmp order by desc desc"),
            "select \"desc\" as text from icmp order by \"desc\" desc");
  ExpectUnchanged("select d.do from dns d");
}

TEST(QueryDialectTest, QuotesAliasesThatAreKeywords) {
  EXPECT_EQ(Translated("select 'x' as All, qr from dns group by All, qr order by all"),
            "select 'x' as All, qr from dns group by \"All\", qr order by \"all\"");
  EXPECT_EQ(Translated("select count(*) as order from dns order by order desc"),
            "select count(*) as order from dns order by \"order\" desc");
  ExpectUnchanged("select qr, count(*) as n from dns group by all");
}

TEST(QueryDialectTest, MakesBothBranchesOfIfTexts) {
  EXPECT_EQ(Translated("select if(qr, 'none', rcode) from t"),
            "select if(qr, 'none', (rcode)::VARCHAR) from t");
  EXPECT_EQ(Translated("select if(edns0,edns_version,'none') from t"),
            "select if(edns0,(edns_version)::VARCHAR,'none') from t");
  EXPECT_EQ(Translated("select IF (qr, qname, 1 + 2) from t"),
            "select IF (qr, qname, (1 + 2)::VARCHAR) from t");
  EXPECT_EQ(Translated("select if(qr, a || b, 1), if(qr, lower(x), (f(1, 2))) from t"),
            "select if(qr, a || b, (1)::VARCHAR), if(qr, lower(x), ((f(1, 2)))::VARCHAR) from t");
}

TEST(QueryDialectTest, MakesBranchesOfNestedIfsTexts) {
  EXPECT_EQ(Translated("select if(p=6,'tcp',if(p=17,'udp',p)) from t"),
            "select if(p=6,'tcp',if(p=17,'udp',(p)::VARCHAR)) from t");
  EXPECT_EQ(Translated("select if(a, if(b, 1, 2), if(c, 3, 'x')) from t"),
            "select if(a, (if(b, 1, 2))::VARCHAR, if(c, (3)::VARCHAR, 'x')) from t");
  EXPECT_EQ(Translated("select if(if(a,b,'c')='c', do, 'x') from t"),
            "select if(if(a,(b)::VARCHAR,'c')='c', (\"do\")::VARCHAR, 'x') from t");
}

TEST(QueryDialectTest, LeavesIfsOfOneTypeAsTheyAre) {
  ExpectUnchanged("select if(qr, 'a', 'b'), if(qr, 1, 2), if(qr, 'a', NULL) from t");
  ExpectUnchanged("select if(qr, dst_addr, src_addr), if(qr, 'a'), if(), if(,,) from t");
}

TEST(QueryDialectTest, ComparesWithLiterals) {
  EXPECT_EQ(Translated("select * from dns where rcode is 3 and qname IS NOT 'a.' or z is -1"),
            "select * from dns where rcode = 3 and qname <>  'a.' or z = -1");
  ExpectUnchanged("select * from dns where rcode is null and qname is not null");
}

TEST(QueryDialectTest, Samples) {
  EXPECT_EQ(Translated("sample 10; select qr from dns where qr"),
            " select qr from (FROM dns WHERE id % 10 = 1 % 10) AS dns where qr");
  EXPECT_EQ(Translated("sample 10;select qr from dns;select qr from dns"),
            "select qr from (FROM dns WHERE id % 10 = 1 % 10) AS dns;select qr from dns");
  EXPECT_EQ(Translated("sample 0; select qr from dns"), " select qr from dns");
  EXPECT_EQ(Translated("sample 5"), "");
  ExpectUnchanged("sample me; select qr from dns");
}

// By time.
std::string First(absl::string_view expression) {
  return absl::StrCat("arg_min(", expression, ", s::BIGINT * 1000000 + us)");
}

TEST(QueryDialectTest, TakesTheFirstPacketOfAGroup) {
  EXPECT_EQ(Translated("select s, count(*) as n from dns group by truncate(s/10)"),
            absl::StrCat("select ", First("s"),
                         " AS \"s\", count(*) as n from dns group by truncate(s/10)"));
  EXPECT_EQ(Translated("select s as t, lower(qname) as q, qr from dns group by qr"),
            absl::StrCat("select ", First("s"), " as t, ", First("lower(qname)"),
                         " as q, qr from dns group by qr"));
  EXPECT_EQ(Translated("select qname, max(s) as m from dns"),
            absl::StrCat("select ", First("qname"), " AS \"qname\", max(s) as m from dns"));
  EXPECT_EQ(
      Translated("select qr, qtype+1 from dns group by qr order by s desc, qr"),
      absl::StrCat("select qr, ", First("qtype+1"),
                   " AS \"qtype+1\" from dns group by qr order by ", First("s"), " desc, qr"));
}

TEST(QueryDialectTest, LeavesGroupedColumnsAsTheyAre) {
  ExpectUnchanged("select qr, lower(QNAME) as q, 1 as one from dns group by QR, qname, s");
  ExpectUnchanged("select if(qr,dst_addr,src_addr) as c from dns group by c order by c");
  ExpectUnchanged("select truncate(s/10) as t from dns group by Truncate( s / 10 )");
  ExpectUnchanged("select sum(qr) as a, sum(rd) as b, a/b as c from dns group by qname");
  ExpectUnchanged("select qr, count(*) as n from dns group by 1");
}

TEST(QueryDialectTest, GroupsLikeTheStandardWhatIsNotPacketqs) {
  ExpectUnchanged("select s, count(*) from messages group by truncate(s/10)");
  ExpectUnchanged("select s, count(distinct qname) from dns group by qr");
  ExpectUnchanged("select s, median(msg_size) from dns group by qr");
  ExpectUnchanged("select s, count(*) from dns d group by qr");
  ExpectUnchanged("select s, count(*) from dns where qr in (select 1) group by qr");
  ExpectUnchanged("select s, count(*) over () from dns group by qr");
  ExpectUnchanged("select *, count(*) as n from dns group by qr");
}

TEST(QueryDialectTest, NamesColumnsAsPacketqDoes) {
  EXPECT_EQ(Translated("SELECT COUNT(*), name( 'rcode' , rcode ) FROM dns GROUP BY rcode"),
            "SELECT COUNT(*) AS \"COUNT(1)\", name( 'rcode' , rcode ) AS \"name(rcode,rcode)\" "
            "FROM dns GROUP BY rcode");
  EXPECT_EQ(Translated("select trim(qname, '\"') from dns"),
            "select trim(qname, '\"') AS \"trim(qname,\"\")\" from dns");
  ExpectUnchanged("select count(*)/2, qname, 1.5, lower(qname) as l from dns group by qname");
}

TEST(QueryDialectTest, LooksIntoNothingThatIsQuoted) {
  ExpectUnchanged("select 'do', ' do ', 'it''s do' from t");
  ExpectUnchanged("select \"if\"(1, 'x', \"do\"), \" \"\"do\" from t");
  ExpectUnchanged("select qr -- do, do\n, z /* do, /* do */ do */ from t");
  ExpectUnchanged("select $$ , do $$, $a$ , do $$ $a$, e'\\' , do ' from t");
  EXPECT_EQ(Translated("select $1, do, $x$ from t"), "select $1, \"do\", $x$ from t");
  EXPECT_EQ(Translated("select 'a;b', do; select/**/do/**/from t --;"),
            "select 'a;b', \"do\"; select/**/\"do\"/**/from t --;");
}

TEST(QueryDialectTest, TakesWhatIsNoSql) {
  for (const char* sql : {"'",
                          "\"",
                          "$$",
                          "$a$ do",
                          "/*",
                          "/* /* */",
                          "--",
                          "e'\\",
                          "(((",
                          ")))",
                          "if(",
                          "if(1,'a',",
                          "select",
                          "select from dns",
                          "select , from dns",
                          "select do",
                          "select x as",
                          "select count(*) from dns group by",
                          "select count(*) from dns group by ,",
                          "select count(*) from dns order by desc",
                          "sample",
                          "sample 3;",
                          "is 3",
                          "x is",
                          "x is not",
                          "select if(a,'b',c from dns group by (",
                          "1e",
                          "1.5e+",
                          ".",
                          "::",
                          "\xff\xfe do"}) {
    const TranslatedSql translated = TranslateDialect(sql);
    EXPECT_LE(translated.OriginalOffset(translated.text.size()), std::string(sql).size()) << sql;
  }
  std::string deep = "1";
  for (int i = 0; i < 2'000; ++i) deep = absl::StrCat("if(1,2,", deep, ")");
  EXPECT_EQ(Translated(deep).size(), deep.size());
}

TEST(QueryDialectTest, FindsThePlaceInTheOriginal) {
  const std::string sql = "sample 2; select do, if(qr, 'x', rcode), nosuch from dns where z is 3";
  const TranslatedSql translated = TranslateDialect(sql);
  ASSERT_NE(translated.text, sql);
  for (const char* word : {"select", "do", "if(", "'x'", "rcode", "nosuch", "where", " 3"}) {
    EXPECT_EQ(translated.OriginalOffset(translated.text.find(word)), sql.find(word)) << word;
  }
  // Where something was inserted.
  EXPECT_EQ(translated.OriginalOffset(translated.text.find("::VARCHAR")), sql.find("rcode") + 5);
  EXPECT_EQ(translated.OriginalOffset(translated.text.find("FROM")), sql.find("dns"));
  EXPECT_EQ(translated.OriginalOffset(translated.text.find("= 3")), sql.find("is 3"));
  EXPECT_EQ(translated.OriginalOffset(translated.text.size()), sql.size());
  EXPECT_EQ(translated.OriginalOffset(translated.text.size() + 99), sql.size());
  EXPECT_EQ(TranslateDialect("abc").OriginalOffset(1), 1u);
}

}  // namespace
}  // namespace dns_monitor
