// Times as people type them, and what lies between two of them.
#pragma once

#include <cstdint>
#include <limits>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace dns_monitor {

// CLOCK_REALTIME in nanoseconds; both ends are open unless they are set.
struct TimeRange {
  int64_t from_ns = std::numeric_limits<int64_t>::min();  // inclusive
  int64_t to_ns = std::numeric_limits<int64_t>::max();    // exclusive

  bool Contains(int64_t time_ns) const { return from_ns <= time_ns && time_ns < to_ns; }
  // Whether anything between the two, both inclusive, can lie in it.
  bool Meets(int64_t first_ns, int64_t last_ns) const {
    return first_ns < to_ns && last_ns >= from_ns;
  }
  bool IsOpen() const {
    return from_ns == std::numeric_limits<int64_t>::min() &&
           to_ns == std::numeric_limits<int64_t>::max();
  }
  bool operator==(const TimeRange&) const = default;
};

// "2026-11-20", "2026-11-20 13:45", "2026-11-20T13:45:30.25Z", "…+02:00": a moment, in `zone`
// unless the text names one; "24h", "90m", "1d12h": so long before `now_ns`; "now"; "@1700000000":
// seconds since 1970. A time that the zone has twice is the first of the two; one that it leaves
// out is the moment at which it does.
//
// Returns CLOCK_REALTIME in nanoseconds; InvalidArgument says what is wrong with `text`.
absl::StatusOr<int64_t> ParseTime(absl::string_view text, int64_t now_ns,
                                  absl::TimeZone zone = absl::LocalTimeZone());

}  // namespace dns_monitor
