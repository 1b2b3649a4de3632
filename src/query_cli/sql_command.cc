#include "sql_command.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/query/describe.h"
#include "dns_monitor/query/tables.h"

namespace dns_monitor {
namespace {

constexpr const char* kHelp = R"(Statements end with ; and may take several lines. Tab completes.
  \d            the tables
  \d TABLE      its columns
  \f FORMAT     table, json, ndjson, csv, xml or markdown
  \timing       how long statements take, or not
  \q            end (Ctrl-D)
)";

constexpr absl::string_view kKeywords[] = {
    "SELECT",   "FROM",  "WHERE", "GROUP",  "ORDER", "BY",       "HAVING", "LIMIT",
    "DISTINCT", "COUNT", "JOIN",  "LEFT",   "ON",    "AND",      "OR",     "NOT",
    "NULL",     "LIKE",  "ILIKE", "WITH",   "DESC",  "ASC",      "CASE",   "WHEN",
    "THEN",     "ELSE",  "END",   "FILTER", "USING", "DESCRIBE", "BETWEEN"};

// $XDG_STATE_HOME/dns-monitor/history (XDG Base Directory Specification); empty without a home.
std::string HistoryFile() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  std::string directory;
  if (state != nullptr && *state == '/') {
    directory = state;
  } else if (home != nullptr && *home == '/') {
    directory = absl::StrCat(home, "/.local/state");
  } else {
    return "";
  }
  absl::StrAppend(&directory, "/dns-monitor");
  // Without its parents there is no history.
  if (mkdir(directory.c_str(), 0700) == -1 && errno != EEXIST) return "";
  return absl::StrCat(directory, "/history");
}

bool EndsStatement(absl::string_view text) {
  return absl::EndsWith(absl::StripTrailingAsciiWhitespace(text), ";");
}

}  // namespace

SqlCommand::SqlCommand(CLI::App* app)
    : command_(app->add_subcommand("sql", "Ask captures in SQL, interactively")), input_(command_) {
  command_->add_option("paths", paths_, "captures: files and directories")
      ->type_name("FILE|DIR...");
  command_->footer("Reads statements from standard input when that is no terminal.");
}

absl::Status SqlCommand::Check() const {
  if (paths_.empty()) {
    return absl::InvalidArgumentError("which captures? Give files or directories");
  }
  for (const std::string& path : paths_) {
    if (path == "-") {
      return absl::InvalidArgumentError("statements come from standard input; name files");
    }
  }
  return input_.ToCaptureOptions(paths_).status();
}

absl::Status SqlCommand::Run(Watch* watch) {
  DM_ASSIGN_OR_RETURN(const CaptureOptions options, input_.ToCaptureOptions(paths_));
  DM_ASSIGN_OR_RETURN(const EngineOptions engine_options, input_.ToEngineOptions(watch));
  DM_ASSIGN_OR_RETURN(captures_, Captures::Open(options));
  DM_ASSIGN_OR_RETURN(engine_, Engine::Open(*captures_, engine_options));
  LoadWords();
  const bool terminal = isatty(STDIN_FILENO) == 1;
  if (terminal) std::cout << "\\? for help, \\d for the tables, \\q to end.\n" << std::flush;
  LineEditor editor(HistoryFile(), [this](absl::string_view word) { return Complete(word); });
  std::string statement;
  while (const std::optional<std::string> line =
             editor.ReadLine(statement.empty() ? "dns> " : "...> ")) {
    if (editor.interrupted()) {
      statement.clear();
      continue;
    }
    if (statement.empty() && absl::StartsWith(*line, "\\")) {
      editor.Remember(*line);
      if (!RunMeta(*line)) return absl::OkStatus();
      continue;
    }
    absl::StrAppend(&statement, statement.empty() ? "" : "\n", *line);
    if (absl::StripAsciiWhitespace(statement).empty()) statement.clear();
    if (!EndsStatement(statement)) continue;
    editor.Remember(statement);
    absl::Status status = RunStatement(statement, watch);
    statement.clear();
    if (status.ok()) continue;
    if (!terminal) return status;
    LogText(absl::StrCat(status.message(), "\n"));
  }
  return statement.empty() ? absl::OkStatus() : RunStatement(statement, watch);
}

absl::Status SqlCommand::RunStatement(const std::string& statement, Watch* watch) {
  DM_ASSIGN_OR_RETURN(const std::unique_ptr<ResultOutput> output,
                      ResultOutput::Open("", *captures_, format_, std::nullopt));
  const int64_t begin_ns = SystemClock().BoottimeNs();
  DM_RETURN_IF_ERROR(captures_->PlanAgain(SystemClock().RealtimeNs()));
  watch->Follow(engine_.get(), captures_.get(), output->shows_progress());
  const absl::Status status = engine_->Run(statement, [&](duckdb_result* result) {
    return output->Write(result, statement, engine_.get());
  });
  watch->Follow(nullptr, nullptr, false);
  DM_RETURN_IF_ERROR(status);
  DM_RETURN_IF_ERROR(output->End());
  if (timing_) {
    const double seconds = static_cast<double>(SystemClock().BoottimeNs() - begin_ns) / 1e9;
    std::cout << absl::StrFormat("%.3f s\n", seconds) << std::flush;
  }
  return absl::OkStatus();
}

bool SqlCommand::RunMeta(absl::string_view line) {
  const size_t space = line.find(' ');
  const absl::string_view command = line.substr(0, space);
  const absl::string_view argument =
      space == absl::string_view::npos ? "" : absl::StripAsciiWhitespace(line.substr(space));
  if (command == "\\q") return false;
  if (command == "\\timing") {
    timing_ = !timing_;
    std::cout << (timing_ ? "timing is on\n" : "timing is off\n");
  } else if (command == "\\d") {
    std::cout << (argument.empty() ? DescribeTables() : DescribeTable(argument));
  } else if (command == "\\f") {
    const absl::StatusOr<OutputFormat> format = ParseOutputFormat(argument);
    format.ok() ? void(format_ = *format) : void(std::cout << format.status().message() << "\n");
  } else {
    std::cout << kHelp;
  }
  std::cout << std::flush;
  return true;
}

void SqlCommand::LoadWords() {
  for (const absl::string_view keyword : kKeywords) words_.emplace_back(keyword);
  for (const auto& table : AllTables()) {
    words_.emplace_back(table->name());
    words_.push_back(absl::StrCat("read_", table->name()));
    for (const ColumnInfo& column : table->columns()) words_.emplace_back(column.name);
  }
  for (const std::string& function : FunctionNames(engine_->connection())) {
    words_.push_back(function);
  }
  std::sort(words_.begin(), words_.end());
  words_.erase(std::unique(words_.begin(), words_.end()), words_.end());
}

std::vector<std::string> SqlCommand::Complete(absl::string_view word) const {
  std::vector<std::string> found;
  if (word.empty()) return found;
  for (const std::string& each : words_) {
    if (absl::StartsWithIgnoreCase(each, word)) found.push_back(each);
  }
  return found;
}

}  // namespace dns_monitor
