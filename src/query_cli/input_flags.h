// The options that say what is read: the same for each command.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dns_monitor/query/captures.h"
#include "dns_monitor/query/engine.h"
#include "watch.h"

namespace dns_monitor {

class InputFlags {
 public:
  // Adds the options to `command`, but for the paths.
  explicit InputFlags(CLI::App* command);

  // What they say, for these paths. InvalidArgument says what is wrong with them.
  absl::StatusOr<CaptureOptions> ToCaptureOptions(std::vector<std::string> paths) const;
  // Sorts and groups that are too large go to a directory of the watch.
  absl::StatusOr<EngineOptions> ToEngineOptions(Watch* watch) const;
  // Whether CPU and disk are taken only where nobody else wants them.
  bool at_idle() const { return !no_idle_; }
  bool rfc1035 = false;  // set by those who print names

 private:
  int Threads() const;
  absl::StatusOr<int64_t> Memory() const;

  std::optional<std::string> since_;
  std::optional<std::string> until_;
  std::string ports_;
  std::string interface_;
  std::string memory_ = "1G";
  bool skip_unreadable_ = false;
  bool no_idle_ = false;
  int threads_ = 0;  // as many as there are CPUs
};

}  // namespace dns_monitor
