// The real file system behind base/disk.h.
#pragma once

#include <memory>
#include <string>

#include "dns_monitor/base/disk.h"

namespace dns_monitor {

// Opens the directory `path`. NotFound when there is none, InvalidArgument when it is something
// else, PermissionDenied when it cannot be written.
absl::StatusOr<std::unique_ptr<Disk>> OpenSystemDisk(const std::string& path);

// Takes the lock file `name` in the directory `path` (created when missing, never removed, so that
// two processes cannot hold two files of one name). FailedPrecondition when another process holds
// it. The lock ends with the descriptor.
absl::StatusOr<Fd> LockFile(const std::string& path, const std::string& name);

}  // namespace dns_monitor
