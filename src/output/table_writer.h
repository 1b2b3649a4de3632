// Tables: what needs to know how wide the columns are before it can write the first row.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "src/output/result_writer.h"

namespace dns_monitor::output {

struct Cell {
  absl::string_view text;
  size_t width;
};

// Holds rows until there are so many, or so many bytes, that the widths can be told from them.
class TableWriter : public ResultWriter {
 public:
  void Row(idx_t row, TextBuffer* out) final;
  void End(uint64_t rows, bool cut_off, TextBuffer* out) final;

 protected:
  explicit TableWriter(const std::vector<Column>& columns) : columns_(columns) {}

  const std::vector<Column>& columns() const { return columns_; }
  // The widest cell of each column, of those that were held.
  virtual void WriteHead(const std::vector<size_t>& widest, TextBuffer* out) = 0;
  virtual void WriteRow(const std::vector<Cell>& cells, TextBuffer* out) = 0;
  virtual void WriteFoot(uint64_t rows, bool cut_off, TextBuffer* out) = 0;

 private:
  void MakeCells(idx_t row);
  void WriteHeld(TextBuffer* out);

  const std::vector<Column>& columns_;
  bool holding_ = true;
  // The cells of all rows held: their texts, one behind the other, where each ends, and how wide it
  // is.
  TextBuffer texts_;
  std::vector<size_t> ends_;
  std::vector<size_t> widths_;
  std::vector<Cell> row_;
};

}  // namespace dns_monitor::output
