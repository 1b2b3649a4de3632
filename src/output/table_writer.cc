#include "src/output/table_writer.h"

#include <algorithm>

#include "src/output/display_width.h"

namespace dns_monitor::output {
namespace {

constexpr size_t kHeldRows = 10'000;
constexpr size_t kHeldBytes = size_t{8} << 20;

}  // namespace

void TableWriter::MakeCells(idx_t row) {
  for (const Column& column : columns_) {
    const size_t from = texts_.size();
    column.write(column, row, &texts_);
    ends_.push_back(texts_.size());
    widths_.push_back(DisplayWidth(texts_.view().substr(from)));
  }
}

void TableWriter::WriteHeld(TextBuffer* out) {
  const size_t count = columns_.size();
  if (holding_) {
    std::vector<size_t> widest(count);
    for (size_t i = 0; i < widths_.size(); ++i) {
      widest[i % count] = std::max(widest[i % count], widths_[i]);
    }
    WriteHead(widest, out);
    holding_ = false;
  }
  size_t from = 0;
  for (size_t i = 0; i < ends_.size(); ++i) {
    row_.push_back({texts_.view().substr(from, ends_[i] - from), widths_[i]});
    from = ends_[i];
    if (row_.size() < count) continue;
    WriteRow(row_, out);
    row_.clear();
  }
  texts_.Truncate(0);
  ends_.clear();
  widths_.clear();
}

void TableWriter::Row(idx_t row, TextBuffer* out) {
  MakeCells(row);
  const bool more = ends_.size() < kHeldRows * columns_.size() && texts_.size() < kHeldBytes;
  if (!holding_ || !more) WriteHeld(out);
}

void TableWriter::End(uint64_t rows, bool cut_off, TextBuffer* out) {
  if (holding_) WriteHeld(out);
  WriteFoot(rows, cut_off, out);
}

}  // namespace dns_monitor::output
