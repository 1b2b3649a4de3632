#include "src/output/digits.h"

#include <charconv>
#include <cmath>

namespace dns_monitor::output {
namespace {

constexpr uint64_t kTenTo19 = 10'000'000'000'000'000'000U;

template <typename Floating>
char* WriteAnyFloating(Floating value, char* to) {
  const Floating size = std::fabs(value);
  const bool plain = size == 0 || (size >= static_cast<Floating>(1e-5) && size < 1e15F);
  char* const end = to + kMostNumberBytes;
  if (plain) return std::to_chars(to, end, value, std::chars_format::fixed).ptr;
  return std::to_chars(to, end, value).ptr;
}

}  // namespace

const char kDigitPairs[201] =
    "0001020304050607080910111213141516171819"
    "2021222324252627282930313233343536373839"
    "4041424344454647484950515253545556575859"
    "6061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

char* WritePadded(uint64_t value, int digits, char* to) {
  for (char* at = to + digits; at > to; value /= 10) *--at = static_cast<char>('0' + value % 10);
  return to + digits;
}

char* WriteUnsigned128(Uint128 value, char* to) {
  if (value <= UINT64_MAX) return WriteUnsigned(static_cast<uint64_t>(value), to);
  to = WriteUnsigned128(value / kTenTo19, to);
  return WritePadded(static_cast<uint64_t>(value % kTenTo19), 19, to);
}

char* WriteSigned128(__int128 value, char* to) {
  if (value >= 0) return WriteUnsigned128(static_cast<Uint128>(value), to);
  *to = '-';
  return WriteUnsigned128(-static_cast<Uint128>(value), to + 1);
}

char* WriteDecimal(__int128 value, int scale, char* to) {
  if (value < 0) *to++ = '-';
  const Uint128 size = value < 0 ? -static_cast<Uint128>(value) : static_cast<Uint128>(value);
  if (scale == 0) return WriteUnsigned128(size, to);
  Uint128 unit = 1;
  for (int i = 0; i < scale; ++i) unit *= 10;
  to = WriteUnsigned128(size / unit, to);
  *to++ = '.';
  Uint128 rest = size % unit;
  for (char* at = to + scale; at > to; rest /= 10) *--at = static_cast<char>('0' + rest % 10);
  return to + scale;
}

char* WriteFloating(double value, char* to) {
  return WriteAnyFloating(value, to);
}
char* WriteFloating(float value, char* to) {
  return WriteAnyFloating(value, to);
}

}  // namespace dns_monitor::output
