// The real file system behind base/disk.h.
#pragma once

#include <memory>
#include <string>

#include "dns_monitor/base/disk.h"

namespace dns_monitor {

// What is to be done in a directory.
enum class DirectoryUse { kReadAndWrite, kReadOnly };

// Opens the directory `path`. NotFound when there is none, InvalidArgument when it is something
// else, PermissionDenied when it does not allow that use (its files are not looked at).
absl::StatusOr<std::unique_ptr<Disk>> OpenSystemDisk(
    const std::string& path, DirectoryUse use = DirectoryUse::kReadAndWrite);

}  // namespace dns_monitor
