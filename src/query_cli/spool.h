// Pipes that are to be read more than once.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "watch.h"

namespace dns_monitor {

// Reads standard input ("-") and other pipes among `paths` to their ends, into files of the watch's
// directory, and puts these in their places. Errors name the path.
absl::Status SpoolPipes(Watch* watch, std::vector<std::string>* paths);

}  // namespace dns_monitor
