#include "near_memory.h"

#include <dirent.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstddef>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace dns_monitor {
namespace {

constexpr size_t kWordBits = sizeof(unsigned long) * CHAR_BIT;
constexpr size_t kMostNodes = 1024;  // MAX_NUMNODES of any configuration
using NodeMask = std::array<unsigned long, kMostNodes / kWordBits>;

}  // namespace

std::optional<int> NodeOfCpu(int cpu, const std::string& cpu_directory) {
  const std::string path = absl::StrCat(cpu_directory, "/cpu", cpu);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
  if (directory == nullptr) return std::nullopt;
  while (const dirent* entry = readdir(directory.get())) {
    absl::string_view name = entry->d_name;
    int node = 0;
    if (absl::ConsumePrefix(&name, "node") && absl::SimpleAtoi(name, &node) && node >= 0) {
      return node;
    }
  }
  return std::nullopt;
}

NearMemory::NearMemory(std::optional<int> node) {
  if (!node.has_value() || static_cast<size_t>(*node) >= kMostNodes) return;
  int mode = MPOL_DEFAULT;
  if (syscall(SYS_get_mempolicy, &mode, nullptr, 0, nullptr, 0) != 0 || mode != MPOL_DEFAULT) {
    return;
  }
  NodeMask mask{};
  mask[static_cast<size_t>(*node) / kWordBits] = 1UL << (static_cast<size_t>(*node) % kWordBits);
  // Where it is refused, memory comes from where the thread runs.
  chosen_ = syscall(SYS_set_mempolicy, MPOL_PREFERRED, mask.data(), kMostNodes) == 0;
}

NearMemory::~NearMemory() {
  if (chosen_) syscall(SYS_set_mempolicy, MPOL_DEFAULT, nullptr, 0);
}

}  // namespace dns_monitor
