#include "src/report/wrap.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/output/held_rows.h"

namespace dns_monitor::report {

std::string Wrapped(absl::string_view text, size_t width) {
  std::string lines;
  size_t column = 0;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const size_t needed = TextWidth(word);
    if (column > 0 && column + 1 + needed > width) {
      lines += '\n';
      column = 0;
    }
    absl::StrAppend(&lines, column > 0 ? " " : "", word);
    column += needed + (column > 0 ? 1 : 0);
  }
  if (column > 0) lines += '\n';
  return lines;
}

}  // namespace dns_monitor::report
