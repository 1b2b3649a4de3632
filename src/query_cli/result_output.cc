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
    : target_(std::move(target)) {
  options_.terminal = target_.terminal();
  options_.width = target_.width();
  options_.format = format.value_or(options_.terminal ? OutputFormat::kTable : OutputFormat::kJson);
  options_.limit = limit;
  options_.is_flag = IsFlagColumn;
  sink_.emplace(&target_, options_.format);
}

bool ResultOutput::shows_progress() const {
  return isatty(STDERR_FILENO) == 1;
}

absl::Status ResultOutput::Sink::Begin() {
  if (begun_) return absl::OkStatus();
  begun_ = true;
  ++attempts_;
  DM_RETURN_IF_ERROR(target_->Begin());
  return OpenDocument(format_, this);
}

absl::Status ResultOutput::Sink::Write(absl::string_view bytes) {
  DM_RETURN_IF_ERROR(Begin());
  if (bytes.empty()) return absl::OkStatus();
  ++attempts_;
  at_line_begin_ = bytes.back() == '\n';
  return FdSink(target_->fd()).Write(bytes);
}

absl::Status ResultOutput::Write(duckdb_result* result, const std::string& statement,
                                 Engine* engine) {
  options_.query = statement;
  options_.result_number = results_;
  options_.interrupt = [engine] { engine->EndResult(); };
  const uint64_t before = sink_->attempts();
  absl::Status status = WriteResult(result, options_, &*sink_).status();
  if (status.ok()) status = sink_->Begin();  // also for a result without a byte
  if (status.ok()) ++results_;
  broken_off_ = !status.ok() && sink_->attempts() > before;
  return status;
}

absl::Status ResultOutput::End() {
  if (!sink_->begun()) return absl::OkStatus();
  if (broken_off_) {
    return target_.terminal() && !sink_->at_line_begin() ? sink_->Write("\n") : absl::OkStatus();
  }
  DM_RETURN_IF_ERROR(CloseDocument(options_.format, results_, &*sink_));
  target_.Keep();
  return absl::OkStatus();
}

}  // namespace dns_monitor
