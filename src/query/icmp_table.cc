// The table `icmp`: PacketQ's, for ICMP and ICMPv6. A capture of DNS has the errors that quote it.

#include <string>

#include "absl/strings/str_cat.h"
#include "dns_monitor/packet/icmp.h"
#include "dns_monitor/query/packet_columns.h"
#include "dns_monitor/query/tables.h"

namespace dns_monitor {
namespace {

class IcmpRow : public PacketRowBase {
 public:
  explicit IcmpRow(const RowSettings&) {}

  bool Reset(const ScanItem& item, int64_t number) {
    SetItem(item, number);
    return ViewIcmp(*item.packet, &view);
  }

  IcmpView view;
};

using IcmpColumn = ScanColumn<IcmpRow>;

// "destination unreachable: port unreachable".
std::string Description(const IcmpView& view) {
  if (view.code_name.empty()) return std::string(view.type_name);
  return absl::StrCat(view.type_name, ": ", view.code_name);
}

std::vector<IcmpColumn> Columns() {
  std::vector<IcmpColumn> columns = PacketColumns<IcmpRow>();
  columns.push_back(
      {{"type", ColumnType::kInt, "Type of the ICMP message."},
       [](IcmpRow* row, Column* column, idx_t i) { column->SetInt(i, row->view.type); }});
  columns.push_back(
      {{"code", ColumnType::kInt, "Its code."},
       [](IcmpRow* row, Column* column, idx_t i) { column->SetInt(i, row->view.code); }});
  columns.push_back(
      {{"echo_identifier", ColumnType::kInt, "Identifier of an echo request or reply."},
       [](IcmpRow* row, Column* column, idx_t i) { column->SetInt(i, row->view.identifier); }});
  columns.push_back(
      {{"echo_sequence", ColumnType::kInt, "Its number in the sequence."},
       [](IcmpRow* row, Column* column, idx_t i) { column->SetInt(i, row->view.sequence); }});
  columns.push_back(
      {{"du_protocol", ColumnType::kInt, "Of an error: protocol of the packet that it quotes."},
       [](IcmpRow* row, Column* column, idx_t i) {
         column->SetInt(i, row->view.quoted.protocol);
       }});
  columns.push_back({{"du_src_addr", ColumnType::kText, "Of an error: who sent that packet."},
                     [](IcmpRow* row, Column* column, idx_t i) {
                       SetAddress(row->view.quoted, row->view.quoted.source, column, i);
                     }});
  columns.push_back({{"du_dst_addr", ColumnType::kText, "Of an error: where it was to go."},
                     [](IcmpRow* row, Column* column, idx_t i) {
                       SetAddress(row->view.quoted, row->view.quoted.destination, column, i);
                     }});
  columns.push_back(
      {{"desc", ColumnType::kText, "What type and code mean."},
       [](IcmpRow* row, Column* column, idx_t i) { column->SetText(i, Description(row->view)); }});
  return columns;
}

}  // namespace

std::unique_ptr<Table> MakeIcmpTable() {
  return std::make_unique<ScanTable<IcmpRow>>(
      "icmp",
      "One row for each ICMP and ICMPv6 message: PacketQ's table. Captures have those that quote "
      "DNS, such as a closed port. What a message lacks is 0 or empty.",
      ScanFor::kIcmp, Columns());
}

}  // namespace dns_monitor
