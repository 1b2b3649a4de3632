// What a file system leaves of data that it did not get to write.
#pragma once

#include <cstdint>
#include <cstring>

#include "absl/types/span.h"

namespace dns_monitor {

inline bool IsZeros(absl::Span<const uint8_t> bytes) {
  if (bytes.empty()) return true;
  return bytes[0] == 0 && memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace dns_monitor
