// Files that are read as a whole.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "dns_monitor/base/disk.h"

namespace dns_monitor {

// The errors of `disk`; ResourceExhausted when it is longer than `most_bytes`.
absl::StatusOr<std::string> ReadSmallFile(Disk& disk, const std::string& name, int64_t most_bytes);

}  // namespace dns_monitor
