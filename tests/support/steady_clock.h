// A clock for tests with several threads: moved by one, read by others at any moment.
#pragma once

#include <atomic>

#include "dns_monitor/base/clock.h"

namespace dns_monitor {

// Unlike FakeClock, nobody can see one of its two times moved and the other not.
class SteadyFakeClock final : public Clock {
 public:
  int64_t RealtimeNs() const override { return BoottimeNs() + offset_ns_; }
  int64_t BoottimeNs() const override { return boottime_ns_; }
  int64_t SuspendedNs() const override { return suspended_ns_; }
  int64_t TaiOffsetNs() const override { return 0; }
  // As Advance, with the machine asleep.
  void Suspend(int64_t nanoseconds) {
    suspended_ns_ += nanoseconds;
    boottime_ns_ += nanoseconds;
  }
  void Advance(int64_t nanoseconds) { boottime_ns_ += nanoseconds; }
  void Step(int64_t nanoseconds) { offset_ns_ += nanoseconds; }

 private:
  static constexpr int64_t kBootNs = 3600 * kNanosecondsPerSecond;
  static constexpr int64_t kStartNs = 1'700'000'000 * kNanosecondsPerSecond;
  std::atomic<int64_t> boottime_ns_{kBootNs};
  std::atomic<int64_t> suspended_ns_{0};
  std::atomic<int64_t> offset_ns_{kStartNs - kBootNs};
};

}  // namespace dns_monitor
