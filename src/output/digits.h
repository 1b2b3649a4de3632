// Numbers as text. Each function writes at `to`, where there is room, and returns the end.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace dns_monitor::output {

using Uint128 = unsigned __int128;

// More than any of these writes: -170141183460469231731687303715884105728, a point in it.
inline constexpr size_t kMostNumberBytes = 48;

// "00" to "99".
extern const char kDigitPairs[201];

inline char* WritePair(unsigned value, char* to) {
  std::memcpy(to, kDigitPairs + size_t{2} * value, 2);
  return to + 2;
}

// How many digits the number has.
inline int CountDigits(uint64_t value) {
  constexpr uint64_t kPowers[] = {0,
                                  10,
                                  100,
                                  1000,
                                  10'000,
                                  100'000,
                                  1'000'000,
                                  10'000'000,
                                  100'000'000,
                                  1'000'000'000,
                                  10'000'000'000,
                                  100'000'000'000,
                                  1'000'000'000'000,
                                  10'000'000'000'000,
                                  100'000'000'000'000,
                                  1'000'000'000'000'000,
                                  10'000'000'000'000'000,
                                  100'000'000'000'000'000,
                                  1'000'000'000'000'000'000,
                                  10'000'000'000'000'000'000U};
  // log10(2) is about 1233/4096, near enough for 64 bits.
  const auto guess = static_cast<unsigned>(std::bit_width(value | 1)) * 1233 >> 12;
  return static_cast<int>(guess) + (value >= kPowers[guess] ? 1 : 0);
}

inline char* WriteUnsigned(uint64_t value, char* to) {
  if (value < 10) {
    *to = static_cast<char>('0' + value);
    return to + 1;
  }
  if (value < 100) return WritePair(static_cast<unsigned>(value), to);
  char* const end = to + CountDigits(value);
  char* at = end;
  for (; value >= 100; value /= 100) WritePair(static_cast<unsigned>(value % 100), at -= 2);
  if (value >= 10) {
    WritePair(static_cast<unsigned>(value), to);
  } else {
    *to = static_cast<char>('0' + value);
  }
  return end;
}

inline char* WriteSigned(int64_t value, char* to) {
  if (value >= 0) return WriteUnsigned(static_cast<uint64_t>(value), to);
  *to = '-';
  return WriteUnsigned(-static_cast<uint64_t>(value), to + 1);
}

// With zeros in front of it, so that it has so many digits.
char* WritePadded(uint64_t value, int digits, char* to);

char* WriteUnsigned128(Uint128 value, char* to);
char* WriteSigned128(__int128 value, char* to);

// `value` divided by 10 to the power of `scale` (SQL's DECIMAL), all of its decimals.
char* WriteDecimal(__int128 value, int scale, char* to);

// As few digits as tell the number from all others of its type; 1e15 and above, and what is smaller
// than 1e-5, with an exponent. "nan", "inf", "-inf".
char* WriteFloating(double value, char* to);
char* WriteFloating(float value, char* to);

}  // namespace dns_monitor::output
