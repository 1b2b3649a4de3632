#include "dns_monitor/ledger/gap_log.h"

#include <algorithm>

namespace dns_monitor {

void GapLog::Add(const Gap& gap) {
  const std::lock_guard lock(mutex_);
  over_.push_back(gap);
}

void GapLog::Begin(GapReason reason, int64_t from_ns) {
  const std::lock_guard lock(mutex_);
  for (const Gap& gap : open_) {
    if (gap.reason == reason) return;
  }
  open_.push_back({.from_ns = from_ns, .to_ns = from_ns, .reason = reason});
}

void GapLog::End(GapReason reason, int64_t to_ns) {
  const std::lock_guard lock(mutex_);
  const auto gap = std::find_if(open_.begin(), open_.end(),
                                [reason](const Gap& open) { return open.reason == reason; });
  if (gap == open_.end()) return;
  gap->to_ns = std::max(gap->from_ns, to_ns);
  over_.push_back(*gap);
  open_.erase(gap);
}

std::vector<Gap> GapLog::Take(int64_t until_ns) {
  const std::lock_guard lock(mutex_);
  std::vector<Gap> taken;
  std::vector<Gap> later;
  for (const Gap& gap : over_) (gap.from_ns < until_ns ? taken : later).push_back(gap);
  over_ = std::move(later);
  for (Gap& gap : open_) {
    if (gap.from_ns >= until_ns) continue;
    taken.push_back({.from_ns = gap.from_ns, .to_ns = until_ns, .reason = gap.reason});
    gap.from_ns = until_ns;
  }
  std::sort(taken.begin(), taken.end(),
            [](const Gap& left, const Gap& right) { return left.from_ns < right.from_ns; });
  return taken;
}

}  // namespace dns_monitor
