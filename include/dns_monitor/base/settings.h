// Files of settings: lines of "key = value".
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dns_monitor {

inline constexpr size_t kMaxSettingsBytes = size_t{1} << 16;

struct Setting {
  int line = 0;  // from 1
  std::string key;
  std::string value;
};

// One setting a line: a key of small letters, digits and hyphens, "=", and the value, which is the
// rest of the line, as it is, without the spaces around it. Lines that are empty or begin with "#"
// say nothing. What keys there are, how often, and what values mean, is the caller's matter.
// InvalidArgument begins with the number of the line: "3: …".
absl::StatusOr<std::vector<Setting>> ParseSettings(absl::string_view text);

// The same of a file. InvalidArgument begins with "PATH:3: …"; other errors with "PATH: …".
absl::StatusOr<std::vector<Setting>> ReadSettings(const std::string& path);

}  // namespace dns_monitor
