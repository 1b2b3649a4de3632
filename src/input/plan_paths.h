// From what was named on the command line to files.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/input/plan.h"

namespace dns_monitor {

struct FoundFile {
  std::string path = {};
  bool standard_input = false;
  bool listed = false;  // PlannedFile::listed
  bool regular = true;
  dev_t device = 0;
  ino_t inode = 0;
  int64_t size_bytes = 0;

  // Without directories.
  absl::string_view name() const;
};

// In the order in which they were named, each file once. Errors as PlanInput's; `notes` takes what
// is a note instead.
absl::StatusOr<std::vector<FoundFile>> FindFiles(const InputOptions& options,
                                                 std::vector<std::string>* notes);

}  // namespace dns_monitor
