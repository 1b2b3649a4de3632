#include "src/report/sparkline.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace dns_monitor::report {
namespace {

constexpr absl::string_view kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr size_t kHighest = std::size(kBlocks) - 1;

}  // namespace

std::string Sparkline(const std::vector<double>& values) {
  double greatest = 0;
  for (const double value : values) {
    if (value > greatest) greatest = value;
  }
  std::string line;
  for (const double value : values) {
    // Only what is 0 has the lowest block, and only the greatest the highest.
    size_t height = 0;
    if (value > 0) {
      height = 1 + static_cast<size_t>(value / greatest * static_cast<double>(kHighest - 1));
    }
    absl::StrAppend(&line, kBlocks[std::min(height, kHighest)]);
  }
  return line;
}

}  // namespace dns_monitor::report
