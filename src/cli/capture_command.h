// dns-monitor capture
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "dns_monitor/capture/capture.h"

namespace dns_monitor {

// Declares the subcommand and, once the command line is parsed, runs it.
class CaptureCommand {
 public:
  explicit CaptureCommand(CLI::App* app);

  bool chosen() const { return command_->parsed(); }
  // What options contradict each other: a wrong use of the command line.
  absl::Status Check() const;
  // Captures, until it ends.
  absl::Status Run() const;

 private:
  void AddFiles();
  void AddRetention();
  void AddSelection();
  void AddEngine();
  void AddPrivileges();
  void AddBeginAndEnd();

  CLI::App* command_;
  CaptureOptions options_;
  std::vector<uint16_t> ports_;
  std::string stream_;
};

}  // namespace dns_monitor
