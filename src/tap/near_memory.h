// Where the memory of a ring is, on machines that have more than one place for it.
#pragma once

#include <optional>
#include <string>

namespace dns_monitor {

inline constexpr char kCpuDirectory[] = "/sys/devices/system/cpu";

// The NUMA node of the CPU, as its directory there names it
// (Documentation/ABI/stable/sysfs-devices-node); none where the kernel knows no nodes.
std::optional<int> NodeOfCpu(int cpu, const std::string& cpu_directory = kCpuDirectory);

// While it lives, the kernel takes memory that the calling thread asks it for from that node, as
// long as there is any (MPOL_PREFERRED of set_mempolicy(2), which a map's memory follows as well:
// kernel/bpf/syscall.c asks for no node of its own). Who started the process with a policy
// (numactl) keeps it.
class NearMemory {
 public:
  explicit NearMemory(std::optional<int> node);
  ~NearMemory();
  NearMemory(const NearMemory&) = delete;
  NearMemory& operator=(const NearMemory&) = delete;

 private:
  bool chosen_ = false;
};

}  // namespace dns_monitor
