#include "report_command.h"

#include <unistd.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/output/byte_sink.h"
#include "result_output.h"
#include "spool.h"
#include "what_is_there.h"

namespace dns_monitor {
namespace {

// Of tables that go to no terminal, where nothing is to be cut.
constexpr int kAnyWidth = 1 << 20;

std::string ListOfReports() {
  std::string list;
  for (const Report& report : AllReports()) {
    absl::StrAppendFormat(&list, "%-21s %s\n", report.name, report.title);
    if (report.sections.size() == 1) continue;
    for (const ReportSection& section : report.sections) {
      absl::StrAppendFormat(&list, "%-21s %s\n", absl::StrCat(report.name, "/", section.name),
                            section.title);
    }
  }
  return list;
}

// Statements that `query` takes as they are.
std::string SqlOf(const std::vector<Report>& reports) {
  std::string sql;
  for (const Report& report : reports) {
    if (!report.comments.empty()) absl::StrAppend(&sql, report.comments, "\n\n");
    for (const ReportSection& section : report.sections) {
      const bool last = &report == &reports.back() && &section == &report.sections.back();
      absl::StrAppend(&sql, section.sql, last ? "\n" : ";\n\n");
    }
  }
  return sql;
}

std::string TimeText(int64_t time_ns) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixNanos(time_ns), absl::UTCTimeZone());
}

// Which captures a page is of.
std::string About(const CaptureOptions& captures) {
  std::string text = absl::StrCat("Of ", absl::StrJoin(captures.input.paths, ", "));
  const TimeRange whole;
  const TimeRange& range = captures.input.range;
  if (range.from_ns != whole.from_ns) {
    absl::StrAppend(&text, ", since ", TimeText(range.from_ns));
  }
  if (range.to_ns != whole.to_ns) absl::StrAppend(&text, ", until ", TimeText(range.to_ns));
  if (!captures.input.interface.empty()) {
    absl::StrAppend(&text, ", interface ", captures.input.interface);
  }
  return absl::StrCat(text, ". Made ", TimeText(captures.now_ns), " by dns-monitor ",
                      DNS_MONITOR_VERSION, ".");
}

// Tells the statements what --port says, which is all that they cannot ask the captures for.
absl::Status TellPorts(const CaptureOptions& captures, Engine* engine) {
  if (captures.ports.empty()) return absl::OkStatus();
  return engine->Run(
      absl::StrCat("SET VARIABLE ports = '", absl::StrJoin(captures.ports, ","), "'"),
      [](duckdb_result* /*result*/) { return absl::OkStatus(); });
}

}  // namespace

ReportCommand::ReportCommand(CLI::App* app)
    : command_(app->add_subcommand("report", "Tell what captures say")), input_(command_) {
  command_
      ->add_option("words", words_,
                   "the report's name (or several with commas, or all), then captures: files, "
                   "directories, patterns, - for standard input")
      ->type_name("NAME FILE|DIR...");
  command_->add_flag("--list", list_, "list the reports");
  command_->add_flag("--sql", sql_, "print the report's SQL instead, for 'dns-monitor query'");
  AddFormat();
  command_->add_option("-o,--output", output_, "write to this file (default: standard output)")
      ->type_name("FILE");
  command_->footer(
      "Examples:\n"
      "  dns-monitor report --list\n"
      "  dns-monitor report leaks --since 24h /var/lib/dns-monitor\n"
      "  dns-monitor report all eth0.pcap -o page.html\n"
      "  dns-monitor query \"$(dns-monitor report latency --sql)\" eth0.pcap");
}

void ReportCommand::AddFormat() {
  command_
      ->add_option_function<std::string>(
          "--format",
          [this](const std::string& text) {
            html_ = text == "html";
            if (html_) return;
            const absl::StatusOr<OutputFormat> format = ParseOutputFormat(text);
            if (!format.ok()) {
              throw CLI::ValidationError(
                  "--format", "a format is table, html, json, ndjson, csv, xml or markdown");
            }
            format_ = *format;
          },
          "table (default), html (default for FILE.html), markdown; only the rows: json, ndjson, "
          "csv, xml")
      ->type_name("FORMAT");
}

bool ReportCommand::is_page() const {
  return html_ || (!format_ && absl::EndsWith(output_, ".html"));
}

absl::Status ReportCommand::CheckFormat() const {
  const bool one_table = format_ == OutputFormat::kCsv || format_ == OutputFormat::kNdjson;
  if (!one_table || (reports_.size() == 1 && reports_.front().sections.size() == 1)) {
    return absl::OkStatus();
  }
  const Report& report = reports_.front();
  const std::string example = report.sections.size() == 1
                                  ? report.name
                                  : absl::StrCat(report.name, "/", report.sections.front().name);
  return absl::InvalidArgumentError(
      absl::StrCat("this format holds one table: choose one, such as ", example, ", or take json"));
}

absl::Status ReportCommand::Check() {
  if (list_) return absl::OkStatus();
  if (words_.empty()) return absl::InvalidArgumentError("which report? --list lists them");
  DM_ASSIGN_OR_RETURN(reports_, ChooseReports(words_.front()));
  words_.erase(words_.begin());
  if (sql_) return absl::OkStatus();
  if (words_.empty()) {
    return absl::InvalidArgumentError("which captures? Give files or directories");
  }
  DM_RETURN_IF_ERROR(CheckFormat());
  return input_.ToCaptureOptions(words_).status();
}

std::unique_ptr<ReportWriter> ReportCommand::MakeWriter(const std::string& about,
                                                        const OutputTarget& target,
                                                        ByteSink* sink) const {
  if (is_page()) return MakePageReportWriter(about, sink);
  OutputOptions options;
  options.format = format_.value_or(OutputFormat::kTable);
  if (options.format == OutputFormat::kTable || options.format == OutputFormat::kMarkdown) {
    return MakeTextReportWriter(options.format, target.terminal() ? target.width() : kAnyWidth,
                                sink);
  }
  options.terminal = target.terminal();
  options.width = target.width();
  options.is_flag = IsFlagColumn;
  return MakeDataReportWriter(options, sink);
}

absl::Status ReportCommand::WriteReports(ReportWriter* writer, Engine* engine,
                                         const Watch* watch) const {
  DM_ASSIGN_OR_RETURN(const WhatIsThere there, FindWhatIsThere(engine));
  DM_RETURN_IF_ERROR(writer->Begin(reports_));
  for (const Report& report : reports_) {
    DM_RETURN_IF_ERROR(writer->BeginReport(report));
    for (const ReportSection& section : report.sections) {
      if (watch->interrupted()) return absl::CancelledError("interrupted");
      ReportSection shown = section;
      shown.none = TextWithoutRows(section, there);
      DM_RETURN_IF_ERROR(engine->Run(section.sql, [&](duckdb_result* result) {
        return writer->WriteSection(report, shown, result);
      }));
    }
  }
  return writer->End();
}

absl::Status ReportCommand::Run(Watch* watch) {
  if (list_ || sql_) {
    DM_ASSIGN_OR_RETURN(OutputTarget target, OutputTarget::Open(output_, nullptr));
    DM_RETURN_IF_ERROR(target.Begin());
    DM_RETURN_IF_ERROR(FdSink(target.fd()).Write(list_ ? ListOfReports() : SqlOf(reports_)));
    target.Keep();
    return absl::OkStatus();
  }
  DM_ASSIGN_OR_RETURN(CaptureOptions capture_options, input_.ToCaptureOptions(words_));
  const std::string about = About(capture_options);
  DM_RETURN_IF_ERROR(SpoolPipes(watch, &capture_options.input));
  DM_ASSIGN_OR_RETURN(const EngineOptions engine_options, input_.ToEngineOptions(watch));
  DM_ASSIGN_OR_RETURN(const std::unique_ptr<Captures> captures, Captures::Open(capture_options));
  DM_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                      Engine::Open(*captures, engine_options));
  DM_RETURN_IF_ERROR(TellPorts(capture_options, engine.get()));
  DM_ASSIGN_OR_RETURN(OutputTarget target, OutputTarget::Open(output_, captures.get()));
  DM_RETURN_IF_ERROR(target.Begin());
  FdSink sink(target.fd());
  const std::unique_ptr<ReportWriter> writer = MakeWriter(about, target, &sink);
  watch->Follow(engine.get(), captures.get(), isatty(STDERR_FILENO) == 1);
  absl::Status status = WriteReports(writer.get(), engine.get(), watch);
  watch->Follow(nullptr, nullptr, false);
  if (status.ok()) target.Keep();
  return status;
}

}  // namespace dns_monitor
