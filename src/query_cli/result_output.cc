#include "result_output.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/query/tables.h"

namespace dns_monitor {

bool IsFlagColumn(absl::string_view name) {
  const std::vector<ColumnInfo>& columns = AllTables().front()->columns();
  return std::any_of(columns.begin(), columns.end(), [name](const ColumnInfo& column) {
    return column.type == ColumnType::kFlag && absl::EqualsIgnoreCase(column.name, name);
  });
}

absl::StatusOr<std::unique_ptr<ResultOutput>> ResultOutput::Open(const std::string& path,
                                                                 const Captures& captures,
                                                                 std::optional<OutputFormat> format,
                                                                 std::optional<uint64_t> limit) {
  DM_ASSIGN_OR_RETURN(OutputTarget target, OutputTarget::Open(path, &captures));
  return std::unique_ptr<ResultOutput>(new ResultOutput(std::move(target), format, limit));
}

ResultOutput::ResultOutput(OutputTarget target, std::optional<OutputFormat> format,
                           std::optional<uint64_t> limit)
    : target_(std::move(target)), sink_(target_.fd()) {
  options_.terminal = target_.terminal();
  options_.width = target_.width();
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
    DM_RETURN_IF_ERROR(target_.Begin());
    DM_RETURN_IF_ERROR(OpenDocument(options_.format, &sink_));
  }
  options_.query = statement;
  options_.result_number = results_++;
  options_.interrupt = [engine] { engine->EndResult(); };
  return WriteResult(result, options_, &sink_).status();
}

absl::Status ResultOutput::End() {
  if (results_ == 0) return absl::OkStatus();
  return CloseDocument(options_.format, results_, &sink_);
}

}  // namespace dns_monitor
