// The seam through which time comes in.
#pragma once

#include <cstdint>
#include <functional>

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
  // How long the machine has been suspended since it booted: CLOCK_BOOTTIME without
  // CLOCK_MONOTONIC.
  virtual int64_t SuspendedNs() const = 0;
  // How far CLOCK_TAI is ahead of CLOCK_REALTIME: whole seconds, 0 until somebody sets it
  // (adjtimex(2), ADJ_TAI).
  virtual int64_t TaiOffsetNs() const = 0;

  // The offset that turns boot time into wall-clock time at this moment.
  int64_t WallOffsetNs() const;
};

// How far the clock that `read_ns` reads is ahead of the boot clock: from the closest of a few
// pairs of readings, so that being preempted between two of them does not matter.
int64_t OffsetToBoottimeNs(const Clock& clock, const std::function<int64_t()>& read_ns);

// The kernel's clocks. Lives for ever.
const Clock& SystemClock();

}  // namespace dns_monitor
