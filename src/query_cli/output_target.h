// Where a command writes: a file, or standard output, which may be a terminal.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/query/captures.h"

namespace dns_monitor {

// A file keeps what it has until Begin; one that was made for this is gone again where Keep was not
// called, also when the process is ended by a signal. One at a time has a file.
class OutputTarget {
 public:
  // Empty: standard output. Errors name the path; InvalidArgument when it is one of the files that
  // `captures` (may be null) reads.
  static absl::StatusOr<OutputTarget> Open(const std::string& path, const Captures* captures);
  ~OutputTarget();
  OutputTarget(OutputTarget&&) = default;
  OutputTarget& operator=(OutputTarget&&) = delete;

  // Before the first byte.
  absl::Status Begin();
  // What was written is whole.
  void Keep();

  int fd() const { return fd_; }
  bool terminal() const { return terminal_; }
  int width() const { return width_; }  // columns of the terminal

 private:
  OutputTarget() = default;

  Fd file_;  // none: standard output
  std::string path_;
  bool made_ = false;
  bool begun_ = false;
  bool kept_ = false;
  int fd_ = -1;
  bool terminal_ = false;
  int width_ = 80;
};

}  // namespace dns_monitor
