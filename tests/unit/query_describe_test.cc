// docs/queries.md says what the code says.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/query/describe.h"
#include "dns_monitor/query/tables.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

std::string Page() {
  std::ifstream file(DNS_MONITOR_SOURCE_DIR "/docs/queries.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(DescribeTest, PageHasAllTablesAsTheCodeDescribesThem) {
  // Goes into the page as it is, when this fails.
  EXPECT_THAT(Page(), HasSubstr(DescribeAsMarkdown()));
}

TEST(DescribeTest, EachTableIsDescribedOnATerminalOf80Columns) {
  for (const auto& table : AllTables()) {
    const std::string text = DescribeTable(table->name());
    for (const absl::string_view line : absl::StrSplit(text, '\n')) EXPECT_LE(line.size(), 80u);
    for (const ColumnInfo& column : table->columns()) EXPECT_THAT(text, HasSubstr(column.name));
  }
  EXPECT_THAT(DescribeTable("nosuch"), HasSubstr("there is no table nosuch"));
}

TEST(DescribeTest, ColumnsHaveNamesOfTheirOwnAndSentences) {
  for (const auto& table : AllTables()) {
    std::set<std::string> names;
    for (const ColumnInfo& column : table->columns()) {
      EXPECT_TRUE(names.insert(absl::AsciiStrToLower(column.name)).second) << column.name;
      EXPECT_TRUE(absl::EndsWith(column.description, ".")) << column.description;
    }
  }
}

TEST(DescribeTest, DnsIsPacketQsTable) {
  std::vector<std::string> names;
  for (const ColumnInfo& column : AllTables().front()->columns()) names.emplace_back(column.name);
  EXPECT_THAT(names, ElementsAreArray({"id",
                                       "s",
                                       "us",
                                       "ether_type",
                                       "src_port",
                                       "dst_port",
                                       "src_addr",
                                       "dst_addr",
                                       "protocol",
                                       "ip_ttl",
                                       "ip_version",
                                       "fragments",
                                       "qname",
                                       "aname",
                                       "msg_id",
                                       "msg_size",
                                       "opcode",
                                       "rcode",
                                       "extended_rcode",
                                       "edns_version",
                                       "z",
                                       "udp_size",
                                       "qd_count",
                                       "an_count",
                                       "ns_count",
                                       "ar_count",
                                       "qtype",
                                       "qclass",
                                       "qlabels",
                                       "atype",
                                       "aclass",
                                       "attl",
                                       "alabels",
                                       "aa",
                                       "tc",
                                       "rd",
                                       "cd",
                                       "ra",
                                       "ad",
                                       "do",
                                       "edns0",
                                       "qr",
                                       "edns0_ecs",
                                       "edns0_ecs_family",
                                       "edns0_ecs_source",
                                       "edns0_ecs_scope",
                                       "edns0_ecs_address"}));
}

}  // namespace
}  // namespace dns_monitor
