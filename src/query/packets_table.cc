// The table `packets`: every captured frame, and why it is no DNS message.

#include "absl/strings/string_view.h"
#include "dns_monitor/dns/name.h"
#include "dns_monitor/query/packet_columns.h"
#include "dns_monitor/query/tables.h"

namespace dns_monitor {
namespace {

class PacketRow : public PacketRowBase {
 public:
  explicit PacketRow(const RowSettings&) {}

  bool Reset(const ScanItem& item, int64_t number) {
    SetItem(item, number);
    return true;
  }
};

using PacketColumn = ScanColumn<PacketRow>;

// Empty: it is one, whole in this frame.
absl::string_view WhyNoMessage(const ScanItem& item) {
  const Packet& packet = *item.packet;
  const bool transport = packet.kind == PacketKind::kUdp || packet.kind == PacketKind::kTcp;
  if (!transport) return PacketKindName(packet.kind);
  if (!item.ports->HasEither(packet.source_port, packet.destination_port)) return "other port";
  if (packet.kind == PacketKind::kTcp) {
    return packet.payload_on_wire == 0 ? "TCP without data" : "part of a TCP stream";
  }
  if (packet.payload_on_wire < kDnsHeaderBytes) return "shorter than a DNS header";
  return packet.payload.size() < kDnsHeaderBytes ? PacketKindName(PacketKind::kTruncated) : "";
}

void SetPort(const Packet& packet, uint16_t port, Column* column, idx_t i) {
  packet.has_ports ? column->SetInt(i, port) : column->SetNull(i);
}

void AppendFrame(std::vector<PacketColumn>* to) {
  to->push_back(
      {{"time", ColumnType::kTime, "When the frame was captured, UTC."},
       [](PacketRow* row, Column* column, idx_t i) { column->SetTime(i, row->item().time_ns); }});
  to->push_back({{"file", ColumnType::kText, "The file that the frame is in."},
                 [](PacketRow* row, Column* column, idx_t i) {
                   column->SetText(i, row->item().file->shown);
                 }});
  to->push_back({{"interface", ColumnType::kText, "The interface, where ledger or name tell it."},
                 [](PacketRow* row, Column* column, idx_t i) {
                   const std::string& interface = row->item().file->interface;
                   interface.empty() ? column->SetNull(i) : column->SetText(i, interface);
                 }});
  to->push_back({{"frame_len", ColumnType::kInt, "Bytes of the frame on the wire."},
                 [](PacketRow* row, Column* column, idx_t i) {
                   column->SetInt(i, LengthOf(row->item().frame_bytes));
                 }});
  to->push_back({{"captured_len", ColumnType::kInt, "Bytes of it that the file has."},
                 [](PacketRow* row, Column* column, idx_t i) {
                   column->SetInt(i, LengthOf(row->item().captured_bytes));
                 }});
  to->push_back({{"vlan", ColumnType::kInt, "Identifier of the outermost VLAN tag."},
                 [](PacketRow* row, Column* column, idx_t i) {
                   const uint16_t vlan = row->packet().vlan;
                   vlan == kNoVlan ? column->SetNull(i) : column->SetInt(i, vlan);
                 }});
}

void AppendNetwork(std::vector<PacketColumn>* to) {
  to->push_back({{"ether_type", ColumnType::kInt, "2048 IPv4, 34525 IPv6, 2054 ARP."},
                 [](PacketRow* row, Column* column, idx_t i) {
                   column->SetInt(i, row->packet().ether_type);
                 }});
  to->push_back({{"src_addr", ColumnType::kText, "Address of the sender."},
                 [](PacketRow* row, Column* column, idx_t i) {
                   row->packet().ip_version == 0
                       ? column->SetNull(i)
                       : SetAddress(row->packet(), row->packet().source, column, i);
                 }});
  to->push_back({{"dst_addr", ColumnType::kText, "Address of the receiver."},
                 [](PacketRow* row, Column* column, idx_t i) {
                   row->packet().ip_version == 0
                       ? column->SetNull(i)
                       : SetAddress(row->packet(), row->packet().destination, column, i);
                 }});
  to->push_back({{"protocol", ColumnType::kInt, "Protocol above IP: 17 UDP, 6 TCP, 1 ICMP."},
                 [](PacketRow* row, Column* column, idx_t i) {
                   row->packet().ip_version == 0 ? column->SetNull(i)
                                                 : column->SetInt(i, row->packet().protocol);
                 }});
  to->push_back({{"src_port", ColumnType::kInt, "Port of the sender."},
                 [](PacketRow* row, Column* column, idx_t i) {
                   SetPort(row->packet(), row->packet().source_port, column, i);
                 }});
  to->push_back({{"dst_port", ColumnType::kInt, "Port of the receiver."},
                 [](PacketRow* row, Column* column, idx_t i) {
                   SetPort(row->packet(), row->packet().destination_port, column, i);
                 }});
  to->push_back({{"payload_len", ColumnType::kInt,
                  "Bytes that UDP, TCP, ICMP or the fragment carry, by the headers."},
                 [](PacketRow* row, Column* column, idx_t i) {
                   column->SetInt(i, static_cast<int32_t>(row->packet().payload_on_wire));
                 }});
  to->push_back({{"reason", ColumnType::kText,
                  "Why the frame is no DNS message of its own; NULL when it is one."},
                 [](PacketRow* row, Column* column, idx_t i) {
                   const absl::string_view reason = WhyNoMessage(row->item());
                   reason.empty() ? column->SetNull(i) : column->SetText(i, reason);
                 }});
}

}  // namespace

std::unique_ptr<Table> MakePacketsTable() {
  std::vector<PacketColumn> columns;
  AppendFrame(&columns);
  AppendNetwork(&columns);
  return std::make_unique<ScanTable<PacketRow>>(
      "packets", "One row for each captured frame, as it came, be it DNS or not.",
      ScanFor::kPackets, std::move(columns));
}

}  // namespace dns_monitor
