// A table in boxes, for a terminal.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "src/output/cell_writer.h"
#include "src/output/display_width.h"
#include "src/output/table_layout.h"
#include "src/output/table_writer.h"

namespace dns_monitor::output {
namespace {

constexpr absl::string_view kMore = "…";
// What is left of a text, or of a name over numbers, when there is not room for all.
// An IPv4 address is no good without its end.
constexpr size_t kLeastTextWidth = 15;
constexpr size_t kLeastNameWidth = 4;
// What is left of a longer text where no name has to be cut for that.
constexpr size_t kLeastBesideNames = 10;

bool MayBeCut(const Column& column) {
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

bool IsRight(const Column& column) {
  return column.kind == Kind::kInt || column.kind == Kind::kFloat ||
         (column.kind == Kind::kBool && column.type != DUCKDB_TYPE_BOOLEAN);
}

void AppendFill(absl::string_view piece, size_t count, TextBuffer* out) {
  for (size_t i = 0; i < count; ++i) out->Append(piece);
}

// What is too wide is cut, or stands out of its column.
void AppendAligned(const Cell& cell, size_t width, bool right, bool cut, TextBuffer* out) {
  if (cell.width > width && cut) {
    const absl::string_view beginning = CutToWidth(cell.text, width - 1);
    out->Append(beginning);
    out->Append(kMore);
    return out->Append(width - 1 - DisplayWidth(beginning), ' ');
  }
  const size_t blanks = width > cell.width ? width - cell.width : 0;
  if (right) out->Append(blanks, ' ');
  out->Append(cell.text);
  if (!right) out->Append(blanks, ' ');
}

class BoxWriter : public TableWriter {
 public:
  BoxWriter(const std::vector<Column>& columns, int width)
      : TableWriter(columns), width_(static_cast<size_t>(std::max(width, 1))) {}

  void Begin(TextBuffer* /*out*/) override {
    for (const Column& column : columns()) {
      TextBuffer name(64);
      AppendTerminalText(column.name, &name);
      names_.emplace_back(name.view());
    }
  }

 protected:
  void WriteHead(const std::vector<size_t>& widest, TextBuffer* out) override {
    layout_ = LayOut(Widths(widest, /*whole_names=*/true), width_);
    if (layout_.left_out) layout_ = LayOut(Widths(widest, /*whole_names=*/false), width_);
    WriteLine("┌", "┬", "┐", out);
    std::vector<Cell> names;
    for (const std::string& name : names_) names.push_back({name, DisplayWidth(name)});
    WriteCells(names, /*are_names=*/true, out);
    WriteLine("├", "┼", "┤", out);
  }

  void WriteRow(const std::vector<Cell>& cells, TextBuffer* out) override {
    WriteCells(cells, /*are_names=*/false, out);
  }

  void WriteFoot(uint64_t rows, bool cut_off, TextBuffer* out) override {
    WriteLine("└", "┴", "┘", out);
    out->Append(absl::StrCat("(", cut_off ? "first " : "", rows, rows == 1 ? " row" : " rows"));
    if (layout_.left_out) {
      out->Append(absl::StrCat(", ", layout_.widths.size(), " of ", columns().size(), " columns"));
    }
    out->Append(")\n");
  }

 private:
  std::vector<ColumnWidth> Widths(const std::vector<size_t>& widest, bool whole_names) const {
    std::vector<ColumnWidth> widths;
    for (size_t i = 0; i < widest.size(); ++i) {
      const size_t name = DisplayWidth(names_[i]);
      const size_t natural = std::max(name, widest[i]);
      const size_t of_name = whole_names ? name : std::min(name, kLeastNameWidth);
      size_t of_cells = widest[i];
      if (MayBeCut(columns()[i])) {
        const bool is_long = natural > kLeastTextWidth;
        of_cells = std::min(
            {natural, whole_names && is_long ? kLeastBesideNames : kLeastTextWidth, width_ / 2});
      }
      widths.push_back({natural, std::max({of_cells, of_name, size_t{1}})});
    }
    return widths;
  }

  void WriteLine(absl::string_view left, absl::string_view middle, absl::string_view right,
                 TextBuffer* out) const {
    out->Append(left);
    for (size_t i = 0; i < layout_.widths.size(); ++i) {
      if (i > 0) out->Append(middle);
      AppendFill("─", layout_.widths[i] + 2, out);
    }
    if (layout_.left_out) {
      out->Append(middle);
      AppendFill("─", kLeftOutWidth + 2, out);
    }
    out->Append(right);
    out->Append(1, '\n');
  }

  void WriteCells(const std::vector<Cell>& cells, bool are_names, TextBuffer* out) const {
    for (size_t i = 0; i < layout_.widths.size(); ++i) {
      out->Append("│ ");
      const Column& column = columns()[i];
      AppendAligned(cells[i], layout_.widths[i], IsRight(column), are_names || MayBeCut(column),
                    out);
      out->Append(1, ' ');
    }
    if (layout_.left_out) out->Append("│ … ");
    out->Append("│\n");
  }

  const size_t width_;
  std::vector<std::string> names_;
  TableLayout layout_;
};

}  // namespace

std::unique_ptr<ResultWriter> MakeBoxWriter(const std::vector<Column>& columns, int width) {
  return std::make_unique<BoxWriter>(columns, width);
}

}  // namespace dns_monitor::output
