#include "sql_command.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "completion.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/query/describe.h"
#include "statement_buffer.h"

namespace dns_monitor {
namespace {

constexpr const char* kHelp = R"(Statements end with ; and may take several lines. Tab completes.
  \d            the tables
  \d TABLE      its columns
  \f FORMAT     table, json, ndjson, csv, xml or markdown
  \timing       how long statements take, or not
  \q            end (also exit, quit, Ctrl-D)
Ctrl-C drops what is typed, and ends a statement that runs.
)";

// Makes those that are missing behind the first `begin` bytes of the path.
absl::Status MakeDirectories(const std::string& path, size_t begin) {
  for (size_t end = begin; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string directory = path.substr(0, end);
    if (mkdir(directory.c_str(), 0700) == -1 && errno != EEXIST) return ErrnoError(directory);
  }
  return absl::OkStatus();
}

// $XDG_STATE_HOME/dns-monitor/history (XDG Base Directory Specification); empty without a home.
absl::StatusOr<std::string> HistoryFile() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  std::string directory;
  size_t there = 0;  // a home is not ours to make
  if (state != nullptr && *state == '/') {
    directory = state;
  } else if (home != nullptr && *home == '/') {
    directory = absl::StrCat(home, "/.local/state");
    there = std::strlen(home);
  } else {
    return "";
  }
  absl::StrAppend(&directory, "/dns-monitor");
  DM_RETURN_IF_ERROR(MakeDirectories(directory, there));
  return absl::StrCat(directory, "/history");
}

std::string HistoryFileOrNone() {
  const absl::StatusOr<std::string> file = HistoryFile();
  if (file.ok()) return *file;
  LogWarning("there will be no history: ", file.status().message());
  return "";
}

// The command that a line is, which begins with a backslash; empty: it is SQL.
std::string CommandOf(absl::string_view line) {
  line = absl::StripAsciiWhitespace(line);
  while (absl::ConsumeSuffix(&line, ";")) line = absl::StripTrailingAsciiWhitespace(line);
  if (absl::StartsWith(line, "\\")) return std::string(line);
  if (absl::EqualsIgnoreCase(line, "exit") || absl::EqualsIgnoreCase(line, "quit")) return "\\q";
  return absl::EqualsIgnoreCase(line, "help") ? "\\?" : "";
}

}  // namespace

SqlCommand::SqlCommand(CLI::App* app)
    : command_(app->add_subcommand("sql", "Ask captures in SQL, interactively")), input_(command_) {
  command_->add_option("paths", paths_, "captures: files, directories and patterns")
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
  const Completion completion(*engine_);
  StatementBuffer statement;
  const bool terminal = isatty(STDIN_FILENO) == 1;
  if (terminal) std::cout << "\\? for help, \\d for the tables, \\q to end.\n" << std::flush;
  LineEditor editor(terminal ? HistoryFileOrNone() : "",
                    [&](absl::string_view before, absl::string_view word) {
                      return completion.Find(absl::StrCat(statement.text(), "\n", before), word);
                    });
  while (const std::optional<std::string> line =
             editor.ReadLine(statement.empty() ? "dns> " : "...> ")) {
    if (editor.interrupted()) {
      statement.Clear();
      continue;
    }
    const std::string command = statement.empty() ? CommandOf(*line) : "";
    if (!command.empty()) {
      editor.Remember(*line);
      if (!RunMeta(command)) return absl::OkStatus();
      continue;
    }
    statement.Add(*line);
    if (!statement.finished()) continue;
    editor.Remember(statement.text());
    absl::Status status = RunStatement(statement.text(), watch);
    statement.Clear();
    if (status.ok()) continue;
    if (!terminal) return status;
    LogText(absl::StrCat(status.message(), "\n"));
  }
  return terminal || statement.empty() ? absl::OkStatus() : RunStatement(statement.text(), watch);
}

absl::Status SqlCommand::RunStatement(const std::string& statement, Watch* watch) {
  DM_ASSIGN_OR_RETURN(const std::unique_ptr<ResultOutput> output,
                      ResultOutput::Open("", *captures_, format_, std::nullopt));
  const int64_t begin_ns = SystemClock().BoottimeNs();
  DM_RETURN_IF_ERROR(captures_->PlanAgain(SystemClock().RealtimeNs()));
  watch->Follow(engine_.get(), captures_.get(), output->shows_progress());
  absl::Status status = engine_->Run(statement, [&](duckdb_result* result) {
    return output->Write(result, statement, engine_.get());
  });
  watch->Follow(nullptr, nullptr, false);
  status.Update(output->End());
  DM_RETURN_IF_ERROR(status);
  if (timing_) {
    const double seconds = static_cast<double>(SystemClock().BoottimeNs() - begin_ns) / 1e9;
    std::cout << absl::StrFormat("%.3f s\n", seconds) << std::flush;
  }
  return absl::OkStatus();
}

bool SqlCommand::RunMeta(absl::string_view text) {
  const size_t space = text.find(' ');
  const absl::string_view command = text.substr(0, space);
  const absl::string_view argument =
      space == absl::string_view::npos ? "" : absl::StripAsciiWhitespace(text.substr(space));
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

}  // namespace dns_monitor
