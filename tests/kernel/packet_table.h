// The filter's body run on one frame at a time, by BPF_PROG_TEST_RUN, as a table wants it.
#pragma once

#include <cstdint>
#include <vector>

#include "bpf/capture_abi.h"
#include "kernel/filter_row.h"
#include "support/packet_builder.h"

namespace dns_monitor::packet_table {

// What the process sets before loading.
struct Settings {
  std::vector<uint16_t> ports = {53};
  bool icmp_errors = true;
  uint32_t snaplen = CAPTURE_MAX_SNAPLEN;
  uint8_t link_type = CAPTURE_LINK_ETHERNET;
  uint8_t direction = CAPTURE_DIRECTION_ANY;
  bool has_ring = true;  // the CPU that the rows run on
};

// Runs the rows one after the other through one filter, which remembers fragments between them, and
// expects of each its verdict, and that the ring holds the frame if it was taken, else nothing:
// once with each of the programs, which differ in how they read the headers. Keeps
// the calling thread on one CPU.
void RunTable(const Settings& settings, const std::vector<Row>& rows);
inline void RunTable(const std::vector<Row>& rows) {
  RunTable(Settings(), rows);
}

// The beginnings that nearly every row has.
inline PacketBuilder Eth4(const PacketBuilder::Ipv4Fields& fields = {}) {
  return PacketBuilder().Ethernet().Ipv4(fields);
}
inline PacketBuilder Eth6(const PacketBuilder::Ipv6Fields& fields = {}) {
  return PacketBuilder().Ethernet().Ipv6(fields);
}
// Queries, as ICMP errors quote them.
inline PacketBuilder Query4(const PacketBuilder::Ipv4Fields& fields = {}) {
  return PacketBuilder().Ipv4(fields).Udp(40000, 53).Data(24);
}
inline PacketBuilder Query6() {
  return PacketBuilder().Ipv6().Udp(40000, 53).Data(24);
}

// A later fragment: no transport header, but IP says what it is of.
inline PacketBuilder Later4(uint16_t id, uint16_t offset, bool more, int protocol = IPPROTO_UDP) {
  return Eth4({.id = id, .more = more, .offset = offset}).As(protocol).Data(more ? 1480 : 100);
}
inline PacketBuilder First4(uint16_t id, uint16_t port) {
  return Eth4({.id = id, .more = true}).Udp(port, 40000).Data(1472);
}

}  // namespace dns_monitor::packet_table
