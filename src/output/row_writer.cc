#include "src/output/row_writer.h"

#include <cstring>

namespace dns_monitor::output {

RowWriter::Text::Text(absl::string_view text) : size_(text.size()) {
  if (size_ <= kShortBytes) {
    std::memcpy(short_, text.data(), size_);
  } else {
    long_ = std::string(text);
  }
}

inline void RowWriter::Text::AppendTo(TextBuffer* out) const {
  if (size_ > kShortBytes) return out->Append(long_);
  // All of it, of which only the first bytes count: a copy of fixed length is one instruction.
  char* const to = out->Room(kShortBytes);
  std::memcpy(to, short_, kShortBytes);
  out->EndAt(to + size_);
}

void RowWriter::SetBefore(absl::string_view first, absl::string_view others) {
  before_.assign(columns_.size(), Text(others));
  if (!before_.empty()) before_[0] = Text(first);
}

void RowWriter::SetBefore(const std::vector<std::string>& each) {
  for (const std::string& text : each) before_.emplace_back(text);
}

void RowWriter::Row(idx_t row, TextBuffer* out) {
  if (!first_) between_rows_.AppendTo(out);
  first_ = false;
  const Text* before = before_.data();
  for (const Column& column : columns_) {
    before++->AppendTo(out);
    column.write(column, row, out);
  }
  after_row_.AppendTo(out);
}

}  // namespace dns_monitor::output
