// How wide the columns of a table are that has to fit a terminal.
#pragma once

#include <cstddef>
#include <vector>

namespace dns_monitor::output {

struct ColumnWidth {
  size_t natural = 0;  // that nothing is cut
  size_t least = 0;    // not more than natural
};

struct TableLayout {
  // Of the columns that are shown, which are the first ones; at least one.
  std::vector<size_t> widths;
  bool left_out = false;  // others are not; a column with … says so
};

// A blank on either side of each cell, and a line on either side of all.
inline constexpr size_t kColumnFrame = 3;
inline constexpr size_t kTableFrame = 1;
// The column that stands for those left out.
inline constexpr size_t kLeftOutWidth = 1;

// Narrow columns get what they need, and the wide ones the same width each, as far as their least
// lets them. Wider than `width` only when a single column's least is too wide.
TableLayout LayOut(const std::vector<ColumnWidth>& columns, size_t width);

}  // namespace dns_monitor::output
