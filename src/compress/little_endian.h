// Numbers as zstd's formats have them.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace dns_monitor {

inline void AppendLittleEndian(uint32_t value, int bytes, std::string* to) {
  for (int i = 0; i < bytes; ++i) to->push_back(static_cast<char>(value >> 8 * i));
}

// Four bytes at `at`, which are there.
inline uint32_t LittleEndian32(absl::string_view bytes, size_t at = 0) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

}  // namespace dns_monitor
