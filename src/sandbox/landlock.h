// Which files a thread, and those that it starts later, can reach (landlock(7)).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dns_monitor/base/fd.h"

namespace dns_monitor {

enum class Reach {
  kWriteFiles,   // list, make, read, write, rename and delete regular files
  kReadFiles,    // list, and read files
  kDeleteFiles,  // list, and delete files
};

// What can be done beneath a directory, and in it.
struct ReachRule {
  std::string path;
  Reach reach;
};

// The rules as the kernel's object; what none of them allows, of all that this kernel can refuse,
// is refused: other files, TCP, signals to other processes. Unimplemented when it has no Landlock
// (before 5.13, or switched off).
absl::StatusOr<Fd> MakeRuleset(const std::vector<ReachRule>& rules);

// The calling thread keeps to them from now on, and to those from before.
absl::Status Enforce(const Fd& ruleset);

// Where the file system of the directory `path` is mounted, as far up as this user can look.
std::string MountPointOf(const std::string& path);

}  // namespace dns_monitor
