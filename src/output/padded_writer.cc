// PacketQ's table: CSV with blanks before the commas.

#include <algorithm>

#include "src/output/cell_writer.h"
#include "src/output/display_width.h"
#include "src/output/table_writer.h"

namespace dns_monitor::output {
namespace {

class PaddedWriter : public TableWriter {
 public:
  explicit PaddedWriter(const std::vector<Column>& columns) : TableWriter(columns) {}

  void Begin(TextBuffer* /*out*/) override {}

 protected:
  void WriteHead(const std::vector<size_t>& widest, TextBuffer* out) override {
    TextBuffer texts;
    std::vector<size_t> ends;
    for (const Column& column : columns()) {
      AppendCsvText(column.name, /*terminal=*/false, &texts);
      ends.push_back(texts.size());
    }
    std::vector<Cell> names;
    size_t from = 0;
    for (size_t i = 0; i < ends.size(); ++i) {
      const absl::string_view name = texts.view().substr(from, ends[i] - from);
      names.push_back({name, DisplayWidth(name)});
      widths_.push_back(std::max(names.back().width, widest[i]));
      from = ends[i];
    }
    WriteRow(names, out);
  }

  void WriteRow(const std::vector<Cell>& cells, TextBuffer* out) override {
    for (size_t i = 0; i < cells.size(); ++i) {
      out->Append(cells[i].text);
      if (i + 1 == cells.size()) break;
      if (cells[i].width < widths_[i]) out->Append(widths_[i] - cells[i].width, ' ');
      out->Append(1, ',');
    }
    out->Append(1, '\n');
  }

  void WriteFoot(uint64_t /*rows*/, bool /*cut_off*/, TextBuffer* /*out*/) override {}

 private:
  std::vector<size_t> widths_;
};

}  // namespace

std::unique_ptr<ResultWriter> MakePaddedWriter(const std::vector<Column>& columns) {
  return std::make_unique<PaddedWriter>(columns);
}

}  // namespace dns_monitor::output
