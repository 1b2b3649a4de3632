// dns-monitor verify
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "dns_monitor/verify/verify.h"

namespace dns_monitor {

// Declares the subcommand and, once the command line is parsed, runs it.
class VerifyCommand {
 public:
  explicit VerifyCommand(CLI::App* app);

  bool chosen() const { return command_->parsed(); }
  // What is wrong with the command line.
  absl::Status Check() const;
  // Prints what is found to standard output, and returns the number of problems.
  uint64_t Run() const;

 private:
  CLI::App* command_;
  std::vector<std::string> paths_;
  VerifyOptions options_;
  bool json_ = false;
};

}  // namespace dns_monitor
