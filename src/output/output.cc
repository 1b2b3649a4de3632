#include "dns_monitor/output/output.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "src/output/cell_writer.h"
#include "src/output/chunk_stream.h"
#include "src/output/result_writer.h"

namespace dns_monitor {
namespace output {

WriteCell (*CellWriterOf(const OutputOptions& options))(const Column& column) {
  switch (options.format) {
    case OutputFormat::kTable:
      return options.terminal ? TerminalCellWriter : CsvCellWriter;
    case OutputFormat::kJson:
    case OutputFormat::kNdjson:
      return JsonCellWriter;
    case OutputFormat::kCsv:
      return options.terminal ? TerminalCsvCellWriter : CsvCellWriter;
    case OutputFormat::kXml:
      return XmlCellWriter;
    case OutputFormat::kMarkdown:
      return MarkdownCellWriter;
  }
  return nullptr;
}

std::string ResultName(const OutputOptions& options) {
  return options.name.empty() ? absl::StrCat("result-", options.result_number) : options.name;
}

std::unique_ptr<ResultWriter> MakeResultWriter(const std::vector<Column>& columns,
                                               const OutputOptions& options) {
  switch (options.format) {
    case OutputFormat::kTable:
      if (IsExplanation(columns)) return MakeExplanationWriter(columns, options.terminal);
      return options.terminal ? MakeBoxWriter(columns, options.width) : MakePaddedWriter(columns);
    case OutputFormat::kJson:
      return MakeJsonWriter(columns, options);
    case OutputFormat::kNdjson:
      return MakeNdjsonWriter(columns);
    case OutputFormat::kCsv:
      return MakeCsvWriter(columns, options.terminal);
    case OutputFormat::kXml:
      return MakeXmlWriter(columns, options);
    case OutputFormat::kMarkdown:
      return MakeMarkdownWriter(columns);
  }
  return nullptr;
}

namespace {

// Small enough to stay in the core's own cache, large enough that a write costs nothing.
constexpr size_t kPieceBytes = size_t{256} << 10;

// One result on its way.
class Job {
 public:
  Job(std::vector<Column> columns, const OutputOptions& options, ByteSink* sink)
      : columns_(std::move(columns)),
        writer_(MakeResultWriter(columns_, options)),
        limit_(options.limit.value_or(UINT64_MAX)),
        sink_(sink),
        out_(kPieceBytes) {}

  absl::StatusOr<uint64_t> Write(duckdb_result* result, const std::function<void()>& interrupt) {
    writer_->Begin(&out_);
    ChunkStream chunks(result, interrupt);
    while (rows_ < limit_) {
      DM_ASSIGN_OR_RETURN(const Chunk chunk, chunks.Next());
      if (chunk == nullptr) break;
      DM_RETURN_IF_ERROR(WriteChunk(chunk.get()));
      if (chunks.WouldWait()) DM_RETURN_IF_ERROR(Flush());
    }
    writer_->End(rows_, rows_ == limit_, &out_);
    DM_RETURN_IF_ERROR(Flush());
    return rows_;
  }

 private:
  absl::Status WriteChunk(duckdb_data_chunk chunk) {
    BindColumns(chunk, &columns_);
    const uint64_t count = std::min(duckdb_data_chunk_get_size(chunk), limit_ - rows_);
    for (idx_t row = 0; row < count; ++row) {
      writer_->Row(row, &out_);
      if (out_.size() >= kPieceBytes) DM_RETURN_IF_ERROR(Flush());
    }
    rows_ += count;
    return absl::OkStatus();
  }

  absl::Status Flush() {
    if (out_.size() > 0) DM_RETURN_IF_ERROR(sink_->Write(out_.view()));
    out_.Truncate(0);
    return absl::OkStatus();
  }

  std::vector<Column> columns_;
  const std::unique_ptr<ResultWriter> writer_;
  const uint64_t limit_;
  ByteSink* const sink_;
  TextBuffer out_;
  uint64_t rows_ = 0;
};

}  // namespace
}  // namespace output

absl::StatusOr<uint64_t> WriteResult(duckdb_result* result, const OutputOptions& options,
                                     ByteSink* sink) {
  DM_ASSIGN_OR_RETURN(
      std::vector<output::Column> columns,
      output::DescribeColumns(result, options.is_flag, output::CellWriterOf(options)));
  return output::Job(std::move(columns), options, sink).Write(result, options.interrupt);
}

}  // namespace dns_monitor
