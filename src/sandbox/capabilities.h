// The capability sets of the calling thread (capabilities(7)).
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

namespace dns_monitor {

struct Capabilities {
  uint64_t effective = 0;
  uint64_t permitted = 0;
  uint64_t inheritable = 0;

  bool none() const { return (effective | permitted | inheritable) == 0; }
};

absl::StatusOr<Capabilities> ReadCapabilities();
absl::Status SetCapabilities(const Capabilities& wanted);
// Of the bounding and the ambient set, as far as the kernel lets this thread.
void ClearInheritedCapabilities();

}  // namespace dns_monitor
