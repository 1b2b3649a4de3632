// dns-monitor check-config
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace dns_monitor {

// Declares the subcommand and, once the command line is parsed, runs it.
class CheckConfigCommand {
 public:
  explicit CheckConfigCommand(CLI::App* app);

  bool chosen() const { return command_->parsed(); }
  // Says of each file that it is OK, on standard output, or what is wrong. Whether all are.
  bool Run() const;

 private:
  CLI::App* command_;
  std::vector<std::string> paths_;
};

}  // namespace dns_monitor
