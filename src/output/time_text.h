// Times as text. Each function writes at `to`, where there is room, and returns the end.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dns_monitor::output {

// More than any of these writes.
inline constexpr size_t kMostTimeBytes = 128;

inline constexpr int64_t kNanosASecond = 1'000'000'000;

// ISO 8601: 2024-02-29. Years beyond 9999 and before 0 have a sign, and more digits where they
// need them; 0 is 1 BC.
char* WriteDate(int64_t days_since_1970, char* to);

// 23:59:59.123456, with 0, 3, 6 or 9 decimals: some readers of ISO 8601 want those numbers.
char* WriteTimeOfDay(int64_t seconds, int64_t nanos, char* to);

// Behind a time of day: +05:30.
char* WriteUtcOffset(int32_t seconds, char* to);

// 2024-02-29T23:59:59.123Z, from a count of units since 1970, of which a second has so many.
template <int64_t kUnitsASecond>
char* WriteTimestamp(int64_t units, char* to);

// As SQL writes it: 1 year 2 months -3 days 04:05:06.500.
char* WriteInterval(int32_t months, int32_t days, int64_t micros, char* to);

}  // namespace dns_monitor::output
