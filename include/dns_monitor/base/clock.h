// The seam through which time comes in.
#pragma once

#include <cstdint>

namespace dns_monitor {

inline constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
inline constexpr int64_t kNanosecondsPerMillisecond = 1'000'000;
inline constexpr int64_t kNanosecondsPerMicrosecond = 1'000;

// Any thread may call; implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // CLOCK_REALTIME: nanoseconds since 1970-01-01 UTC. May step in both directions.
  virtual int64_t RealtimeNs() const = 0;
  // CLOCK_BOOTTIME: nanoseconds since boot, suspended time included. Never steps; it is the clock
  // of the ring's records (bpf_ktime_get_boot_ns).
  virtual int64_t BoottimeNs() const = 0;

  // The offset that turns boot time into wall-clock time at this moment, in nanoseconds, measured
  // between two readings of the boot clock (the closest of a few, against preemption).
  int64_t WallOffsetNs() const;
};

// The kernel's clocks. Lives for ever.
const Clock& SystemClock();

}  // namespace dns_monitor
