// A clock that stands still until a test moves it.
#pragma once

#include <atomic>

#include "dns_monitor/base/clock.h"

namespace dns_monitor {

// Thread-safe.
class FakeClock final : public Clock {
 public:
  // Some moment; tests must not depend on which (2023-11-14 22:13:20 UTC, an hour after boot).
  static constexpr int64_t kStartNs = 1'700'000'000 * kNanosecondsPerSecond;

  int64_t RealtimeNs() const override { return realtime_ns_; }
  int64_t BoottimeNs() const override { return boottime_ns_; }
  int64_t SuspendedNs() const override { return suspended_ns_; }
  int64_t TaiOffsetNs() const override { return tai_offset_ns_; }

  // Time passes: both clocks go on.
  void Advance(int64_t nanoseconds) {
    realtime_ns_ += nanoseconds;
    boottime_ns_ += nanoseconds;
  }
  // As Advance, with the machine asleep.
  void Suspend(int64_t nanoseconds) {
    Advance(nanoseconds);
    suspended_ns_ += nanoseconds;
  }
  // The wall clock steps, in either direction; the boot clock does not.
  void Step(int64_t nanoseconds) { realtime_ns_ += nanoseconds; }
  void SetTaiOffsetNs(int64_t nanoseconds) { tai_offset_ns_ = nanoseconds; }
  void SetRealtimeNs(int64_t nanoseconds) { realtime_ns_ = nanoseconds; }
  void SetBoottimeNs(int64_t nanoseconds) { boottime_ns_ = nanoseconds; }

 private:
  std::atomic<int64_t> realtime_ns_{kStartNs};
  std::atomic<int64_t> boottime_ns_{3600 * kNanosecondsPerSecond};
  std::atomic<int64_t> suspended_ns_{0};
  std::atomic<int64_t> tai_offset_ns_{0};
};

}  // namespace dns_monitor
