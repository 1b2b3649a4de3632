#include "kept_maps.h"

#include <bpf/bpf.h>
#include <sys/mman.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/tap/mapped_map.h"
#include "ring_plan.h"

namespace dns_monitor {
namespace {

// Whether it is the map of this number, and large enough for such a ring.
bool IsRing(int fd, uint32_t id, uint64_t ring_bytes) {
  bpf_map_info info{};
  uint32_t info_bytes = sizeof(info);
  return bpf_obj_get_info_by_fd(fd, &info, &info_bytes) == 0 && info.id == id &&
         info.value_size == RingMapBytes(ring_bytes);
}

}  // namespace

std::string RingName(int cpu) {
  return absl::StrCat("ring.", cpu);
}

std::string NameInSet(uint32_t set, absl::string_view name) {
  return absl::StrCat(set, ".", name);
}

std::map<uint32_t, MapsByName> SetsOf(const NamedDescriptors& kept) {
  std::map<uint32_t, MapsByName> sets;
  for (const auto& [name, fd] : kept) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(name, absl::MaxSplits('.', 1));
    uint32_t number = 0;
    if (absl::SimpleAtoi(parts.first, &number)) sets[number][parts.second] = fd.get();
  }
  return sets;
}

absl::Status CheckSet(const MapsByName& set, int cpu_count, uint64_t ring_bytes,
                      uint32_t link_type) {
  for (const char* name : {kControlName, kRingsName, kFragmentsName}) {
    if (set.count(name) == 0) return absl::NotFoundError(absl::StrCat("no ", name, " was kept"));
  }
  DM_ASSIGN_OR_RETURN(const MappedMap mapped, MappedMap::MapArray(set.at(kControlName), PROT_READ));
  if (mapped.bytes() < sizeof(capture_control)) {
    return absl::InvalidArgumentError("the control map is none");
  }
  const auto& control = *reinterpret_cast<const capture_control*>(mapped.data());
  DM_RETURN_IF_ERROR(CheckControl(control, cpu_count, ring_bytes, link_type));
  if (mapped.bytes() < size_t{ControlCells(cpu_count)} * CAPTURE_CELL_BYTES) {
    return absl::InvalidArgumentError("the control map is too small");
  }
  // Into a ring that is not here, the filter would write, and nobody read.
  for (int cpu = 0; cpu < cpu_count; ++cpu) {
    uint32_t id = 0;
    if (bpf_map_lookup_elem(set.at(kRingsName), &cpu, &id) != 0) continue;
    const auto found = set.find(RingName(cpu));
    if (found == set.end() || !IsRing(found->second, id, ring_bytes)) {
      return absl::NotFoundError(absl::StrCat("no ", RingName(cpu), " was kept"));
    }
  }
  return absl::OkStatus();
}

}  // namespace dns_monitor
