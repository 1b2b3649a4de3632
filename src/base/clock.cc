#include "dns_monitor/base/clock.h"

#include <ctime>
#include <limits>

namespace dns_monitor {
namespace {

int64_t ReadNs(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return now.tv_sec * kNanosecondsPerSecond + now.tv_nsec;
}

class KernelClock final : public Clock {
 public:
  int64_t RealtimeNs() const override { return ReadNs(CLOCK_REALTIME); }
  int64_t BoottimeNs() const override { return ReadNs(CLOCK_BOOTTIME); }
};

}  // namespace

int64_t Clock::WallOffsetNs() const {
  int64_t best_gap = std::numeric_limits<int64_t>::max();
  int64_t best_offset = 0;
  for (int attempt = 0; attempt < 4; ++attempt) {
    const int64_t before = BoottimeNs();
    const int64_t wall = RealtimeNs();
    const int64_t after = BoottimeNs();
    if (after - before >= best_gap) continue;
    best_gap = after - before;
    best_offset = wall - (before + best_gap / 2);
  }
  return best_offset;
}

const Clock& SystemClock() {
  static const KernelClock clock;
  return clock;
}

}  // namespace dns_monitor
