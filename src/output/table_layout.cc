#include "src/output/table_layout.h"

#include <algorithm>
#include <bit>

namespace dns_monitor::output {
namespace {

// How many of the first columns fit with their least widths, with room for `more` behind them.
size_t CountFitting(const std::vector<ColumnWidth>& columns, size_t width, size_t more) {
  size_t used = kTableFrame + more;
  size_t count = 0;
  while (count < columns.size() && used + columns[count].least + kColumnFrame <= width) {
    used += columns[count++].least + kColumnFrame;
  }
  return count;
}

size_t WidthUnder(const ColumnWidth& column, size_t cap) {
  return std::clamp(cap, column.least, column.natural);
}

size_t SumUnder(const std::vector<ColumnWidth>& columns, size_t count, size_t cap) {
  size_t sum = 0;
  for (size_t i = 0; i < count; ++i) sum += WidthUnder(columns[i], cap);
  return sum;
}

}  // namespace

TableLayout LayOut(const std::vector<ColumnWidth>& columns, size_t width) {
  TableLayout layout;
  size_t frame = kTableFrame;
  size_t count = CountFitting(columns, width, 0);
  if (count < columns.size()) {
    constexpr size_t kLeftOut = kLeftOutWidth + kColumnFrame;
    count = std::max<size_t>(CountFitting(columns, width, kLeftOut), 1);
    layout.left_out = count < columns.size();
    if (layout.left_out) frame += kLeftOut;
  }
  frame += count * kColumnFrame;
  const size_t room = width > frame ? width - frame : 0;

  // The greatest cap with which they fit; no column is ever wider than the terminal for its sake.
  size_t cap = 0;
  for (size_t step = std::bit_floor(std::max<size_t>(width, 1)); step > 0; step /= 2) {
    if (SumUnder(columns, count, cap + step) <= room) cap += step;
  }
  size_t left = room - std::min(room, SumUnder(columns, count, cap));
  for (size_t i = 0; i < count; ++i) {
    size_t each = WidthUnder(columns[i], cap);
    if (left > 0 && each < columns[i].natural && each == cap) {
      ++each;
      --left;
    }
    layout.widths.push_back(each);
  }
  return layout;
}

}  // namespace dns_monitor::output
