#include "dns_monitor/output/held_rows.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "src/output/cell_writer.h"
#include "src/output/chunk_stream.h"
#include "src/output/display_width.h"
#include "src/output/result_writer.h"

namespace dns_monitor {
namespace {

using output::Kind;
using output::TextBuffer;

bool IsText(const output::Column& column) {
  switch (column.type) {
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_ENUM:
    case DUCKDB_TYPE_BLOB:
    case DUCKDB_TYPE_BIT:
      return true;
    default:
      return column.kind == Kind::kJson;
  }
}

bool IsTime(const output::Column& column) {
  switch (column.type) {
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return true;
    default:
      return false;
  }
}

void HoldRow(const std::vector<output::Column>& columns, idx_t row, TextBuffer* text,
             HeldRows* held) {
  for (size_t i = 0; i < columns.size(); ++i) {
    text->Truncate(0);
    if (!columns[i].IsNull(row)) columns[i].write(columns[i], row, text);
    held->columns[i].cells.emplace_back(text->view());
  }
  ++held->rows;
}

// The writers of formats take columns of the engine's; these point to what is held.
void WriteAsItIs(const output::Column& column, idx_t row, TextBuffer* out) {
  out->Append(column.Get<std::string>(row));
}

void WriteForMarkdown(const output::Column& column, idx_t row, TextBuffer* out) {
  output::AppendMarkdownText(column.Get<std::string>(row), out);
}

output::Column PointingTo(const HeldColumn& held, output::WriteCell write) {
  output::Column column;
  column.name = held.name;
  column.type = held.is_text ? DUCKDB_TYPE_VARCHAR : DUCKDB_TYPE_BIGINT;
  column.kind = held.is_number ? Kind::kInt : Kind::kText;
  column.write = write;
  column.data = held.cells.data();
  return column;
}

}  // namespace

const HeldColumn* HeldRows::Find(absl::string_view name) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [name](const HeldColumn& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

absl::StatusOr<HeldRows> HoldRows(duckdb_result* result, size_t most_rows) {
  DM_ASSIGN_OR_RETURN(std::vector<output::Column> columns,
                      output::DescribeColumns(result, nullptr, output::TerminalCellWriter));
  HeldRows held;
  for (const output::Column& column : columns) {
    const bool is_number = column.kind == Kind::kInt || column.kind == Kind::kFloat;
    held.columns.push_back({column.name, is_number, IsText(column), {}, IsTime(column)});
  }
  TextBuffer text;
  output::ChunkStream chunks(result, nullptr);
  while (true) {
    DM_ASSIGN_OR_RETURN(const output::Chunk chunk, chunks.Next());
    if (chunk == nullptr) return held;
    output::BindColumns(chunk.get(), &columns);
    const idx_t count = duckdb_data_chunk_get_size(chunk.get());
    for (idx_t row = 0; row < count; ++row) {
      if (held.rows == most_rows) {
        held.more = true;
        return held;
      }
      HoldRow(columns, row, &text, &held);
    }
  }
}

std::string FormatRows(const HeldRows& rows, OutputFormat format, int width) {
  const bool markdown = format == OutputFormat::kMarkdown;
  std::vector<output::Column> columns;
  for (const HeldColumn& held : rows.columns) {
    columns.push_back(PointingTo(held, markdown ? WriteForMarkdown : WriteAsItIs));
  }
  const std::unique_ptr<output::ResultWriter> writer =
      markdown ? output::MakeMarkdownWriter(columns) : output::MakeBoxWriter(columns, width);
  TextBuffer out;
  writer->Begin(&out);
  for (size_t row = 0; row < rows.rows; ++row) writer->Row(row, &out);
  writer->End(rows.rows, rows.more, &out);
  return std::string(out.view());
}

std::string Shortened(absl::string_view text, size_t width) {
  if (output::DisplayWidth(text) <= width) return std::string(text);
  return absl::StrCat(output::CutToWidth(text, width - 1), "…");
}

size_t TextWidth(absl::string_view text) {
  return output::DisplayWidth(text);
}

}  // namespace dns_monitor
