// The real file system behind base/disk.h.
#pragma once

#include <memory>
#include <string>

#include "dns_monitor/base/disk.h"

namespace dns_monitor {

// Opens the directory `path`. NotFound when there is none, InvalidArgument when it is something
// else, PermissionDenied when it cannot be written.
absl::StatusOr<std::unique_ptr<Disk>> OpenSystemDisk(const std::string& path);

}  // namespace dns_monitor
