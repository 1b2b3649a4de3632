// Rows of frames that are sent over the pair of live_network.h.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bpf/capture_abi.h"
#include "kernel/filter_row.h"
#include "kernel/live_network.h"
#include "support/packet_builder.h"
#include "support/ring_reader.h"

namespace dns_monitor::live {

// The beginnings that nearly every row has.
inline PacketBuilder Eth() {
  return PacketBuilder().Ethernet();
}
inline PacketBuilder Eth4(const PacketBuilder::Ipv4Fields& fields = {}) {
  return Eth().Ipv4(fields);
}
inline PacketBuilder Query(size_t payload = 24) {
  return Eth4().Udp(40000, 53).Data(payload);
}
inline PacketBuilder First4(uint16_t id, uint16_t from, uint16_t to) {
  return Eth4({.id = id, .more = true}).Udp(from, to).Data(96);
}
inline PacketBuilder Later4(uint16_t id) {
  return Eth4({.id = id, .offset = 104}).As(IPPROTO_UDP).Data(50);
}

// Through the pair: kRight receives it, and kLeft sends it.
inline void SendLeft(const Bytes& frame) {
  SendFrom(kLeft, frame);
}
inline void SendRight(const Bytes& frame) {
  SendFrom(kRight, frame);
}

// Sends each frame by `send`, and expects of the tap its verdict, and that the rings hold it if it
// was taken.
template <typename Send>
void RunRows(LiveTap& tap, Send send, const std::vector<Row>& rows,
             size_t snaplen = CAPTURE_MAX_SNAPLEN) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    send(row.frame);
    EXPECT_EQ(tap.AwaitSeen(1), row.expected);
    ExpectKept(row, snaplen, OfType(tap.Take(), CAPTURE_RECORD_PACKET));
  }
}

}  // namespace dns_monitor::live
