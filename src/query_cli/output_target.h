// Where a command writes: a file, or standard output, which may be a terminal.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "dns_monitor/base/fd.h"

namespace dns_monitor {

struct OutputTarget {
  Fd file;  // none: standard output
  int fd = -1;
  bool terminal = false;
  int width = 80;  // columns of the terminal
};

// The file `path`, which is made anew; empty: standard output. Errors name the path.
absl::StatusOr<OutputTarget> OpenOutputTarget(const std::string& path);

}  // namespace dns_monitor
