// Files that are read and replaced as a whole: ledgers, and what is kept between two of them.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/base/disk.h"

namespace dns_monitor {

inline constexpr int64_t kMostSmallFileBytes = int64_t{64} << 20;

// The content of `name`, or of the open file `fd`. OutOfRange when it is larger than
// kMostSmallFileBytes. May block.
absl::StatusOr<std::string> ReadSmallFile(Disk& disk, const std::string& name);
absl::StatusOr<std::string> ReadSmallFile(Disk& disk, int fd);

// Makes `bytes` the content of `name`, which need not exist: written and synced beside it
// (NAME.new, in place of what a crash may have left there), then renamed, and the directory synced.
// At each moment there is the old content or the new one. `mode` and `group` as for
// Disk::SetAccess; when they are refused the content is replaced all the same, and the error is
// returned. After any other error the old content stays, but for one of the directory's sync. May
// block.
absl::Status ReplaceSmallFile(Disk& disk, const std::string& name, absl::string_view bytes,
                              uint32_t mode, int64_t group = -1);

}  // namespace dns_monitor
