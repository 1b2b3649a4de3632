// An input as a row of records: eight bytes that say what is done, the last one how many bytes
// follow it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace dns_monitor {

struct FuzzRecord {
  const uint8_t* says = nullptr;  // seven bytes
  absl::Span<const uint8_t> bytes;
};

// Takes the next one off the front; false at the end.
inline bool NextRecord(absl::Span<const uint8_t>* input, FuzzRecord* record) {
  constexpr size_t kHeaderBytes = 8;
  if (input->size() < kHeaderBytes) return false;
  record->says = input->data();
  const size_t size = std::min<size_t>((*input)[kHeaderBytes - 1], input->size() - kHeaderBytes);
  record->bytes = input->subspan(kHeaderBytes, size);
  input->remove_prefix(kHeaderBytes + size);
  return true;
}

}  // namespace dns_monitor
