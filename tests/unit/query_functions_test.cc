#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/query/functions.h"
#include "support/capture_directory.h"
#include "support/duckdb_rig.h"
#include "support/geo_file.h"

namespace dns_monitor {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class QueryFunctionsTest : public ::testing::Test {
 protected:
  QueryFunctionsTest() {
    const absl::Status status = RegisterFunctions(rig_.connection());
    EXPECT_TRUE(status.ok()) << status;
  }
  // Of an expression.
  std::string Value(const std::string& expression) { return rig_.Ask("SELECT " + expression); }

  DuckdbRig rig_;
};

TEST_F(QueryFunctionsTest, RsplitCountsFromTheRight) {
  EXPECT_EQ(Value("rsplit('192.168.0.1', 2)"), "168");
  EXPECT_EQ(Value("rsplit('192.168.0.1', 0)"), "1");
  EXPECT_EQ(Value("rsplit('192.168.0.1', 3)"), "192");
  EXPECT_EQ(Value("rsplit('192.168.0.1', 4)"), "");
  EXPECT_EQ(Value("rsplit('192.168.0.1', -1)"), "192.168.0.1");
}

TEST_F(QueryFunctionsTest, RsplitOfANameHasTheRootAtItsEnd) {
  EXPECT_EQ(Value("rsplit('www.example.se.', 0)"), "");
  EXPECT_EQ(Value("rsplit('www.example.se.', 1)"), "se");
  EXPECT_EQ(Value("rsplit('www.example.se.', 2)||'.'||rsplit('www.example.se.', 1)"), "example.se");
  EXPECT_EQ(Value("rsplit('se.', 2)"), "");
  EXPECT_EQ(Value("rsplit('.', 1)"), "");
  EXPECT_EQ(Value("rsplit('', 0)"), "");
}

TEST_F(QueryFunctionsTest, RsplitTakesTheFirstCharacterOfASeparator) {
  EXPECT_EQ(Value("rsplit('2001:db8::1', 3, ':')"), "2001");
  EXPECT_EQ(Value("rsplit('a-b-c', 1, '-x')"), "b");
  EXPECT_EQ(Value("rsplit('aöböc', 1, 'ö')"), "b");
  EXPECT_EQ(Value("rsplit('a.b', 0, '')"), "a.b");
  EXPECT_EQ(Value("rsplit('a.b', 1, '')"), "");
}

TEST_F(QueryFunctionsTest, TrimRemovesAWholeText) {
  EXPECT_EQ(Value("trim('se.domains.se', 'se')"), ".domains.");
  EXPECT_EQ(Value("trim('foofoo1foofoo', 'foo')"), "1");
  EXPECT_EQ(Value("trim('ofo1oof', 'foo')"), "ofo1oof");
  EXPECT_EQ(Value("trim('aaa', 'a')"), "");
  EXPECT_EQ(Value("trim('aaa', 'aa')"), "a");
  EXPECT_EQ(Value("trim('abc', '')"), "abc");
}

TEST_F(QueryFunctionsTest, TrimOfStandardSqlStaysAsItIs) {
  EXPECT_EQ(Value("trim('  a b ')"), "a b");
  EXPECT_EQ(Value("trim(BOTH 'x' FROM 'xxaxx')"), "a");
  EXPECT_EQ(Value("trim(BOTH FROM ' a ')"), "a");
  EXPECT_EQ(Value("trim(LEADING 'x' FROM 'xxaxx')"), "axx");
  EXPECT_EQ(Value("ltrim('ofo1', 'fo')"), "1");
}

TEST_F(QueryFunctionsTest, TruncateGoesTowardsZero) {
  EXPECT_EQ(Value("truncate(1.1), truncate(-1.9), truncate(17/10), truncate(5)"), "1|-1|1|5");
  EXPECT_EQ(Value("typeof(truncate(1.5::DOUBLE))"), "BIGINT");
}

TEST_F(QueryFunctionsTest, ShiftsTruncate) {
  EXPECT_EQ(Value("(1302246609/10)>>0"), "130224660");
  EXPECT_EQ(Value("(-15/2)>>0, (15/2)<<1, (15/2)>>1"), "-7|14|3");
  EXPECT_EQ(Value("12 >> 2, 3 << 2, typeof(12 >> 2)"), "3|12|INTEGER");
  EXPECT_EQ(Value("1e300::DOUBLE >> 0, 'nan'::DOUBLE >> 0, 1.5::DOUBLE >> 64"), "NULL|NULL|NULL");
}

TEST_F(QueryFunctionsTest, StdevIsThatOfThePopulation) {
  EXPECT_EQ(rig_.Ask("SELECT stdev(x) FROM (VALUES (2),(4),(4),(4),(5),(5),(7),(9)) t(x)"), "2.0");
  EXPECT_EQ(rig_.Ask("SELECT stdev(1)"), "0.0");
}

TEST_F(QueryFunctionsTest, NameSpeaksAsPacketqDoes) {
  EXPECT_EQ(Value("name('rcode', 0), NAME( 'rcode' , 3 ), name('rcode', 16)"),
            "NoError|NXDomain|BADSIG");
  EXPECT_EQ(Value("name('qtype', 1), name('qtype', 255), name('qtype', 65)"), "A|*|HTTPS");
  EXPECT_EQ(Value("name('opcode', 4), name('class', 3), name('qclass', 1)"), "Notify|CH|IN");
}

TEST_F(QueryFunctionsTest, NameLeavesANumberWithoutNameAsItIs) {
  EXPECT_EQ(Value("name('qtype', 65280), name('qtype', -1), name('rcode', 65536)"),
            "65280|-1|65536");
  EXPECT_EQ(Value("name('nosuch', 1), name('opcode', 256)"), "1|256");
}

TEST_F(QueryFunctionsTest, NetmaskKeepsTheFirstBits) {
  EXPECT_EQ(Value("netmask('192.0.2.129'), netmask('2001:db8:1:2::3')"), "192.0.2.0|2001:db8:1::");
  EXPECT_EQ(Value("netmask('192.0.2.129', 8), netmask('2001:db8:1:2::3', 8)"),
            "192.0.0.0|2001:db8:1::");
  EXPECT_EQ(Value("netmask('192.0.2.129', 25, 16), netmask('2001:db8:1:2::3', 8, 16)"),
            "192.0.2.128|2001::");
  EXPECT_EQ(Value("netmask('192.0.2.129', 0), netmask('2001:db8::3', 0, 0)"), "0.0.0.0|::");
  EXPECT_EQ(Value("netmask('192.0.2.129', 99, -1), netmask('2001:db8::3', -1, 999)"),
            "192.0.2.129|2001:db8::3");
  EXPECT_EQ(Value("netmask(''), netmask('192.0.2'), netmask('192.0.2.256'), netmask('x')"), "|||");
}

TEST_F(QueryFunctionsTest, KnowsPrivateAddresses) {
  for (const char* address :
       {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fdff::1"}) {
    EXPECT_EQ(Value(absl::StrCat("is_private('", address, "')")), "true") << address;
  }
  for (const char* address : {"11.0.0.1", "172.15.0.1", "172.32.0.1", "192.169.1.1", "127.0.0.1",
                              "fe80::1", "2001:db8::1", "", "private"}) {
    EXPECT_EQ(Value(absl::StrCat("is_private('", address, "')")), "false") << address;
  }
}

TEST_F(QueryFunctionsTest, FindsTheAddressOfAReverseName) {
  EXPECT_EQ(Value("ptr_address('1.2.0.192.in-addr.arpa.')"), "192.0.2.1");
  EXPECT_EQ(Value("ptr_address('1.2.0.192.IN-ADDR.ARPA')"), "192.0.2.1");
  EXPECT_EQ(Value("ptr_address('1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
                  "8.B.D.0.1.0.0.2.ip6.arpa.')"),
            "2001:db8::1");
  for (const char* name :
       {"2.0.192.in-addr.arpa.", "in-addr.arpa.", "x.1.2.0.192.in-addr.arpa.",
        "256.2.0.192.in-addr.arpa.", "1.2.0.192.example.", "", ".", "8.b.d.0.1.0.0.2.ip6.arpa.",
        "ip6.arpa.", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.g.d.0.1.0.0.2.ip6.arpa."}) {
    EXPECT_EQ(Value(absl::StrCat("ptr_address('", name, "')")), "NULL") << name;
  }
}

TEST_F(QueryFunctionsTest, FindsTheReverseNameOfAnAddress) {
  EXPECT_EQ(Value("ptr_name('192.0.2.1')"), "1.2.0.192.in-addr.arpa.");
  EXPECT_EQ(Value("ptr_name('2001:db8::1')"),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.");
  EXPECT_EQ(Value("ptr_name('example.com')"), "NULL");
  EXPECT_EQ(Value("ptr_address(ptr_name('fe80::a:b'))"), "fe80::a:b");
}

TEST_F(QueryFunctionsTest, HasTheNamesOfIana) {
  EXPECT_EQ(Value("type_name(1), type_name(255), type_name(65280)"), "A|ANY|TYPE65280");
  EXPECT_EQ(Value("class_name(1), class_name(32)"), "IN|CLASS32");
  EXPECT_EQ(Value("rcode_name(3), rcode_name(16), rcode_name(3841)"), "NXDomain|BADVERS|RCODE3841");
  EXPECT_EQ(Value("opcode_name(0), opcode_name(3)"), "Query|OPCODE3");
  EXPECT_EQ(Value("type_name(-1), type_name(65536), opcode_name(256)"), "NULL|NULL|NULL");
}

TEST_F(QueryFunctionsTest, FindsRegisteredDomains) {
  EXPECT_EQ(Value("etld1('WWW.Example.co.uk.'), etld1('.'), etld1('')"), "example.co.uk.|.|");
}

TEST_F(QueryFunctionsTest, MakeNullOfNull) {
  for (const char* call : {"rsplit(NULL, 1)",
                           "rsplit('a', NULL)",
                           "rsplit('a', 1, NULL)",
                           "trim(NULL)",
                           "trim(NULL, 'a')",
                           "trim('a', NULL)",
                           "truncate(NULL)",
                           "name(NULL, 1)",
                           "name('rcode', NULL)",
                           "netmask(NULL)",
                           "netmask('10.0.0.1', NULL)",
                           "is_private(NULL)",
                           "ptr_address(NULL)",
                           "ptr_name(NULL)",
                           "type_name(NULL)",
                           "class_name(NULL)",
                           "rcode_name(NULL)",
                           "opcode_name(NULL)",
                           "etld1(NULL)",
                           "NULL::DOUBLE >> 1"}) {
    EXPECT_EQ(Value(call), "NULL") << call;
  }
}

TEST_F(QueryFunctionsTest, WorkOnManyRowsWithHoles) {
  rig_.Ask(
      "CREATE TABLE t AS SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE "
      "'host' || i || '.example' || (i % 5) || '.com.' END AS n FROM range(10000) r(i)");
  EXPECT_EQ(rig_.Ask("SELECT count(*), count(etld1(n)), count(DISTINCT etld1(n)), "
                     "count(rsplit(n, 3)), count(DISTINCT rsplit(n, 3)) FROM t"),
            "10000|6666|5|6666|6666");
  EXPECT_EQ(rig_.Ask("SELECT count(*) FROM t WHERE rsplit(n, 3) = 'host' || i"), "6666");
  EXPECT_EQ(rig_.Ask("SELECT sum(length(type_name(i))) = sum(length(name('qtype', i))), "
                     "count(ptr_name('10.0.0.' || i)) FROM t WHERE i BETWEEN 1 AND 53"),
            "true|53");
}

TEST_F(QueryFunctionsTest, WorkInEveryConnectionAndThread) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this] {
      duckdb_connection connection = nullptr;
      ASSERT_EQ(duckdb_connect(rig_.database(), &connection), DuckDBSuccess);
      duckdb_result result;
      EXPECT_EQ(duckdb_query(connection,
                             "SELECT count(DISTINCT etld1('a.b' || i % 7 || '.com.') || "
                             "netmask('10.0.' || i % 11 || '.1') || trim('xx' || i % 2, 'xx')) "
                             "FROM range(50000) r(i)",
                             &result),
                DuckDBSuccess)
          << duckdb_result_error(&result);
      EXPECT_EQ(duckdb_value_int64(&result, 0, 0), 154);
      duckdb_destroy_result(&result);
      duckdb_disconnect(&connection);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// One after the other in one process: the first answer holds.
TEST_F(QueryFunctionsTest, FindsCountriesAndAsNumbers) {
  const CaptureDirectory directory;
  GeoFile countries;
  countries.Add("192.0.2.0", 24, CountryRecord("SE"));
  std::ofstream(directory.path() + "/GeoLite2-Country.mmdb") << countries.Content();
  setenv("PACKETQ_MAXMIND_PATH", directory.path().c_str(), 1);
  setenv("PACKETQ_MAXMIND_ASN_DB", "/nonexistent/asn.mmdb", 1);
  EXPECT_EQ(Value("cc('192.0.2.1'), cc('203.0.113.1'), cc(''), cc(NULL)"), "SE|||NULL");
  EXPECT_THAT(Value("asn('192.0.2.1')"),
              AllOf(StartsWith("ERROR: "), HasSubstr("PACKETQ_MAXMIND_ASN_DB"),
                    HasSubstr("/nonexistent/asn.mmdb")));
}

}  // namespace
}  // namespace dns_monitor
