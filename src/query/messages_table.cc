// The table `messages`: what DNS says, in words.

#include <string>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "dns_monitor/dns/address_text.h"
#include "dns_monitor/dns/rdata_text.h"
#include "dns_monitor/dns/registry.h"
#include "dns_monitor/enrich/registered_domain.h"
#include "dns_monitor/query/message_row.h"
#include "dns_monitor/query/tables.h"

namespace dns_monitor {
namespace {

// Every message, what cannot be read of it too.
class FullRow : public MessageRow {
 public:
  using MessageRow::MessageRow;

  bool Reset(const ScanItem& item, int64_t number) {
    Set(item, number);
    return true;
  }
  bool has_header() const { return bytes().size() >= kDnsHeaderBytes; }

  std::string scratch;  // for the writers: keeps its memory from row to row
};

using MessageColumn = ScanColumn<FullRow>;

// A lambda without captures: what it does is its type.
template <typename Get>
concept Stateless = std::is_empty_v<Get>;

// `get` appends to the row's scratch and returns whether there is anything; NULL otherwise.
template <Stateless Get>
MessageColumn Text(absl::string_view name, absl::string_view description, Get) {
  return {{name, ColumnType::kText, description}, [](FullRow* row, Column* column, idx_t i) {
            row->scratch.clear();
            Get{}(row, &row->scratch) ? column->SetText(i, row->scratch) : column->SetNull(i);
          }};
}

// NULL without a header.
template <Stateless Get>
MessageColumn Flag(absl::string_view name, absl::string_view description, Get) {
  return {{name, ColumnType::kBool, description}, [](FullRow* row, Column* column, idx_t i) {
            row->has_header() ? column->SetBool(i, Get{}(row)) : column->SetNull(i);
          }};
}

// `get` returns an optional.
template <Stateless Get>
MessageColumn Int(absl::string_view name, absl::string_view description, Get) {
  return {{name, ColumnType::kInt, description}, [](FullRow* row, Column* column, idx_t i) {
            const std::optional<int32_t> value = Get{}(row);
            value ? column->SetInt(i, *value) : column->SetNull(i);
          }};
}

void AppendWhere(std::vector<MessageColumn>* to) {
  to->push_back(
      {{"time", ColumnType::kTime, "When the packet that made the message whole came, UTC."},
       [](FullRow* row, Column* column, idx_t i) { column->SetTime(i, row->item().time_ns); }});
  to->push_back(
      {{"file", ColumnType::kText, "The file that it is in."},
       [](FullRow* row, Column* column, idx_t i) { column->SetText(i, row->item().file->shown); }});
  to->push_back(Text("interface", "The interface, where ledger or name tell it.",
                     [](FullRow* row, std::string* out) {
                       *out = row->item().file->interface;
                       return !out->empty();
                     }));
  to->push_back(Int("vlan", "Identifier of the outermost VLAN tag.",
                    [](FullRow* row) -> std::optional<int32_t> {
                      if (row->packet().vlan == kNoVlan) return std::nullopt;
                      return row->packet().vlan;
                    }));
  to->push_back(Int(
      "frame_len", "Bytes of the frame on the wire; of TCP, of the last one.",
      [](FullRow* row) -> std::optional<int32_t> { return LengthOf(row->item().frame_bytes); }));
}

void AppendEndpoints(std::vector<MessageColumn>* to) {
  to->push_back({{"src_addr", ColumnType::kText, "Address of the sender."},
                 [](FullRow* row, Column* column, idx_t i) {
                   SetAddress(row->packet(), row->packet().source, column, i);
                 }});
  to->push_back({{"src_port", ColumnType::kInt, "Port of the sender."},
                 [](FullRow* row, Column* column, idx_t i) {
                   column->SetInt(i, row->packet().source_port);
                 }});
  to->push_back({{"dst_addr", ColumnType::kText, "Address of the receiver."},
                 [](FullRow* row, Column* column, idx_t i) {
                   SetAddress(row->packet(), row->packet().destination, column, i);
                 }});
  to->push_back({{"dst_port", ColumnType::kInt, "Port of the receiver."},
                 [](FullRow* row, Column* column, idx_t i) {
                   column->SetInt(i, row->packet().destination_port);
                 }});
  to->push_back(
      {{"transport", ColumnType::kText, "udp or tcp."}, [](FullRow* row, Column* column, idx_t i) {
         column->SetText(i, row->item().stream == 0 ? "udp" : "tcp");
       }});
  to->push_back({{"stream", ColumnType::kBigint, "Number of the TCP connection; NULL for UDP."},
                 [](FullRow* row, Column* column, idx_t i) {
                   row->item().stream == 0
                       ? column->SetNull(i)
                       : column->SetBigint(i, static_cast<int64_t>(row->item().stream));
                 }});
  to->push_back(Int("msg_size", "Bytes of the message, as captured.",
                    [](FullRow* row) -> std::optional<int32_t> {
                      return static_cast<int32_t>(row->bytes().size());
                    }));
}

void AppendHeader(std::vector<MessageColumn>* to) {
  to->push_back(
      Int("msg_id", "Identifier of the message.", [](FullRow* row) -> std::optional<int32_t> {
        if (!row->has_header()) return std::nullopt;
        return row->header().id;
      }));
  to->push_back(
      Flag("qr", "Whether it is a response.", [](FullRow* row) { return row->header().qr; }));
  to->push_back(Text("opcode_name", "Query, Notify, Update (IANA's names).",
                     [](FullRow* row, std::string* out) {
                       AppendOpcodeName(row->header().opcode, out);
                       return row->has_header();
                     }));
  to->push_back(Text("rcode_name", "NoError, NXDomain (IANA's names), with EDNS's upper bits.",
                     [](FullRow* row, std::string* out) {
                       AppendRcodeName(ExtendedRcode(row->header(), row->edns()), out);
                       return row->has_header();
                     }));
  to->push_back(Flag("aa", "Authoritative answer.", [](FullRow* row) { return row->header().aa; }));
  to->push_back(Flag("tc", "Truncated.", [](FullRow* row) { return row->header().tc; }));
  to->push_back(Flag("rd", "Recursion desired.", [](FullRow* row) { return row->header().rd; }));
  to->push_back(Flag("ra", "Recursion available.", [](FullRow* row) { return row->header().ra; }));
  to->push_back(Flag("ad", "Authentic data.", [](FullRow* row) { return row->header().ad; }));
  to->push_back(Flag("cd", "Checking disabled.", [](FullRow* row) { return row->header().cd; }));
  to->push_back(Flag("dnssec_ok", "DNSSEC answers are welcome (EDNS's DO).",
                     [](FullRow* row) { return row->edns() && row->edns()->dnssec_ok; }));
}

void AppendQuestion(std::vector<MessageColumn>* to) {
  to->push_back(Text("qname", "Name of the first question, with its final dot.",
                     [](FullRow* row, std::string* out) {
                       absl::StrAppend(out, row->question().name);
                       return !out->empty();
                     }));
  to->push_back(Text("etld1", "Its registered domain, by the public suffix list.",
                     [](FullRow* row, std::string* out) {
                       absl::StrAppend(out, RegisteredDomain(row->question().name));
                       return !out->empty();
                     }));
  to->push_back(Text("qtype_name", "Type of the first question: A, AAAA, HTTPS.",
                     [](FullRow* row, std::string* out) {
                       if (!row->question().is_whole) return false;
                       AppendTypeName(row->question().type, out);
                       return true;
                     }));
  to->push_back(Text("qclass_name", "Class of the first question: IN, CH.",
                     [](FullRow* row, std::string* out) {
                       if (!row->question().is_whole) return false;
                       AppendClassName(row->question().rclass, out);
                       return true;
                     }));
}

// The five vectors of a list of records.
class RecordColumns {
 public:
  explicit RecordColumns(duckdb_vector records)
      : name_(duckdb_struct_vector_get_child(records, 0)),
        type_(duckdb_struct_vector_get_child(records, 1)),
        class_(duckdb_struct_vector_get_child(records, 2)),
        ttl_(duckdb_struct_vector_get_child(records, 3)),
        rdata_(duckdb_struct_vector_get_child(records, 4)) {}

  void Set(FullRow* row, const DnsRecord& record, idx_t i) {
    std::array<char, kMostNameText> text;
    const NameRead name = ReadName(row->bytes(), record.name, row->escapes(), text.data());
    name_.SetText(i, {text.data(), name.text_bytes});
    SetScratch(row, &type_, i, [&](std::string* out) { AppendTypeName(record.type, out); });
    SetScratch(row, &class_, i, [&](std::string* out) { AppendClassName(record.rclass, out); });
    ttl_.SetBigint(i, record.ttl);
    SetScratch(row, &rdata_, i, [&](std::string* out) { AppendRdata(row->bytes(), record, out); });
  }

 private:
  template <typename Append>
  static void SetScratch(FullRow* row, Column* column, idx_t i, Append append) {
    row->scratch.clear();
    append(&row->scratch);
    column->SetText(i, row->scratch);
  }

  Column name_, type_, class_, ttl_, rdata_;
};

template <Section kSection>
void SetRecords(FullRow* row, Column* column, idx_t index) {
  ListAppender list(column, index);
  MessageWalker walker(row->bytes());
  Section section;
  DnsRecord record;
  while (walker.NextRecord(&section, &record)) {
    if (section != kSection) continue;
    const idx_t element = list.Append();
    RecordColumns(list.child()).Set(row, record, element);
  }
}

void AppendSections(std::vector<MessageColumn>* to) {
  to->push_back(
      {{"answers", ColumnType::kRecords, "The answer section, data as zone files have it."},
       SetRecords<Section::kAnswer>});
  to->push_back({{"authorities", ColumnType::kRecords, "The authority section."},
                 SetRecords<Section::kAuthority>});
  to->push_back({{"additionals", ColumnType::kRecords, "The additional section, OPT included."},
                 SetRecords<Section::kAdditional>});
}

// The data of the first option of this code.
std::optional<absl::Span<const uint8_t>> Option(FullRow* row, uint16_t code) {
  if (!row->edns()) return std::nullopt;
  const std::optional<EdnsOption> option = FindOption(row->bytes(), *row->edns(), code);
  if (!option) return std::nullopt;
  return option->data;
}

std::optional<ExtendedError> Error(FullRow* row) {
  constexpr uint16_t kExtendedErrorOption = 15;  // RFC 8914, 2
  ExtendedError error;
  const auto data = Option(row, kExtendedErrorOption);
  if (!data || ReadExtendedError(*data, &error) != Malformed::kNone) return std::nullopt;
  return error;
}

bool AppendSubnet(FullRow* row, std::string* out) {
  const auto& subnet = row->client_subnet();
  if (!subnet) return false;
  if (subnet->family == 1) {
    AppendAddress(absl::MakeConstSpan(subnet->address, 4), out);
  } else if (subnet->family == 2) {
    AppendAddress(subnet->address, out);
  } else {
    absl::StrAppend(out, "family ", subnet->family);
  }
  absl::StrAppend(out, "/", subnet->source, "/", subnet->scope);
  return true;
}

void AppendEdns(std::vector<MessageColumn>* to) {
  to->push_back(Int("edns_version", "Version of EDNS; NULL without it.",
                    [](FullRow* row) -> std::optional<int32_t> {
                      if (!row->edns()) return std::nullopt;
                      return row->edns()->version;
                    }));
  to->push_back(Int("udp_size", "Bytes that the sender takes by UDP (EDNS).",
                    [](FullRow* row) -> std::optional<int32_t> {
                      if (!row->edns()) return std::nullopt;
                      return row->edns()->udp_size;
                    }));
  to->push_back(Text(
      "ecs",
      "Client subnet: address/source/scope (RFC 7871); of another family than IP's, its number "
      "instead of an address.",
      [](FullRow* row, std::string* out) { return AppendSubnet(row, out); }));
  to->push_back(Text("cookie", "DNS cookie, in hexadecimal digits (RFC 7873).",
                     [](FullRow* row, std::string* out) {
                       const auto data = Option(row, 10);
                       if (data) AppendHex(*data, out);
                       return data.has_value();
                     }));
  to->push_back(Text("nsid",
                     "Name server identifier, as text (RFC 5001); what cannot be printed as dots.",
                     [](FullRow* row, std::string* out) {
                       const auto data = Option(row, 3);
                       if (data) AppendPrintable(*data, out);
                       return data.has_value();
                     }));
  to->push_back(
      Int("padding", "Bytes of padding (RFC 7830).", [](FullRow* row) -> std::optional<int32_t> {
        const auto data = Option(row, 12);
        if (!data) return std::nullopt;
        return static_cast<int32_t>(data->size());
      }));
  to->push_back(
      Int("ede_code", "Extended DNS error (RFC 8914).", [](FullRow* row) -> std::optional<int32_t> {
        const auto error = Error(row);
        if (!error) return std::nullopt;
        return error->code;
      }));
  to->push_back(Text(
      "ede_text", "Its name, and what the server says to it, without what cannot be printed.",
      [](FullRow* row, std::string* out) {
        const auto error = Error(row);
        if (!error) return false;
        absl::StrAppend(out, ExtendedErrorName(error->code));
        if (error->text.empty()) return true;
        absl::StrAppend(out, out->empty() ? "" : ": ");
        AppendPrintable(absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(error->text.data()),
                                            error->text.size()),
                        out);
        return true;
      }));
  to->push_back(Text("malformed", "What is wrong with the message; NULL when nothing is.",
                     [](FullRow* row, std::string* out) {
                       absl::StrAppend(out, TextOf(row->malformed()));
                       return !out->empty();
                     }));
}

std::vector<MessageColumn> Columns() {
  std::vector<MessageColumn> columns;
  AppendWhere(&columns);
  AppendEndpoints(&columns);
  AppendHeader(&columns);
  AppendQuestion(&columns);
  AppendSections(&columns);
  AppendEdns(&columns);
  return columns;
}

}  // namespace

std::unique_ptr<Table> MakeMessagesTable() {
  return std::make_unique<ScanTable<FullRow>>(
      "messages",
      "One row for each DNS message, with names instead of numbers, all records, and what is wrong "
      "with it. What a message lacks is NULL.",
      ScanFor::kMessages, Columns());
}

}  // namespace dns_monitor
