// Datagrams cut into fragments.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "support/packet_builder.h"
#include "support/packet_text.h"

namespace dns_monitor {

// What IP carries: UDP of so many bytes, that differ from each other.
inline Bytes UdpDatagram(size_t data_bytes) {
  Bytes bytes = PacketBuilder().Udp(53, 40000).Data(data_bytes);
  for (size_t i = 8; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 31 / 7);
  return bytes;
}

// The fragment that begins at `from`, of the datagram with this id.
inline Dissected FragmentOf(int ip_version, const Bytes& datagram, size_t from, size_t to,
                            uint16_t id = 7, int protocol = IPPROTO_UDP) {
  const bool more = to < datagram.size();
  const auto offset = static_cast<uint16_t>(from);
  const Bytes part(datagram.begin() + static_cast<ptrdiff_t>(from),
                   datagram.begin() + static_cast<ptrdiff_t>(to));
  PacketBuilder frame = PacketBuilder().Ethernet().Vlan(5);
  if (ip_version == 4) {
    frame.Ipv4({.id = id, .more = more, .offset = offset});
  } else {
    frame.Ipv6().Fragment(id, offset, more);
  }
  return Dissected(frame.As(protocol).Literal(part));
}

// All of them; they end at `cuts` and at the end.
inline std::vector<Dissected> FragmentsOf(int ip_version, const Bytes& datagram,
                                          std::vector<size_t> cuts, uint16_t id = 7,
                                          int protocol = IPPROTO_UDP) {
  std::vector<Dissected> fragments;
  size_t from = 0;
  cuts.push_back(datagram.size());
  for (const size_t to : cuts) {
    fragments.push_back(FragmentOf(ip_version, datagram, from, to, id, protocol));
    from = to;
  }
  return fragments;
}

}  // namespace dns_monitor
