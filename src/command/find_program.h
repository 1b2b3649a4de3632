// Programs by their names.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace dns_monitor {

// The absolute path of the program that execvp(3) would run for `command`: one with a slash is a
// path, another is looked up in PATH. NotFound, or PermissionDenied, when this user cannot run one.
absl::StatusOr<std::string> FindProgram(const std::string& command);

}  // namespace dns_monitor
