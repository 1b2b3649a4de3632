// `sql`: statements as they are typed.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "input_flags.h"
#include "line_editor.h"
#include "result_output.h"
#include "watch.h"

namespace dns_monitor {

class SqlCommand {
 public:
  explicit SqlCommand(CLI::App* app);

  bool chosen() const { return command_->parsed(); }
  const InputFlags& input() const { return input_; }
  absl::Status Check() const;
  // Errors of statements are told, and the next one is read; from a file or a pipe, the first one
  // ends it. The last statement there may lack its ;, what a person has not finished is not run.
  absl::Status Run(Watch* watch);

 private:
  // A command that begins with a backslash. False: it ends the session.
  bool RunMeta(absl::string_view text);
  absl::Status RunStatement(const std::string& statement, Watch* watch);

  CLI::App* const command_;
  InputFlags input_;
  std::vector<std::string> paths_;
  std::unique_ptr<Captures> captures_;
  std::unique_ptr<Engine> engine_;
  std::optional<OutputFormat> format_;
  bool timing_ = false;
};

}  // namespace dns_monitor
