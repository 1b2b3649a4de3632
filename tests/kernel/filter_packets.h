// Frames to hold two filters against each other: of every kind that a filter tells apart, and some
// that end in the middle of a header.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dns_monitor::filter_test {

using Bytes = std::vector<uint8_t>;

struct Packet {
  std::string name;
  Bytes frame;            // from the Ethernet header on
  bool is_cut = false;    // must not be padded
  bool is_paged = false;  // to be sent so that most of it is outside of the linear part
};

// Their lengths differ from each other, also after the kernel has taken a VLAN tag off those that
// carry one, so that a length names a packet. None has the length kSentinelBytes.
std::vector<Packet> MakePackets();

// Whether the kernel takes four bytes off this frame on reception.
bool HasOuterTag(const Bytes& frame);

inline constexpr size_t kEthernetBytes = 14;
inline constexpr size_t kSentinelBytes = 1400;

}  // namespace dns_monitor::filter_test
