// Numbers as network protocols have them; the bytes are there.
#pragma once

#include <endian.h>

#include <cstdint>
#include <cstring>

namespace dns_monitor {

inline uint16_t BigEndian16(const uint8_t* at) {
  uint16_t value;
  std::memcpy(&value, at, sizeof(value));
  return be16toh(value);
}
inline uint32_t BigEndian32(const uint8_t* at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof(value));
  return be32toh(value);
}

}  // namespace dns_monitor
