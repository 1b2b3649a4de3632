#include "ring_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "bpf/capture_abi.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/units.h"

namespace dns_monitor {
namespace {

// How many rings of this size fit into the memory for all.
size_t RingsWithin(uint64_t memory_bytes, uint64_t ring_bytes) {
  return memory_bytes / RingMapBytes(ring_bytes);
}

// The largest size of rings that `count` CPUs can have within the memory for all.
absl::StatusOr<uint64_t> FitRingBytes(uint64_t wanted, uint64_t memory_bytes, size_t count) {
  for (uint64_t bytes = wanted; bytes >= CAPTURE_RING_MIN_BYTES; bytes /= 2) {
    if (RingsWithin(memory_bytes, bytes) >= count) return bytes;
  }
  const uint64_t least = RingMapBytes(CAPTURE_RING_MIN_BYTES) * count;
  return absl::ResourceExhaustedError(
      absl::StrCat("the memory for rings (", FormatSize(static_cast<int64_t>(memory_bytes)),
                   ") is less than ", count, count == 1 ? " CPU needs" : " CPUs need",
                   ": --ring-memory of at least ", FormatSize(static_cast<int64_t>(least))));
}

}  // namespace

uint64_t RingMapBytes(uint64_t ring_bytes) {
  return ring_bytes + CAPTURE_RING_SLACK_BYTES;
}

absl::StatusOr<RingPlan> PlanRings(const std::vector<int>& online, const std::vector<int>& present,
                                   uint64_t wanted_bytes, uint64_t memory_bytes) {
  RingPlan plan{.ring_bytes = 0, .cpus = online};
  DM_ASSIGN_OR_RETURN(plan.ring_bytes, FitRingBytes(wanted_bytes, memory_bytes, online.size()));
  const size_t most = RingsWithin(memory_bytes, plan.ring_bytes);
  for (const int cpu : present) {
    if (plan.cpus.size() == most) break;
    if (std::find(online.begin(), online.end(), cpu) == online.end()) plan.cpus.push_back(cpu);
  }
  return plan;
}

}  // namespace dns_monitor
