// What fuzz targets say must hold.
#pragma once

#include <cstdint>
#include <cstdlib>

#include "absl/types/span.h"

namespace dns_monitor {

inline void Require(bool condition) {
  if (!condition) abort();
}

// For AddressSanitizer to see that all of it is there.
inline void RequireReadable(absl::Span<const uint8_t> bytes) {
  uint64_t sum = 0;
  for (const uint8_t byte : bytes) sum += byte;
  Require(sum <= uint64_t{255} * bytes.size());
}

}  // namespace dns_monitor
