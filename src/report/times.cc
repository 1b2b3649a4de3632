#include "src/report/times.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace dns_monitor::report {
namespace {

constexpr size_t kYear = 4;  // letters
constexpr size_t kDay = 10;

// Years before 0 and beyond 9999 are written longer.
bool IsUsual(absl::string_view time) {
  return time.size() > kDay && time[kYear] == '-' && time[kDay] == 'T' && time.back() == 'Z';
}

std::vector<std::string*> TimesOf(HeldRows* rows) {
  std::vector<std::string*> times;
  for (HeldColumn& column : rows->columns) {
    if (!column.is_time) continue;
    for (std::string& cell : column.cells) {
      if (!cell.empty()) times.push_back(&cell);
    }
  }
  return times;
}

}  // namespace

std::string ShortenTimes(HeldRows* rows) {
  const std::vector<std::string*> times = TimesOf(rows);
  if (times.empty() || !std::all_of(times.begin(), times.end(),
                                    [](const std::string* time) { return IsUsual(*time); })) {
    return "";
  }
  const std::string first = *times.front();
  const auto share = [&](size_t letters) {
    return std::all_of(times.begin(), times.end(), [&](const std::string* time) {
      return absl::StartsWith(*time, absl::string_view(first).substr(0, letters));
    });
  };
  const size_t shared = share(kDay) ? kDay : share(kYear) ? kYear : 0;
  if (shared == 0) return "";
  for (std::string* const time : times) {
    (*time)[kDay] = ' ';
    *time = time->substr(shared + 1, time->size() - shared - 2);
  }
  return absl::StrCat("Times are of ", first.substr(0, shared), ", UTC.");
}

}  // namespace dns_monitor::report
