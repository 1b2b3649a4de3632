// Facts of UDP that both ways through a frame need.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dns_monitor {

inline constexpr size_t kUdpBytes = 8;
inline constexpr uint16_t kVxlanPort = 4789;   // RFC 7348
inline constexpr uint16_t kGenevePort = 6081;  // RFC 8926

}  // namespace dns_monitor
