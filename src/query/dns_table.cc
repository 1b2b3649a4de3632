// The table `dns`: PacketQ's, column by column.

#include "dns_monitor/dns/address_text.h"
#include "dns_monitor/query/message_row.h"
#include "dns_monitor/query/tables.h"

namespace dns_monitor {
namespace {

// PacketQ has no row for what has no header, and none for queries that ask nothing.
class DnsRow : public MessageRow {
 public:
  using MessageRow::MessageRow;

  bool Reset(const ScanItem& item, int64_t number) {
    if (item.message.size() < kDnsHeaderBytes) return false;
    const bool response = (item.message[2] & 0x80) != 0;
    if (!response && item.message[4] == 0 && item.message[5] == 0) return false;
    Set(item, number);
    return true;
  }
};

using DnsColumn = ScanColumn<DnsRow>;

template <typename Get>
constexpr auto Int(Get) {
  return [](DnsRow* row, Column* column, idx_t i) {
    column->SetInt(i, static_cast<int32_t>(Get{}(row)));
  };
}

template <typename Get>
DnsColumn IntColumn(absl::string_view name, absl::string_view description, Get get) {
  return {{name, ColumnType::kInt, description}, Int(get)};
}

template <typename Get>
DnsColumn FlagColumn(absl::string_view name, absl::string_view description, Get get) {
  return {{name, ColumnType::kFlag, description}, Int(get)};
}

template <typename Get>
DnsColumn TextColumn(absl::string_view name, absl::string_view description, Get) {
  return {{name, ColumnType::kText, description},
          [](DnsRow* row, Column* column, idx_t i) { column->SetText(i, Get{}(row)); }};
}

void AppendNames(std::vector<DnsColumn>* to) {
  to->push_back(TextColumn("qname", "Name of the first question, with its final dot.",
                           [](DnsRow* row) { return row->question().name; }));
  to->push_back(TextColumn("aname", "Name of the first record of the answer section.",
                           [](DnsRow* row) { return row->answer().name; }));
}

void AppendHeader(std::vector<DnsColumn>* to) {
  to->push_back(IntColumn("msg_id", "Identifier of the message.",
                          [](DnsRow* row) { return row->header().id; }));
  to->push_back(IntColumn("msg_size",
                          "Bytes of the message, without TCP's length in front of it; as captured.",
                          [](DnsRow* row) { return row->bytes().size(); }));
  to->push_back(IntColumn("opcode", "0 Query, 4 Notify, 5 Update.",
                          [](DnsRow* row) { return row->header().opcode; }));
  to->push_back(IntColumn("rcode",
                          "Response code of the header, 4 bits: 0 NoError, 2 ServFail, 3 NXDomain.",
                          [](DnsRow* row) { return row->header().rcode; }));
}

void AppendEdns(std::vector<DnsColumn>* to) {
  to->push_back(
      IntColumn("extended_rcode", "The upper 8 bits of the response code (EDNS).",
                [](DnsRow* row) { return row->edns() ? row->edns()->extended_rcode : 0; }));
  to->push_back(IntColumn("edns_version", "Version of EDNS.",
                          [](DnsRow* row) { return row->edns() ? row->edns()->version : 0; }));
  to->push_back(IntColumn("z", "The 15 bits of EDNS behind DO.",
                          [](DnsRow* row) { return row->edns() ? row->edns()->z : 0; }));
  to->push_back(IntColumn("udp_size", "Bytes that the sender takes by UDP (EDNS).",
                          [](DnsRow* row) { return row->edns() ? row->edns()->udp_size : 0; }));
}

void AppendSections(std::vector<DnsColumn>* to) {
  to->push_back(IntColumn("qd_count", "Questions, as the header says.",
                          [](DnsRow* row) { return row->header().qd_count; }));
  to->push_back(IntColumn("an_count", "Records of the answer section, as the header says.",
                          [](DnsRow* row) { return row->header().an_count; }));
  to->push_back(IntColumn("ns_count", "Records of the authority section, as the header says.",
                          [](DnsRow* row) { return row->header().ns_count; }));
  to->push_back(IntColumn("ar_count", "Records of the additional section, as the header says.",
                          [](DnsRow* row) { return row->header().ar_count; }));
  to->push_back(IntColumn("qtype",
                          "Type of the first question: 1 A, 28 AAAA (name('qtype', qtype)).",
                          [](DnsRow* row) { return row->question_numbers().type; }));
  to->push_back(IntColumn("qclass", "Class of the first question: 1 IN.",
                          [](DnsRow* row) { return row->question_numbers().rclass; }));
  to->push_back(IntColumn("qlabels", "Labels of qname, without the root.",
                          [](DnsRow* row) { return row->question().labels; }));
  to->push_back(IntColumn("atype", "Type of the first answer.",
                          [](DnsRow* row) { return row->answer().type; }));
  to->push_back(IntColumn("aclass", "Class of the first answer.",
                          [](DnsRow* row) { return row->answer().rclass; }));
  to->push_back(
      {{"attl", ColumnType::kBigint, "Seconds that the first answer may be kept."},
       [](DnsRow* row, Column* column, idx_t i) { column->SetBigint(i, row->answer().ttl); }});
  to->push_back(IntColumn("alabels", "Labels of aname, without the root.",
                          [](DnsRow* row) { return row->answer().labels; }));
}

void AppendFlags(std::vector<DnsColumn>* to) {
  to->push_back(
      FlagColumn("aa", "Authoritative answer.", [](DnsRow* row) { return row->header().aa; }));
  to->push_back(FlagColumn("tc", "Truncated.", [](DnsRow* row) { return row->header().tc; }));
  to->push_back(
      FlagColumn("rd", "Recursion desired.", [](DnsRow* row) { return row->header().rd; }));
  to->push_back(
      FlagColumn("cd", "Checking disabled.", [](DnsRow* row) { return row->header().cd; }));
  to->push_back(
      FlagColumn("ra", "Recursion available.", [](DnsRow* row) { return row->header().ra; }));
  to->push_back(FlagColumn("ad", "Authentic data.", [](DnsRow* row) { return row->header().ad; }));
  to->push_back(FlagColumn("do", "DNSSEC answers are welcome (EDNS).",
                           [](DnsRow* row) { return row->edns() && row->edns()->dnssec_ok; }));
  to->push_back(FlagColumn("edns0", "The message has an OPT record.",
                           [](DnsRow* row) { return row->edns().has_value(); }));
  to->push_back(
      FlagColumn("qr", "0: a query, 1: a response.", [](DnsRow* row) { return row->header().qr; }));
}

std::string EcsAddress(DnsRow* row) {
  std::string text;
  const auto& subnet = row->client_subnet();
  if (!subnet) return text;
  if (subnet->family == 1) AppendAddress(absl::MakeConstSpan(subnet->address, 4), &text);
  if (subnet->family == 2) AppendAddress(subnet->address, &text);
  return text;
}

void AppendClientSubnet(std::vector<DnsColumn>* to) {
  to->push_back(FlagColumn("edns0_ecs", "The message has a client subnet option (RFC 7871).",
                           [](DnsRow* row) { return row->client_subnet().has_value(); }));
  to->push_back(IntColumn(
      "edns0_ecs_family", "Its address family: 1 IPv4, 2 IPv6.",
      [](DnsRow* row) { return row->client_subnet() ? row->client_subnet()->family : 0; }));
  to->push_back(IntColumn(
      "edns0_ecs_source", "Bits of the address that it tells.",
      [](DnsRow* row) { return row->client_subnet() ? row->client_subnet()->source : 0; }));
  to->push_back(IntColumn("edns0_ecs_scope", "Bits that the answer is for.", [](DnsRow* row) {
    return row->client_subnet() ? row->client_subnet()->scope : 0;
  }));
  to->push_back(
      {{"edns0_ecs_address", ColumnType::kText, "Its address."},
       [](DnsRow* row, Column* column, idx_t i) { column->SetText(i, EcsAddress(row)); }});
}

std::vector<DnsColumn> Columns() {
  std::vector<DnsColumn> columns = PacketColumns<DnsRow>();
  AppendNames(&columns);
  AppendHeader(&columns);
  AppendEdns(&columns);
  AppendSections(&columns);
  AppendFlags(&columns);
  AppendClientSubnet(&columns);
  return columns;
}

}  // namespace

std::unique_ptr<Table> MakeDnsTable() {
  return std::make_unique<ScanTable<DnsRow>>(
      "dns",
      "One row for each DNS message, over UDP and TCP: PacketQ's table, with its columns, their "
      "order and their meaning. Flags are 0 and 1. What a message lacks is 0 or empty.",
      ScanFor::kMessages, Columns());
}

}  // namespace dns_monitor
