// What PacketQ's users write, on DuckDB: each thing that its documents, its tests and its web
// interface make use of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/query/dialect.h"
#include "dns_monitor/query/functions.h"
#include "support/duckdb_rig.h"

namespace dns_monitor {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kDns = R"sql(
CREATE TABLE dns AS SELECT
    i::BIGINT AS id, 1000 + i // 4 AS s, i AS us,
    if(i % 4 = 0, 34525, 2048) AS ether_type, 1024 + i AS src_port, 53 AS dst_port,
    if(i % 4 = 0, '2001:db8:1:2:3:4:5:' || i, '192.0.2.' || i) AS src_addr,
    '198.51.100.' || i % 2 AS dst_addr, if(i % 5 = 0, 6, 17) AS protocol, 64 AS ip_ttl,
    if(i % 4 = 0, 6, 4) AS ip_version, 0 AS fragments,
    'www.Example' || i % 3 || '.se.' AS qname, '' AS aname, i AS msg_id, 40 + i AS msg_size,
    0 AS opcode, if(i % 4 = 3, 3, 0) AS rcode, 0 AS extended_rcode, 0 AS edns_version, 0 AS z,
    1232 AS udp_size, 1 AS qd_count, i % 2 AS an_count, 0 AS ns_count, 1 AS ar_count,
    if(i % 2 = 0, 1, 28) AS qtype, 1 AS qclass, 3 AS qlabels, 0 AS atype, 0 AS aclass,
    0::BIGINT AS attl, 0 AS alabels, 0 AS aa, 0 AS tc, 1 AS rd, 0 AS cd, 0 AS ra, 0 AS ad,
    if(i % 2 = 0, 1, 0) AS "do", i % 2 AS edns0, i % 2 AS qr, 0 AS edns0_ecs,
    0 AS edns0_ecs_family, 0 AS edns0_ecs_source, 0 AS edns0_ecs_scope, '' AS edns0_ecs_address
FROM range(1, 21) r(i);
CREATE TABLE icmp AS SELECT
    i::BIGINT AS id, 1000 AS s, 0 AS us, 2048 AS ether_type, 0 AS src_port, 0 AS dst_port,
    if(i % 2 = 0, 'a', 'b') AS src_addr, if(i % 2 = 0, 'b', 'a') AS dst_addr, 1 AS protocol,
    64 AS ip_ttl, 4 AS ip_version, 0 AS fragments, if(i % 2 = 0, 8, 0) AS type, 0 AS code,
    1 AS echo_identifier, i AS echo_sequence, 0 AS du_protocol, '' AS du_src_addr,
    '' AS du_dst_addr, 'echo' AS "desc"
FROM range(1, 5) r(i);
)sql";

class QueryPacketqTest : public ::testing::Test {
 protected:
  QueryPacketqTest() {
    const absl::Status status = RegisterFunctions(rig_.connection());
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(rig_.Columns(kDns), "Count");
  }

  std::string Ask(absl::string_view sql) { return rig_.Ask(TranslateDialect(sql).text); }

  DuckdbRig rig_;
};

TEST_F(QueryPacketqTest, Counts) {
  EXPECT_EQ(Ask("select count(*) from dns"), "20");
  EXPECT_EQ(Ask("select count(1) as n from dns where qr==0;;"), "10");
  EXPECT_EQ(rig_.Columns(TranslateDialect("select count(*) from icmp;").text), "count(1)");
}

TEST_F(QueryPacketqTest, GroupsByAliasesInAnyCase) {
  EXPECT_EQ(Ask("select count(*) as Count, lower(rsplit(qname,2)||'.'||rsplit(qname,1)) as Domain "
                "from dns group by domain order by count desc, DOMAIN limit 2"),
            "7|example1.se\n7|example2.se");
  EXPECT_EQ(Ask("SELECT NAME( 'qtype' , qtype ) AS qt, COUNT(*) AS n FROM dns GROUP BY qtype "
                "ORDER BY N DESC, qt"),
            "A|10\nAAAA|10");
  EXPECT_EQ(Ask("select 'ALL' as All, rd as RD, count(1) as count from dns group by All,RD order "
                "by count desc"),
            "ALL|1|20");
}

TEST_F(QueryPacketqTest, FiltersByAliases) {
  EXPECT_EQ(Ask("select count(*) as n, if(qr=1,dst_addr,src_addr) as client from dns where "
                "client='198.51.100.1' group by client"),
            "10|198.51.100.1");
}

TEST_F(QueryPacketqTest, MixesTextsAndNumbersInIf) {
  EXPECT_EQ(Ask("select if(protocol==6,'tcp',if(protocol==1,'icmp',protocol)) as p, count(1) as n "
                "from dns group by p order by n,p desc"),
            "tcp|4\n17|16");
  EXPECT_EQ(Ask("select if(edns0,edns_version,'none') as v, count(*) as n from dns group by v "
                "order by v"),
            "0|10\nnone|10");
}

TEST_F(QueryPacketqTest, TakesNumbersForTruth) {
  EXPECT_EQ(Ask("select count(*) as n from dns where qr and not an_count"), "0");
  EXPECT_EQ(Ask("select count(*) as n from dns where (qr or not qr) and 1"), "20");
  EXPECT_EQ(Ask("select if(1 and s < 1 or s <= 1 or s >= 1, 't', 'f') as x from dns limit 1"), "t");
}

TEST_F(QueryPacketqTest, SumsConditions) {
  EXPECT_EQ(Ask("select s as timestamp, count(*)/10 as total, sum((rcode=0) and (an_count=0))/10 "
                "as referral, sum(rcode=3)/10 as nxdomain, sum(rd)/10 as recursion, "
                "sum(protocol=6)/10 as tcp from dns group by truncate(s/10) order by timestamp"),
            "1000|2.0|1.0|0.5|2.0|0.4");
  EXPECT_EQ(Ask("select s ,count(*)/10 as count from dns group by (s/4)>>0 order by s"),
            "1000|1.5\n1004|0.5");
}

TEST_F(QueryPacketqTest, ReadsTheColumnDo) {
  EXPECT_EQ(Ask("select do, edns0, if(do==1,'set','clr') as D0, count(1) as count from dns group "
                "by do,D0,edns0 order by count desc, do"),
            "0|1|clr|10\n1|0|set|10");
}

TEST_F(QueryPacketqTest, MatchesPatternsAndSkips) {
  EXPECT_EQ(Ask("select qname from dns where qname like '%.Example1.s_.' order by id limit 1 "
                "offset 1"),
            "www.Example1.se.");
  EXPECT_EQ(Ask("select count(*) as n from dns where qname not like 'www.%'"), "0");
  EXPECT_EQ(Ask("select count(*) as n from dns where qname like 'WWW.%'"), "0");
}

TEST_F(QueryPacketqTest, Computes) {
  EXPECT_EQ(Ask("select sum(msg_size + 1 - 2 % 4 << 3 >> 2 | 3 & ~4) + 1, 1.1 as float, "
                "truncate(1.1) as integer, sum(src_port + 1.0 - 2.0 / 1.5) + 1.0 as x, 7/2 as y, "
                "len(qname) from dns group by qr, qname having qr >= 0 order by integer, float, x "
                "limit 1"),
            "290|1.1|1|3099.0|3.5|16");
  EXPECT_EQ(Ask("select min(msg_size), max(msg_size), avg(qtype), stdev(qr) from dns"),
            "41|60|14.5|0.5");
}

TEST_F(QueryPacketqTest, CutsAddresses) {
  EXPECT_EQ(Ask("select netmask(src_addr), netmask(dst_addr, 8, 16) from dns where id>3 order by "
                "id limit 2"),
            "2001:db8:1::|198.0.0.0\n192.0.2.0|198.0.0.0");
  EXPECT_EQ(Ask("select if(ether_type==34525,rsplit(src_addr,7,':')||':'||rsplit(src_addr,6,':')"
                "||'::',rsplit(src_addr,3)||'.0') as net, count(*) as n from dns group by net "
                "order by n"),
            "2001:db8::|5\n192.0|15");
}

TEST_F(QueryPacketqTest, ReadsIcmp) {
  EXPECT_EQ(Ask("select id as Id,desc as Description from icmp where type=0 or type=9 order by id"),
            "1|echo\n3|echo");
  EXPECT_EQ(Ask("select if (type=8,src_addr||' -> '||dst_addr,dst_addr||' -> '||src_addr) as "
                "Ping,sum(type==8) as echo,sum(type==0) as reply,((100*reply/echo)>>0)||'%' as "
                "rate,count(*) as cnt from icmp group by ping,echo_identifier"),
            "a -> b|2|2|100%|4");
}

TEST_F(QueryPacketqTest, Samples) {
  EXPECT_EQ(Ask("sample 10; select count(*) from dns"), "2");
}

TEST_F(QueryPacketqTest, TakesEveryKeywordForAnAlias) {
  const std::string keywords =
      rig_.Ask("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'");
  for (const absl::string_view keyword : absl::StrSplit(keywords, '\n')) {
    const std::string sql =
        absl::StrCat("select qr as ", keyword, ", count(*) as n from dns group by ", keyword,
                     ", s order by n, ", keyword);
    EXPECT_THAT(Ask(sql), Not(StartsWith("ERROR"))) << TranslateDialect(sql).text;
  }
}

TEST_F(QueryPacketqTest, LeavesErrorsToTheEngine) {
  EXPECT_THAT(Ask("select subnet(src_addr,24,96) as net from dns"), HasSubstr("subnet"));
  EXPECT_THAT(Ask("selec 1"), StartsWith("ERROR: Parser Error"));
}

}  // namespace
}  // namespace dns_monitor
