#include "dns_monitor/base/clock.h"

#include <algorithm>
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
  int64_t SuspendedNs() const override {
    // Between the two readings the thread may be kept waiting: that is not to count.
    const int64_t monotonic_ns = ReadNs(CLOCK_MONOTONIC);
    const int64_t boottime_ns = ReadNs(CLOCK_BOOTTIME);
    const int64_t waited_ns = ReadNs(CLOCK_MONOTONIC) - monotonic_ns;
    return std::max<int64_t>(boottime_ns - monotonic_ns - waited_ns, 0);
  }
  int64_t TaiOffsetNs() const override {
    // And not by adjtimex(2), which sets clocks, too: where services may not (ProtectClock= of
    // systemd.exec(5)) they may not read by it either. Between two readings the thread may be kept
    // waiting, or the clock be set; below a second neither is seen in whole seconds.
    int64_t before_ns = 0;
    int64_t tai_ns = 0;
    int64_t took_ns = 0;
    do {
      before_ns = RealtimeNs();
      tai_ns = ReadNs(CLOCK_TAI);
      took_ns = RealtimeNs() - before_ns;
    } while (took_ns < 0 || took_ns >= kNanosecondsPerSecond);
    return (tai_ns - before_ns) / kNanosecondsPerSecond * kNanosecondsPerSecond;
  }
};

}  // namespace

int64_t Clock::WallOffsetNs() const {
  return OffsetToBoottimeNs(*this, [this] { return RealtimeNs(); });
}

int64_t OffsetToBoottimeNs(const Clock& clock, const std::function<int64_t()>& read_ns) {
  int64_t best_gap_ns = std::numeric_limits<int64_t>::max();
  int64_t best_offset_ns = 0;
  for (int attempt = 0; attempt < 4; ++attempt) {
    const int64_t before_ns = clock.BoottimeNs();
    const int64_t read = read_ns();
    const int64_t after_ns = clock.BoottimeNs();
    if (after_ns - before_ns >= best_gap_ns) continue;
    best_gap_ns = after_ns - before_ns;
    best_offset_ns = read - (before_ns + best_gap_ns / 2);
  }
  return best_offset_ns;
}

const Clock& SystemClock() {
  static const KernelClock clock;
  return clock;
}

}  // namespace dns_monitor
