// The names under which maps are kept from one process to the next.
//
//     socket                   the packet socket
//     N.control, N.rings,      a set of rings, numbered: one that cannot go on with those that are
//     N.fragments, N.ring.CPU  there makes the next set, and reads the others to their ends
//     N.stages.GENERATION      what the filter in use calls; emptied once nobody holds it
//                              (kernel/bpf/arraymap.c, prog_array_map_clear)
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "dns_monitor/base/descriptor_store.h"
#include "dns_monitor/ring/ring_set.h"

namespace dns_monitor {

inline constexpr char kSocketName[] = "socket";
inline constexpr char kControlName[] = "control";
inline constexpr char kRingsName[] = "rings";
inline constexpr char kFragmentsName[] = "fragments";
std::string RingName(int cpu);
std::string NameInSet(uint32_t set, absl::string_view name);

using MapsByName = std::map<std::string, int>;  // borrowed descriptors

// The sets among what was kept, by their numbers.
std::map<uint32_t, MapsByName> SetsOf(const NamedDescriptors& kept);

// Whether a filter with rings of this size can go on with this set; else why not.
absl::Status CheckSet(const MapsByName& set, int cpu_count, uint64_t ring_bytes,
                      uint32_t link_type);

}  // namespace dns_monitor
