#include "src/output/long_text.h"

#include <cstdint>
#include <vector>

#include "src/output/digits.h"

namespace dns_monitor::output {
namespace {

// Digits to the base of 2^32, the most significant first.
using Digits = std::vector<uint32_t>;

Digits FromBytes(absl::string_view big_endian, uint8_t turned_over) {
  Digits digits((big_endian.size() + 3) / 4);
  for (size_t i = 0; i < big_endian.size(); ++i) {
    const auto byte = static_cast<uint8_t>(big_endian[i] ^ static_cast<char>(turned_over));
    const size_t from_end = big_endian.size() - 1 - i;
    digits[digits.size() - 1 - from_end / 4] |= uint32_t{byte} << 8 * (from_end % 4);
  }
  return digits;
}

// Returns the rest.
uint32_t DivideBy(uint32_t divisor, Digits* digits) {
  uint64_t rest = 0;
  for (uint32_t& digit : *digits) {
    const uint64_t value = rest << 32 | digit;
    digit = static_cast<uint32_t>(value / divisor);
    rest = value % divisor;
  }
  while (!digits->empty() && digits->front() == 0) digits->erase(digits->begin());
  return static_cast<uint32_t>(rest);
}

}  // namespace

void AppendBlob(absl::string_view bytes, TextBuffer* out) {
  constexpr char kHexDigits[] = "0123456789ABCDEF";
  char* to = out->Room(4 * bytes.size());
  for (const char byte : bytes) {
    if (byte >= 0x20 && byte < 0x7f && byte != '\\' && byte != '"' && byte != '\'') {
      *to++ = byte;
      continue;
    }
    *to++ = '\\';
    *to++ = 'x';
    *to++ = kHexDigits[static_cast<uint8_t>(byte) >> 4];
    *to++ = kHexDigits[byte & 0xf];
  }
  out->EndAt(to);
}

void AppendBits(absl::string_view stored, TextBuffer* out) {
  // The first byte says how many bits of the second one do not count.
  if (stored.size() < 2) return;
  const size_t skipped = static_cast<uint8_t>(stored[0]);
  stored.remove_prefix(1);
  const size_t bits = 8 * stored.size();
  char* to = out->Room(bits);
  for (size_t i = skipped; i < bits; ++i) {
    *to++ = (stored[i / 8] >> (7 - i % 8) & 1) != 0 ? '1' : '0';
  }
  out->EndAt(to);
}

void AppendBignum(absl::string_view stored, TextBuffer* out) {
  // Three bytes with the length, in which the first bit is set when the number is not negative; all
  // bits are turned over when it is.
  constexpr size_t kHeaderBytes = 3;
  if (stored.size() < kHeaderBytes) return;
  const bool negative = (stored[0] & 0x80) == 0;
  Digits digits = FromBytes(stored.substr(kHeaderBytes), negative ? 0xff : 0);
  constexpr uint32_t kGroup = 1'000'000'000;
  std::vector<uint32_t> groups;  // of nine decimal digits, the last one first
  do {
    groups.push_back(DivideBy(kGroup, &digits));
  } while (!digits.empty());
  char* to = out->Room(9 * groups.size() + 1);
  if (negative) *to++ = '-';
  to = WriteUnsigned(groups.back(), to);
  for (size_t i = groups.size() - 1; i-- > 0;) to = WritePadded(groups[i], 9, to);
  out->EndAt(to);
}

}  // namespace dns_monitor::output
