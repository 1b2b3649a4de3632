#include "status_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/units.h"

namespace dns_monitor {
namespace {

constexpr int kUsualColumns = 80;
int TerminalColumns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

}  // namespace

StatusLine::~StatusLine() {
  ShowStatus("");
}

void StatusLine::Show(const StatusSample& sample) {
  const StatusSample before = std::exchange(last_, sample);
  const int64_t elapsed_ns = sample.time_ns - before.time_ns;
  packets_per_second_ = 0;
  if (before.time_ns != 0 && elapsed_ns > 0) {
    packets_per_second_ = static_cast<double>(sample.matched - before.matched) *
                          kNanosecondsPerSecond / static_cast<double>(elapsed_ns);
  }
  // A terminal that wraps at its last column would break the line.
  ShowStatus(Format(sample, packets_per_second_, TerminalColumns() - 1));
}

std::string StatusLine::Text() const {
  return Format(last_, packets_per_second_, std::numeric_limits<int>::max());
}

std::string StatusLine::Format(const StatusSample& sample, double packets_per_second, int columns) {
  std::string line =
      absl::StrCat(FormatCount(static_cast<uint64_t>(std::llround(packets_per_second))), "/s  ",
                   FormatCount(sample.written), " packets  ", FormatCount(sample.lost), " lost");
  if (!sample.file.empty()) {
    absl::StrAppend(&line, "  ", sample.file, "  ", FormatSize(sample.file_bytes));
  }
  if (sample.failing) absl::StrAppend(&line, "  DISK FAILING");
  if (line.size() > static_cast<size_t>(columns)) line.resize(columns);
  return line;
}

}  // namespace dns_monitor
