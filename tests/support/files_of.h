// What is in a directory beside the journals that retention keeps there.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "support/fake_disk.h"

namespace dns_monitor {

// Sorted.
inline std::vector<std::string> FilesOf(const FakeDisk& disk) {
  std::vector<std::string> names = disk.Names();
  std::erase_if(names, [](const std::string& name) { return absl::EndsWith(name, ".removed"); });
  return names;
}

}  // namespace dns_monitor
