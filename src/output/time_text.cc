#include "src/output/time_text.h"

#include <chrono>
#include <cstring>

#include "absl/strings/string_view.h"
#include "src/output/digits.h"

namespace dns_monitor::output {
namespace {

constexpr int64_t kSecondsADay = 86'400;

struct Divided {
  int64_t quotient;
  int64_t rest;  // never negative
};
Divided DivideDown(int64_t value, int64_t by) {
  const int64_t rest = value % by;
  return rest < 0 ? Divided{value / by - 1, rest + by} : Divided{value / by, rest};
}

char* WriteText(absl::string_view text, char* to) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* WriteYear(int64_t year, char* to) {
  if (year >= 0 && year <= 9999) return WritePadded(static_cast<uint64_t>(year), 4, to);
  *to++ = year < 0 ? '-' : '+';
  const auto size = static_cast<uint64_t>(year < 0 ? -year : year);
  return size <= 9999 ? WritePadded(size, 4, to) : WriteUnsigned(size, to);
}

// Nothing for 0.
char* WriteCount(int64_t count, absl::string_view unit, const char* begin, char* to) {
  if (count == 0) return to;
  if (to != begin) *to++ = ' ';
  to = WriteText(unit, WriteSigned(count, to));
  if (count != 1 && count != -1) *to++ = 's';
  return to;
}

}  // namespace

char* WriteDate(int64_t days_since_1970, char* to) {
  // The calendar repeats after 400 years; std::chrono's ends with year 32767.
  constexpr int64_t kPeriodDays = 146'097;
  const auto [period, rest] = DivideDown(days_since_1970, kPeriodDays);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(rest))};
  to = WriteYear(int64_t{int{date.year()}} + 400 * period, to);
  *to++ = '-';
  to = WritePair(unsigned{date.month()}, to);
  *to++ = '-';
  return WritePair(unsigned{date.day()}, to);
}

char* WriteTimeOfDay(int64_t seconds, int64_t nanos, char* to) {
  const auto minutes = static_cast<uint64_t>(seconds / 60);
  to = minutes < 6000 ? WritePair(static_cast<unsigned>(minutes / 60), to)
                      : WriteUnsigned(minutes / 60, to);
  *to++ = ':';
  to = WritePair(static_cast<unsigned>(minutes % 60), to);
  *to++ = ':';
  to = WritePair(static_cast<unsigned>(seconds % 60), to);
  if (nanos == 0) return to;
  *to++ = '.';
  const auto fraction = static_cast<uint64_t>(nanos);
  if (fraction % 1'000'000 == 0) return WritePadded(fraction / 1'000'000, 3, to);
  if (fraction % 1000 == 0) return WritePadded(fraction / 1000, 6, to);
  return WritePadded(fraction, 9, to);
}

char* WriteUtcOffset(int32_t seconds, char* to) {
  *to++ = seconds < 0 ? '-' : '+';
  const auto size = static_cast<unsigned>(seconds < 0 ? -seconds : seconds);
  to = WritePair(size / 3600, to);
  *to++ = ':';
  to = WritePair(size / 60 % 60, to);
  if (size % 60 == 0) return to;
  *to++ = ':';
  return WritePair(size % 60, to);
}

template <int64_t kUnitsASecond>
char* WriteTimestamp(int64_t units, char* to) {
  const auto [seconds, fraction] = DivideDown(units, kUnitsASecond);
  const auto [days, second_of_day] = DivideDown(seconds, kSecondsADay);
  to = WriteDate(days, to);
  *to++ = 'T';
  to = WriteTimeOfDay(second_of_day, fraction * (kNanosASecond / kUnitsASecond), to);
  *to++ = 'Z';
  return to;
}
template char* WriteTimestamp<1>(int64_t, char*);
template char* WriteTimestamp<1000>(int64_t, char*);
template char* WriteTimestamp<1'000'000>(int64_t, char*);
template char* WriteTimestamp<kNanosASecond>(int64_t, char*);

char* WriteInterval(int32_t months, int32_t days, int64_t micros, char* to) {
  constexpr uint64_t kMicrosASecond = 1'000'000;
  const char* const begin = to;
  to = WriteCount(months / 12, " year", begin, to);
  to = WriteCount(months % 12, " month", begin, to);
  to = WriteCount(days, " day", begin, to);
  if (micros == 0 && to != begin) return to;
  if (to != begin) *to++ = ' ';
  if (micros < 0) *to++ = '-';
  const uint64_t size = micros < 0 ? -static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  return WriteTimeOfDay(static_cast<int64_t>(size / kMicrosASecond),
                        static_cast<int64_t>(size % kMicrosASecond * 1000), to);
}

}  // namespace dns_monitor::output
