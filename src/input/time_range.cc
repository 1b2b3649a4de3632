#include "dns_monitor/input/time_range.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/units.h"

namespace dns_monitor {
namespace {

absl::Status BadTime(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(
      "'", text, "' is not a time: ", why,
      "; accepted are 2026-11-20, 2026-11-20 13:45[:30[.5]] (with Z or +02:00 behind it for "
      "another "
      "zone), durations before now (24h, 90m, 7d), now, and seconds since 1970 (@1700000000)"));
}

// Exactly `digits` of them, taken from the front of `text`.
bool ConsumeDigits(absl::string_view* text, size_t digits, int* number) {
  if (text->size() < digits) return false;
  *number = 0;
  for (const char digit : text->substr(0, digits)) {
    if (!absl::ascii_isdigit(digit)) return false;
    *number = *number * 10 + (digit - '0');
  }
  text->remove_prefix(digits);
  return true;
}

// "", or ".5" and up to nine digits.
bool ConsumeFraction(absl::string_view* text, int64_t* nanoseconds) {
  *nanoseconds = 0;
  if (!absl::ConsumePrefix(text, ".")) return true;
  int64_t unit = kNanosecondsPerSecond;
  size_t digits = 0;
  for (; digits < text->size() && absl::ascii_isdigit((*text)[digits]); ++digits) {
    unit /= 10;
    *nanoseconds += ((*text)[digits] - '0') * unit;
  }
  text->remove_prefix(digits);
  return digits > 0 && digits <= 9;
}

// "", "Z", "+02:00", "+0200", "-02".
bool ConsumeZone(absl::string_view* text, absl::TimeZone* zone) {
  if (text->empty()) return true;
  if (absl::ConsumePrefix(text, "Z") || absl::ConsumePrefix(text, "z")) {
    *zone = absl::UTCTimeZone();
    return true;
  }
  const bool east = absl::ConsumePrefix(text, "+");
  if (!east && !absl::ConsumePrefix(text, "-")) return false;
  int hours = 0;
  int minutes = 0;
  if (!ConsumeDigits(text, 2, &hours)) return false;
  if (!text->empty()) {
    absl::ConsumePrefix(text, ":");
    if (!ConsumeDigits(text, 2, &minutes)) return false;
  }
  if (hours > 23 || minutes > 59) return false;
  const int seconds = (hours * 60 + minutes) * 60;
  *zone = absl::FixedTimeZone(east ? seconds : -seconds);
  return true;
}

// As nanoseconds, when an int64_t holds them.
bool ToNanoseconds(int64_t seconds, int64_t nanoseconds, int64_t* result) {
  return !__builtin_mul_overflow(seconds, kNanosecondsPerSecond, result) &&
         !__builtin_add_overflow(*result, nanoseconds, result);
}

absl::StatusOr<int64_t> ParseEpoch(absl::string_view text) {
  absl::string_view rest = text.substr(1);
  const size_t digits = std::min(rest.find('.'), rest.size());
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
  int64_t result = 0;
  const bool number = digits > 0 && absl::ascii_isdigit(rest[0]) &&
                      absl::SimpleAtoi(rest.substr(0, digits), &seconds);
  rest.remove_prefix(digits);
  if (!number || !ConsumeFraction(&rest, &nanoseconds) || !rest.empty()) {
    return BadTime(text, "behind @ stands no number of seconds");
  }
  if (!ToNanoseconds(seconds, nanoseconds, &result)) return BadTime(text, "it is too late");
  return result;
}

struct Written {
  absl::CivilSecond second;
  int64_t nanoseconds = 0;
};

// Takes the time of the day and the zone, where they are there.
absl::Status TakeTimeOfDay(absl::string_view text, absl::string_view* rest, Written* written,
                           absl::TimeZone* zone) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!rest->empty()) {
    if (!absl::ConsumePrefix(rest, "T") && !absl::ConsumePrefix(rest, "t") &&
        !absl::ConsumePrefix(rest, " ")) {
      return BadTime(text, "behind the date stands something else");
    }
    if (!ConsumeDigits(rest, 2, &hour) || !absl::ConsumePrefix(rest, ":") ||
        !ConsumeDigits(rest, 2, &minute)) {
      return BadTime(text, "behind the date stands no HH:MM");
    }
    if (absl::ConsumePrefix(rest, ":") &&
        (!ConsumeDigits(rest, 2, &second) || !ConsumeFraction(rest, &written->nanoseconds))) {
      return BadTime(text, "the seconds are not SS or SS.fraction, of nine digits at most");
    }
    absl::ConsumePrefix(rest, " ");
    if (!ConsumeZone(rest, zone) || !rest->empty()) {
      return BadTime(text, "behind the time stands no zone, as Z or +02:00");
    }
  }
  if (hour > 23 || minute > 59 || second > 59) return BadTime(text, "no day has that time");
  written->second += (hour * 60 + minute) * 60 + second;
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ParseDate(absl::string_view text, absl::TimeZone zone) {
  absl::string_view rest = text;
  int year = 0;
  int month = 0;
  int day = 0;
  if (!ConsumeDigits(&rest, 4, &year) || !absl::ConsumePrefix(&rest, "-") ||
      !ConsumeDigits(&rest, 2, &month) || !absl::ConsumePrefix(&rest, "-") ||
      !ConsumeDigits(&rest, 2, &day)) {
    return BadTime(text, "it is neither a date nor a duration");
  }
  Written written{.second = absl::CivilSecond(year, month, day)};
  // CivilSecond carries a 31st of November over.
  if (written.second.month() != month || written.second.day() != day) {
    return BadTime(text, "there is no such day");
  }
  DM_RETURN_IF_ERROR(TakeTimeOfDay(text, &rest, &written, &zone));
  const absl::TimeZone::TimeInfo info = zone.At(written.second);
  const absl::Time time = info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre;
  int64_t result = 0;
  if (!ToNanoseconds(absl::ToUnixSeconds(time), written.nanoseconds, &result)) {
    return BadTime(text, "it is out of reach (1678 to 2261)");
  }
  return result;
}

}  // namespace

absl::StatusOr<int64_t> ParseTime(absl::string_view text, int64_t now_ns, absl::TimeZone zone) {
  if (text == "now") return now_ns;
  if (absl::StartsWith(text, "@")) return ParseEpoch(text);
  if (text.empty()) return BadTime(text, "it is empty");
  const bool only_digits = std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  if (only_digits) {
    return BadTime(text, "a bare number can be a year, seconds ago (30s) or since 1970 (@30)");
  }
  // Dates are the ones with a hyphen.
  if (absl::StrContains(text, '-')) return ParseDate(text, zone);
  const absl::StatusOr<int64_t> duration = ParseDuration(text);
  if (!duration.ok()) return BadTime(text, "it is neither a date nor a duration");
  int64_t result = 0;
  if (__builtin_sub_overflow(now_ns, *duration, &result)) return BadTime(text, "it is too early");
  return result;
}

}  // namespace dns_monitor
