// Which CPUs there are.
#pragma once

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/base/fd.h"

namespace dns_monitor {

inline constexpr char kOnlineCpus[] = "/sys/devices/system/cpu/online";
inline constexpr char kPresentCpus[] = "/sys/devices/system/cpu/present";

// "0-3,8" as in these files (Documentation/admin-guide/cputopology.rst).
absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text);

// One of these files, held open: a process that may open nothing any more reads it all the same.
class CpuListFile {
 public:
  CpuListFile() = default;
  static absl::StatusOr<CpuListFile> Open(const char* path);
  // As it is now.
  absl::StatusOr<std::vector<int>> Read() const;

 private:
  explicit CpuListFile(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
};

}  // namespace dns_monitor
