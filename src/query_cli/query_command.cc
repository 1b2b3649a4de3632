#include "query_command.h"

#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "result_output.h"

namespace dns_monitor {

QueryCommand::QueryCommand(CLI::App* app)
    : command_(app->add_subcommand("query", "Ask captures in SQL")), input_(command_) {
  command_
      ->add_option(
          "words", words_,
          "the statement (unless -s gives it), then captures: files, directories, patterns "
          "('eth0.*.pcap'), - for standard input")
      ->type_name("[SQL] FILE|DIR...");
  command_
      ->add_option("-s,--select", statements_, "a statement; several are run one after the other")
      ->type_name("SQL")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  AddFormats();
  command_->add_option("--limit", limit_, "print at most so many rows of each result")
      ->type_name("N")
      ->check(CLI::Validator(
          [](const std::string& text) {
            uint64_t rows;
            return absl::SimpleAtoi(text, &rows) ? std::string()
                                                 : "'" + text + "' is no number of rows";
          },
          ""));
  command_->add_flag("--rfc1035", input_.rfc1035,
                     "names with all but letters, digits, - and _ as \\DDD");
  command_->add_option("-o,--output", output_, "write to this file (default: standard output)")
      ->type_name("FILE");
  command_->footer(
      "Tables: dns (PacketQ's), messages, transactions, icmp, packets, segments, gaps.\n"
      "docs/queries.md describes them; 'dns-monitor sql' asks interactively.\n\n"
      "Examples:\n"
      "  dns-monitor query \"select qname, count(*) from dns group by 1\" /var/lib/dns\n"
      "  dns-monitor query --json -s \"select * from messages limit 3\" eth0.pcap");
}

void QueryCommand::AddFormats() {
  command_
      ->add_option_function<std::string>(
          "--format",
          [this](const std::string& text) {
            const absl::StatusOr<OutputFormat> format = ParseOutputFormat(text);
            if (!format.ok()) {
              throw CLI::ValidationError("--format", std::string(format.status().message()));
            }
            SetFormat(*format);
          },
          "table (default on a terminal), json (default elsewhere), ndjson, csv, xml, markdown")
      ->type_name("FORMAT");
  command_->add_flag_callback(
      "-j,--json", [this] { SetFormat(OutputFormat::kJson); }, "short for --format json");
  command_->add_flag_callback(
      "-c,--csv", [this] { SetFormat(OutputFormat::kCsv); }, "short for --format csv");
  command_->add_flag_callback(
      "-t,--table", [this] { SetFormat(OutputFormat::kTable); }, "short for --format table");
  command_->add_flag_callback(
      "-x,--xml", [this] { SetFormat(OutputFormat::kXml); }, "short for --format xml");
}

absl::Status QueryCommand::Check() {
  if (statements_.empty() && !words_.empty()) {
    statements_.push_back(words_.front());
    words_.erase(words_.begin());
  }
  if (statements_.empty()) return absl::InvalidArgumentError("query what? Give a statement");
  if (words_.empty()) {
    return absl::InvalidArgumentError("which captures? Give files or directories");
  }
  DM_RETURN_IF_ERROR(input_.ToCaptureOptions(words_).status());
  return absl::OkStatus();
}

absl::Status QueryCommand::Run(Watch* watch) {
  DM_ASSIGN_OR_RETURN(const CaptureOptions capture_options, input_.ToCaptureOptions(words_));
  DM_ASSIGN_OR_RETURN(const EngineOptions engine_options, input_.ToEngineOptions(watch));
  DM_ASSIGN_OR_RETURN(const std::unique_ptr<Captures> captures, Captures::Open(capture_options));
  DM_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                      Engine::Open(*captures, engine_options));
  DM_ASSIGN_OR_RETURN(const std::unique_ptr<ResultOutput> output,
                      ResultOutput::Open(output_, *captures, format_, limit_));
  watch->Follow(engine.get(), captures.get(), output->shows_progress());
  absl::Status status;
  for (const std::string& statement : statements_) {
    if (watch->interrupted()) status = absl::CancelledError("interrupted");
    if (!status.ok()) break;
    status = engine->Run(statement, [&](duckdb_result* result) {
      return output->Write(result, statement, engine.get());
    });
  }
  watch->Follow(nullptr, nullptr, false);
  status.Update(output->End());
  return status;
}

}  // namespace dns_monitor
