// The ether types that Dissector goes through: IEEE's registry, and what was in use before it.
#pragma once

#include <cstdint>

#include "dns_monitor/packet/packet.h"

namespace dns_monitor {

inline constexpr uint16_t kMostLength = 1500;  // IEEE 802.3: up to here it is none, but a length
inline constexpr uint16_t kBridgedEthernet = 0x6558;  // RFC 1701
inline constexpr uint16_t kMplsUnicast = 0x8847;
inline constexpr uint16_t kMplsMulticast = 0x8848;
inline constexpr uint16_t kPppoeSession = 0x8864;

inline bool IsVlanType(uint16_t type) {
  // 802.1Q, 802.1ad, and what switches used for outer tags before that.
  return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200;
}

// Whether there may be IP behind it.
inline bool IsKnownEtherType(uint16_t type) {
  return type == kEtherTypeIpv4 || type == kEtherTypeIpv6 || IsVlanType(type) ||
         type == kBridgedEthernet || type == kMplsUnicast || type == kMplsMulticast ||
         type == kPppoeSession;
}

}  // namespace dns_monitor
