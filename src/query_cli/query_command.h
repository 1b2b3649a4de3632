// `query`: SQL over captures.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "dns_monitor/output/output.h"
#include "input_flags.h"
#include "watch.h"

namespace dns_monitor {

class QueryCommand {
 public:
  explicit QueryCommand(CLI::App* app);

  bool chosen() const { return command_->parsed(); }
  const InputFlags& input() const { return input_; }
  // What is wrong with the command line, before anything is opened.
  absl::Status Check();
  // Cancelled when it was interrupted.
  absl::Status Run(Watch* watch);

 private:
  void AddFormats();
  void SetFormat(OutputFormat format) { format_ = format; }

  CLI::App* const command_;
  InputFlags input_;
  std::vector<std::string> statements_;
  std::vector<std::string> words_;  // the statement, unless -s gave one, and paths
  std::optional<OutputFormat> format_;
  std::optional<uint64_t> limit_;
  std::string output_;
};

}  // namespace dns_monitor
