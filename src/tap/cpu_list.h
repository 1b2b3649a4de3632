// Which CPUs are online.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dns_monitor {

// "0-3,8" as in /sys/devices/system/cpu/online (Documentation/admin-guide/cputopology.rst).
absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text);
absl::StatusOr<std::vector<int>> OnlineCpus();

}  // namespace dns_monitor
