// dns-monitor capture
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
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
  // Takes the settings of --config. InvalidArgument names the line.
  absl::Status ReadSettings();
  // What options contradict each other: a wrong use of the command line.
  absl::Status Check() const;
  // What is wrong with a file of settings, as far as that can be told without capturing.
  absl::Status CheckFile(const std::string& path);
  // Captures, until it ends.
  absl::Status Run() const;

 private:
  absl::Status CheckTarget() const;
  absl::Status CheckOptions() const;
  bool stream() const { return stream_ == "-"; }
  void AddConfig();
  void AddFiles();
  void AddRetention();
  void AddSelection();
  void AddEngine();
  void AddPrivileges();
  void AddBeginAndEnd();

  CLI::App* command_;
  CaptureOptions options_;
  std::vector<uint16_t> ports_;
  std::optional<int> compression_level_;
  size_t compression_threads_ = 1;
  std::string stream_;
  std::vector<std::string> config_paths_;
};

}  // namespace dns_monitor
