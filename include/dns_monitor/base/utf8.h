// UTF-8 (RFC 3629), one character at a time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace dns_monitor {

// U+FFFD, which stands for what is none.
inline constexpr absl::string_view kReplacement = "\xef\xbf\xbd";

struct Rune {
  char32_t code = 0;
  int bytes = 0;  // 0: these bytes are no character
};

// The character at `at`, before `end`.
inline Rune DecodeRune(const char* at, const char* end) {
  const auto byte = [at](int index) { return static_cast<uint8_t>(at[index]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const int bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || end - at < bytes) return {};
  char32_t code = first & (0xff >> (bytes + 1));
  for (int i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[bytes] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
  return {code, bytes};
}

}  // namespace dns_monitor
