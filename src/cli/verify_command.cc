#include "verify_command.h"

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/units.h"

namespace dns_monitor {
namespace {

// Names and ledgers may be a stranger's: they neither end the line nor move the cursor.
std::string OneLine(absl::string_view text) {
  std::string line;
  for (const char c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      absl::StrAppendFormat(&line, "\\x%02x", static_cast<unsigned char>(c));
    } else {
      line.push_back(c);
    }
  }
  return line;
}

std::string Count(uint64_t count, absl::string_view what) {
  return absl::StrCat(FormatCount(count), " ", what, count == 1 ? "" : "s");
}

std::string Summary(const VerifyTotals& totals) {
  std::string line =
      absl::StrCat(Count(totals.segments, "segment"), ", ", Count(totals.packets, "packet"));
  const auto time = [](int64_t ns) {
    return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixNanos(ns), absl::UTCTimeZone());
  };
  if (totals.first_ns) {
    absl::StrAppend(&line, ", ", time(*totals.first_ns), " to ", time(*totals.last_ns));
  }
  absl::StrAppend(&line, ": ",
                  totals.problems == 0 ? "no problem found" : Count(totals.problems, "problem"));
  if (totals.being_written > 0) {
    absl::StrAppend(&line, "; ", FormatCount(totals.being_written), " being written");
  }
  return line;
}

VerifyTotals RunAsText(const std::vector<std::string>& paths, const VerifyOptions& options) {
  const VerifyTotals totals = VerifyPaths(paths, options, [](const Finding& finding) {
    const std::string line = OneLine(absl::StrCat(finding.file, ": ", finding.message));
    if (IsProblem(finding.kind)) {
      absl::PrintF("%s\n", line);
      fflush(stdout);                                         // large files take a while
    } else if (finding.kind != FindingKind::kBeingWritten) {  // the summary tells
      LogInfo(line);
    }
  });
  absl::PrintF("%s\n", Summary(totals));
  return totals;
}

nlohmann::json TimeOrNull(const std::optional<int64_t>& ns) {
  if (!ns) return nullptr;
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E9SZ", absl::FromUnixNanos(*ns), absl::UTCTimeZone());
}

VerifyTotals RunAsJson(const std::vector<std::string>& paths, const VerifyOptions& options) {
  nlohmann::ordered_json problems = nlohmann::ordered_json::array();
  nlohmann::ordered_json notes = nlohmann::ordered_json::array();
  const VerifyTotals totals = VerifyPaths(paths, options, [&](const Finding& finding) {
    nlohmann::ordered_json entry;
    entry["file"] = finding.file;
    entry["kind"] = std::string(NameOf(finding.kind));
    entry["message"] = finding.message;
    (IsProblem(finding.kind) ? problems : notes).push_back(std::move(entry));
  });
  nlohmann::ordered_json report;
  report["segments"] = totals.segments;
  report["packets"] = totals.packets;
  report["first"] = TimeOrNull(totals.first_ns);
  report["last"] = TimeOrNull(totals.last_ns);
  report["problems"] = std::move(problems);
  report["notes"] = std::move(notes);
  // Names of files need not be UTF-8.
  constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
  absl::PrintF("%s\n", report.dump(2, ' ', /*ensure_ascii=*/false, kReplace));
  return totals;
}

}  // namespace

VerifyCommand::VerifyCommand(CLI::App* app)
    : command_(app->add_subcommand("verify", "Check finished files against their ledgers")) {
  command_
      ->add_option("paths", paths_,
                   "directories, and single files; the chain of ledgers is checked for whole "
                   "directories alone")
      ->type_name("DIR|FILE...");
  command_->add_flag("--deep", options_.deep,
                     "also compare checksums of all bytes and seals (.sha256)");
  command_->add_option("--interface", options_.interface, "only files of this interface")
      ->type_name("IF");
  command_
      ->add_option_function<std::string>(
          "--format",
          [this](const std::string& format) {
            if (format != "text" && format != "json") {
              throw CLI::ValidationError("--format",
                                         absl::StrCat("'", format, "' is none of text, json"));
            }
            json_ = format == "json";
          },
          "text (default), or json: one object")
      ->type_name("FORMAT");
  command_->footer(
      "A line for each problem, and a summary. Exit status: 0 without a problem, 1 with.\n\n"
      "Examples:\n"
      "  dns-monitor verify /var/lib/dns\n"
      "  dns-monitor verify --deep --format json /var/lib/dns");
}

absl::Status VerifyCommand::Check() const {
  if (!paths_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("verify what? Give a directory, or files");
}

uint64_t VerifyCommand::Run() const {
  return (json_ ? RunAsJson(paths_, options_) : RunAsText(paths_, options_)).problems;
}

}  // namespace dns_monitor
