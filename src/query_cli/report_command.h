// `report`: what captures say, without SQL.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dns_monitor/output/output.h"
#include "dns_monitor/report/catalog.h"
#include "dns_monitor/report/writer.h"
#include "input_flags.h"
#include "output_target.h"
#include "watch.h"

namespace dns_monitor {

class ReportCommand {
 public:
  explicit ReportCommand(CLI::App* app);

  bool chosen() const { return command_->parsed(); }
  const InputFlags& input() const { return input_; }
  // What is wrong with the command line, before anything is opened.
  absl::Status Check();
  // Cancelled when it was interrupted.
  absl::Status Run(Watch* watch);

 private:
  void AddFormat();
  // A page is no format of the engine's results.
  bool is_page() const;
  absl::Status CheckFormat() const;
  absl::Status WriteReports(ReportWriter* writer, Engine* engine, const Watch* watch) const;
  std::unique_ptr<ReportWriter> MakeWriter(const std::string& about, const OutputTarget& target,
                                           ByteSink* sink) const;

  CLI::App* const command_;
  InputFlags input_;
  std::vector<std::string> words_;  // the names of reports, then paths
  std::vector<Report> reports_;
  bool list_ = false;
  bool sql_ = false;
  bool html_ = false;
  std::optional<OutputFormat> format_;
  std::string output_;
};

}  // namespace dns_monitor
