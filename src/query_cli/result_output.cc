#include "result_output.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/query/tables.h"

namespace dns_monitor {
namespace {

int TerminalColumns(int fd) {
  winsize size = {};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

bool IsFlagColumn(absl::string_view name) {
  const std::vector<ColumnInfo>& columns = AllTables().front()->columns();
  return std::any_of(columns.begin(), columns.end(), [name](const ColumnInfo& column) {
    return column.type == ColumnType::kFlag && absl::EqualsIgnoreCase(column.name, name);
  });
}

absl::StatusOr<std::unique_ptr<ResultOutput>> ResultOutput::Open(const std::string& path,
                                                                 std::optional<OutputFormat> format,
                                                                 std::optional<uint64_t> limit) {
  Fd file;
  if (!path.empty()) {
    file = Fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (file.get() == -1) return ErrnoError(path);
  }
  return std::unique_ptr<ResultOutput>(new ResultOutput(std::move(file), format, limit));
}

ResultOutput::ResultOutput(Fd file, std::optional<OutputFormat> format,
                           std::optional<uint64_t> limit)
    : file_(std::move(file)), sink_(file_.get() == -1 ? STDOUT_FILENO : file_.get()) {
  const int fd = file_.get() == -1 ? STDOUT_FILENO : file_.get();
  options_.terminal = isatty(fd) == 1;
  options_.width = TerminalColumns(fd);
  options_.format = format.value_or(options_.terminal ? OutputFormat::kTable : OutputFormat::kJson);
  options_.limit = limit;
  options_.is_flag = IsFlagColumn;
}

bool ResultOutput::shows_progress() const {
  return isatty(STDERR_FILENO) == 1;
}

absl::Status ResultOutput::Write(duckdb_result* result, const std::string& statement,
                                 Engine* engine) {
  if (results_ == 0) {
    DM_RETURN_IF_ERROR(OpenDocument(options_.format, &sink_));
  }
  options_.query = statement;
  options_.result_number = results_++;
  options_.interrupt = [engine] { engine->EndResult(); };
  return WriteResult(result, options_, &sink_).status();
}

absl::Status ResultOutput::End() {
  return CloseDocument(options_.format, results_, &sink_);
}

}  // namespace dns_monitor
