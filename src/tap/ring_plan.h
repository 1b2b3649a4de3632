// How large the rings are, and which CPUs get one.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace dns_monitor {

struct RingPlan {
  uint64_t ring_bytes = 0;
  std::vector<int> cpus;  // in the order in which they get theirs
};

// Bytes of the map that holds a ring.
uint64_t RingMapBytes(uint64_t ring_bytes);

// The largest rings, of `wanted_bytes` at most, that all `online` CPUs can have within
// `memory_bytes`; what is left of that goes to those of the `present` ones that are offline: no
// ring can be made for them once the privileges are dropped. ResourceExhausted when the online ones
// do not fit.
absl::StatusOr<RingPlan> PlanRings(const std::vector<int>& online, const std::vector<int>& present,
                                   uint64_t wanted_bytes, uint64_t memory_bytes);

}  // namespace dns_monitor
