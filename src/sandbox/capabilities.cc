#include "capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

uint64_t Join(uint32_t low, uint32_t high) {
  return low | static_cast<uint64_t>(high) << 32;
}

}  // namespace

absl::StatusOr<Capabilities> ReadCapabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return ErrnoError("capget");
  return Capabilities{.effective = Join(data[0].effective, data[1].effective),
                      .permitted = Join(data[0].permitted, data[1].permitted),
                      .inheritable = Join(data[0].inheritable, data[1].inheritable)};
}

absl::Status SetCapabilities(const Capabilities& wanted) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  for (int word = 0; word < 2; ++word) {
    data[word].effective = static_cast<uint32_t>(wanted.effective >> 32 * word);
    data[word].permitted = static_cast<uint32_t>(wanted.permitted >> 32 * word);
    data[word].inheritable = static_cast<uint32_t>(wanted.inheritable >> 32 * word);
  }
  if (syscall(SYS_capset, &header, data) != 0) return ErrnoError("capset");
  return absl::OkStatus();
}

void ClearInheritedCapabilities() {
  // Up to the last one that this kernel knows.
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

}  // namespace dns_monitor
