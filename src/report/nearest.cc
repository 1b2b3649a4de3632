#include "src/report/nearest.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/match.h"

namespace dns_monitor::report {
namespace {

constexpr size_t kMostNames = 3;
constexpr size_t kLeastPart = 3;  // letters that say something when a name contains them

// Levenshtein's distance, a row of the matrix at a time.
size_t Distance(absl::string_view one, absl::string_view other) {
  std::vector<size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < one.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < other.size(); ++j) {
      const size_t changed = diagonal + (one[i] == other[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j + 1] + 1, row[j] + 1, changed});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> NearestOf(absl::string_view name, const std::vector<std::string>& names) {
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& candidate : names) {
    const size_t distance = Distance(name, candidate);
    const bool contains = name.size() >= kLeastPart && absl::StrContains(candidate, name);
    if (contains || distance <= std::max<size_t>(2, name.size() / 3)) {
      near.emplace_back(contains ? 0 : distance, candidate);
    }
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> nearest;
  for (auto& [distance, candidate] : near) {
    if (nearest.size() < kMostNames) nearest.push_back(std::move(candidate));
  }
  return nearest;
}

}  // namespace dns_monitor::report
