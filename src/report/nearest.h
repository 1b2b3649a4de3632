// Which names were meant.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace dns_monitor::report {

// At most three of `names`, the nearest first: those that contain `name`, or take at most two
// letters to change, add or leave out, of long ones a third of the letters.
std::vector<std::string> NearestOf(absl::string_view name, const std::vector<std::string>& names);

}  // namespace dns_monitor::report
