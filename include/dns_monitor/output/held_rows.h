// Results that are small enough to be held: to be looked at before they are shown, or twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/output/output.h"
#include "duckdb.h"

namespace dns_monitor {

struct HeldColumn {
  std::string name;
  bool is_number = false;
  bool is_text = false;            // which may be cut where there is not room for all
  std::vector<std::string> cells;  // as a table on a terminal has them, but that NULL is empty
  bool is_time = false;            // of day and time, UTC
};

struct HeldRows {
  std::vector<HeldColumn> columns;
  size_t rows = 0;
  bool more = false;  // there were others

  // Null when there is none of this name.
  const HeldColumn* Find(absl::string_view name) const;
};

// Reads a result, at most so many rows of it; the result stays the caller's. Texts have control
// characters, and those that move others about, as \x1b and \u{202e}. The errors of WriteResult.
absl::StatusOr<HeldRows> HoldRows(duckdb_result* result, size_t most_rows);

// As the format has them: boxes of at most `width` columns (kTable), or kMarkdown.
std::string FormatRows(const HeldRows& rows, OutputFormat format, int width);

// The text, or its beginning with … behind, of at most so many columns on a terminal.
std::string Shortened(absl::string_view text, size_t width);
// Its columns on a terminal. `text` has no hidden characters.
size_t TextWidth(absl::string_view text);

}  // namespace dns_monitor
