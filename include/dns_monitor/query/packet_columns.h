// The columns that PacketQ gives every packet, in its order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "dns_monitor/base/clock.h"
#include "dns_monitor/dns/address_text.h"
#include "dns_monitor/query/scan_table.h"

namespace dns_monitor {

// No frame is that long, but a damaged capture may say so.
inline int32_t LengthOf(uint32_t bytes) {
  return static_cast<int32_t>(std::min<uint32_t>(bytes, std::numeric_limits<int32_t>::max()));
}

// Of a packet's row: what PacketColumns writes from.
class PacketRowBase {
 public:
  const ScanItem& item() const { return *item_; }
  const Packet& packet() const { return *item_->packet; }
  int64_t number() const { return number_; }

 protected:
  void SetItem(const ScanItem& item, int64_t number) {
    item_ = &item;
    number_ = number;
  }

 private:
  const ScanItem* item_ = nullptr;
  int64_t number_ = 0;
};

// `address` as Packet has it. Empty without an IP header.
inline void SetAddress(const Packet& packet, const uint8_t* address, Column* column, idx_t index) {
  char text[kMostIpv6Text];
  const char* end = text;
  if (packet.ip_version == 4) end = WriteIpv4(address, text);
  if (packet.ip_version == 6) end = WriteIpv6(address, text);
  column->SetText(index, {text, static_cast<size_t>(end - text)});
}

// Seconds and what is left of them, below and above 1970.
inline int64_t SecondsOf(int64_t time_ns) {
  return time_ns / kNanosecondsPerSecond - (time_ns % kNanosecondsPerSecond < 0 ? 1 : 0);
}
inline int32_t MicrosecondsOf(int64_t time_ns) {
  return static_cast<int32_t>((time_ns - SecondsOf(time_ns) * kNanosecondsPerSecond) /
                              kNanosecondsPerMicrosecond);
}

template <typename Row>
std::vector<ScanColumn<Row>> PacketColumns() {
  return {
      {{"id", ColumnType::kBigint,
        "Number of the row over all files, from 1. To ask for it makes the scan run on one "
        "thread."},
       [](Row* row, Column* column, idx_t i) { column->SetBigint(i, row->number()); }},
      {{"s", ColumnType::kBigint, "Time of the packet: whole seconds since 1970, UTC."},
       [](Row* row, Column* column, idx_t i) {
         column->SetBigint(i, SecondsOf(row->item().time_ns));
       }},
      {{"us", ColumnType::kInt, "Microseconds of the second."},
       [](Row* row, Column* column, idx_t i) {
         column->SetInt(i, MicrosecondsOf(row->item().time_ns));
       }},
      {{"ether_type", ColumnType::kInt, "2048 for IPv4, 34525 for IPv6."},
       [](Row* row, Column* column, idx_t i) { column->SetInt(i, row->packet().ether_type); }},
      {{"src_port", ColumnType::kInt, "Port of the sender; 0 without one."},
       [](Row* row, Column* column, idx_t i) { column->SetInt(i, row->packet().source_port); }},
      {{"dst_port", ColumnType::kInt, "Port of the receiver; 0 without one."},
       [](Row* row, Column* column, idx_t i) {
         column->SetInt(i, row->packet().destination_port);
       }},
      {{"src_addr", ColumnType::kText, "Address of the sender."},
       [](Row* row, Column* column, idx_t i) {
         SetAddress(row->packet(), row->packet().source, column, i);
       }},
      {{"dst_addr", ColumnType::kText, "Address of the receiver."},
       [](Row* row, Column* column, idx_t i) {
         SetAddress(row->packet(), row->packet().destination, column, i);
       }},
      {{"protocol", ColumnType::kInt, "Protocol above IP: 17 UDP, 6 TCP, 1 ICMP, 58 ICMPv6."},
       [](Row* row, Column* column, idx_t i) { column->SetInt(i, row->packet().protocol); }},
      {{"ip_ttl", ColumnType::kInt, "Time to live, or hop limit."},
       [](Row* row, Column* column, idx_t i) { column->SetInt(i, row->packet().ttl); }},
      {{"ip_version", ColumnType::kInt, "4 or 6."},
       [](Row* row, Column* column, idx_t i) { column->SetInt(i, row->packet().ip_version); }},
      {{"fragments", ColumnType::kInt,
        "How many IP fragments the packet came in; 0 when it was not fragmented."},
       [](Row* row, Column* column, idx_t i) {
         const uint32_t fragments = row->packet().fragments;
         column->SetInt(i, fragments > 1 ? static_cast<int32_t>(fragments) : 0);
       }},
  };
}

}  // namespace dns_monitor
