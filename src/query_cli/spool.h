// Pipes that are to be read more than once.
#pragma once

#include "absl/status/status.h"
#include "dns_monitor/input/plan.h"
#include "watch.h"

namespace dns_monitor {

// Reads standard input ("-") and other pipes among the paths to their ends, into files of the
// watch's directory, and puts these in their places, under their names. Errors name the path.
absl::Status SpoolPipes(Watch* watch, InputOptions* input);

}  // namespace dns_monitor
