#include "dns_monitor/base/units.h"

#include <array>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "dns_monitor/base/clock.h"

namespace dns_monitor {
namespace {

constexpr int64_t kMinuteNs = 60 * kNanosecondsPerSecond;
constexpr int64_t kHourNs = 60 * kMinuteNs;
constexpr int64_t kDayNs = 24 * kHourNs;
constexpr int64_t kWeekNs = 7 * kDayNs;

struct Unit {
  absl::string_view name;
  int64_t value;
};
constexpr std::array<Unit, 6> kDurationUnits = {{{"ms", kNanosecondsPerMillisecond},
                                                 {"s", kNanosecondsPerSecond},
                                                 {"m", kMinuteNs},
                                                 {"h", kHourNs},
                                                 {"d", kDayNs},
                                                 {"w", kWeekNs}}};

absl::Status BadDuration(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is not a duration: ", why,
                   "; accepted are numbers with ms, s, m, h, d or w (30s, 1h30m), or seconds "
                   "without a unit, more than 0 and less than 292 years"));
}

absl::Status BadSize(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is not a size: ", why,
                   "; accepted is a number with K, M, G, T or P (powers of 1024: 64M, 1.5G, 1GiB), "
                   "or bytes without a unit, more than 0 and less than 8192P"));
}

// Takes the digits in front of `text`. False when there are none; `overflow` when they are too
// many.
bool ConsumeNumber(absl::string_view* text, int64_t* number, bool* overflow) {
  size_t length = 0;
  *number = 0;
  *overflow = false;
  for (; length < text->size() && absl::ascii_isdigit((*text)[length]); ++length) {
    *overflow |= __builtin_mul_overflow(*number, int64_t{10}, number);
    *overflow |= __builtin_add_overflow(*number, int64_t{(*text)[length] - '0'}, number);
  }
  text->remove_prefix(length);
  return length > 0;
}

// Takes the letters in front of `text` when they are a unit; null otherwise.
const Unit* ConsumeDurationUnit(absl::string_view* text) {
  size_t length = 0;
  while (length < text->size() && absl::ascii_isalpha((*text)[length])) ++length;
  for (const Unit& unit : kDurationUnits) {
    if (text->substr(0, length) != unit.name) continue;
    text->remove_prefix(length);
    return &unit;
  }
  return nullptr;
}

// The factor of "K", "kB", "KiB", "B" or ""; 0 for anything else.
int64_t SizeFactor(absl::string_view suffix) {
  if (suffix.empty() || suffix == "B" || suffix == "b") return 1;
  const size_t power = absl::string_view("KMGTP").find(absl::ascii_toupper(suffix[0]));
  if (power == absl::string_view::npos) return 0;
  const absl::string_view rest = suffix.substr(1);
  if (!rest.empty() && rest != "B" && rest != "b" && rest != "iB" && rest != "ib") return 0;
  return int64_t{1} << (10 * (power + 1));
}

// floor(0.DIGITS * factor). Digits behind the eighteenth are worth less than a byte of a pebibyte.
int64_t FractionOf(absl::string_view digits, int64_t factor) {
  __extension__ using Wide = __int128;
  Wide numerator = 0;
  Wide denominator = 1;
  for (const char digit : digits.substr(0, 18)) {
    numerator = numerator * 10 + (digit - '0');
    denominator *= 10;
  }
  return static_cast<int64_t>(numerator * factor / denominator);
}

}  // namespace

absl::StatusOr<int64_t> ParseDuration(absl::string_view text) {
  if (text.empty()) return BadDuration(text, "it is empty");
  absl::string_view rest = text;
  int64_t total_ns = 0;
  while (!rest.empty()) {
    const bool first = rest.size() == text.size();
    int64_t number = 0;
    bool overflow = false;
    if (!ConsumeNumber(&rest, &number, &overflow)) {
      return BadDuration(text, absl::StrCat("a number is missing before '", rest, "'"));
    }
    int64_t unit_ns = kNanosecondsPerSecond;
    if (!first || !rest.empty()) {
      const Unit* unit = ConsumeDurationUnit(&rest);
      if (unit == nullptr) return BadDuration(text, absl::StrCat("no unit is '", rest, "'"));
      unit_ns = unit->value;
    }
    int64_t part_ns = 0;
    overflow |= __builtin_mul_overflow(number, unit_ns, &part_ns);
    overflow |= __builtin_add_overflow(total_ns, part_ns, &total_ns);
    if (overflow) return BadDuration(text, "it is too long");
  }
  if (total_ns == 0) return BadDuration(text, "it is 0");
  return total_ns;
}

absl::StatusOr<int64_t> ParseSize(absl::string_view text) {
  if (text.empty()) return BadSize(text, "it is empty");
  absl::string_view rest = text;
  int64_t whole = 0;
  bool overflow = false;
  if (!ConsumeNumber(&rest, &whole, &overflow)) {
    return BadSize(text, "it does not begin with a number");
  }
  absl::string_view fraction;
  if (absl::ConsumePrefix(&rest, ".")) {
    fraction = rest;
    while (!rest.empty() && absl::ascii_isdigit(rest[0])) rest.remove_prefix(1);
    fraction.remove_suffix(rest.size());
    if (fraction.empty()) return BadSize(text, "digits are missing after '.'");
  }
  const int64_t factor = SizeFactor(rest);
  if (factor == 0) return BadSize(text, absl::StrCat("no unit is '", rest, "'"));
  if (factor == 1 && !fraction.empty()) return BadSize(text, "bytes have no fractions");
  int64_t bytes = 0;
  overflow |= __builtin_mul_overflow(whole, factor, &bytes);
  overflow |= __builtin_add_overflow(bytes, FractionOf(fraction, factor), &bytes);
  if (overflow) return BadSize(text, "it is too large");
  if (bytes == 0) return BadSize(text, "it is 0");
  return bytes;
}

std::string FormatSize(int64_t bytes) {
  constexpr std::array<absl::string_view, 6> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes > -1024 && bytes < 1024) return absl::StrCat(bytes, " B");
  const absl::string_view sign = bytes < 0 ? "-" : "";
  double value = std::fabs(static_cast<double>(bytes)) / 1024;
  size_t unit = 0;
  // What would be rounded up to 1024 belongs to the next unit.
  for (; value >= 1023.5 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return absl::StrFormat("%s%.*f %s", sign, decimals, value, kUnits[unit]);
}

std::string FormatDuration(int64_t nanoseconds) {
  if (nanoseconds == std::numeric_limits<int64_t>::min()) ++nanoseconds;
  if (nanoseconds < 0) return absl::StrCat("-", FormatDuration(-nanoseconds));
  if (nanoseconds == 0) return "0 s";
  if (nanoseconds < kNanosecondsPerMicrosecond) return absl::StrCat(nanoseconds, " ns");
  if (nanoseconds < kNanosecondsPerMillisecond) {
    return absl::StrCat(nanoseconds / kNanosecondsPerMicrosecond, " us");
  }
  if (nanoseconds < kNanosecondsPerSecond) {
    return absl::StrCat(nanoseconds / kNanosecondsPerMillisecond, " ms");
  }
  if (nanoseconds < kMinuteNs) return absl::StrCat(nanoseconds / kNanosecondsPerSecond, " s");
  constexpr std::array<Unit, 4> kUnits = {
      {{"d", kDayNs}, {"h", kHourNs}, {"m", kMinuteNs}, {"s", kNanosecondsPerSecond}}};
  size_t unit = 0;
  while (nanoseconds < kUnits[unit].value) ++unit;
  std::string text = absl::StrCat(nanoseconds / kUnits[unit].value, kUnits[unit].name);
  const int64_t second = nanoseconds % kUnits[unit].value / kUnits[unit + 1].value;
  if (second != 0) absl::StrAppend(&text, " ", second, kUnits[unit + 1].name);
  return text;
}

std::string FormatCount(uint64_t count) {
  const std::string digits = absl::StrCat(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) text.push_back(' ');
    text.push_back(digits[i]);
  }
  return text;
}

}  // namespace dns_monitor
