// Texts as each format can hold them, copied eight bytes at a time up to what it cannot.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

namespace dns_monitor::output {

// No byte becomes more than so many, by any of the rules.
inline constexpr size_t kMostGrowth = 6;

// In a word of eight bytes, the lowest bit that is set lies in the first byte that is meant. Bits
// above it may be wrong: subtractions borrow.
inline constexpr uint64_t kEach = 0x0101010101010101;
inline constexpr uint64_t kHighs = 0x80 * kEach;
inline uint64_t ZeroBytes(uint64_t word) {
  return (word - kEach) & ~word & kHighs;
}
template <char... kBytes>
uint64_t AnyOf(uint64_t word) {
  return (ZeroBytes(word ^ static_cast<uint8_t>(kBytes) * kEach) | ...);
}
// Control characters, and all that is not ASCII.
inline uint64_t NotPlain(uint64_t word) {
  return ((word - 0x20 * kEach) & ~word & kHighs) | (word & kHighs) | AnyOf<'\x7f'>(word);
}

// Rules say where a text cannot be copied (Stops), and write what stands for the character there,
// going on to the one behind it (Replace).
//
// RFC 8259. Also escaped is what a terminal must not get, which JSON would allow.
struct JsonRules {
  static uint64_t Stops(uint64_t word) { return NotPlain(word) | AnyOf<'"', '\\'>(word); }
  static char* Replace(const char** at, const char* end, char* to);
};

// XML 1.0, in content and in attributes.
struct XmlRules {
  static uint64_t Stops(uint64_t word) { return NotPlain(word) | AnyOf<'<', '>', '&', '"'>(word); }
  static char* Replace(const char** at, const char* end, char* to);
};

// Between quotes, any byte but those.
struct CsvRules {
  static uint64_t Stops(uint64_t word) { return AnyOf<'"'>(word); }
  static char* Replace(const char** at, const char* end, char* to);
};

// What is not to be seen as \x1b or \u{202e}, bytes that are no UTF-8 as \xff.
struct TerminalRules {
  static uint64_t Stops(uint64_t word) { return NotPlain(word); }
  static char* Replace(const char** at, const char* end, char* to);
};

// CSV on a terminal.
struct TerminalCsvRules {
  static uint64_t Stops(uint64_t word) { return NotPlain(word) | AnyOf<'"'>(word); }
  static char* Replace(const char** at, const char* end, char* to);
};

// What GitHub's Markdown would take for markup has a backslash before it.
struct MarkdownRules {
  static uint64_t Stops(uint64_t word) {
    return NotPlain(word) |
           AnyOf<'|', '\\', '`', '*', '_', '<', '>', '[', ']', '&', '~', '$', '#'>(word);
  }
  static char* Replace(const char** at, const char* end, char* to);
};

// The last one to seven bytes of a text, and zeros.
inline uint64_t LoadLast(const char* at, size_t bytes) {
  if (bytes < 4) {
    const auto byte = [at](size_t index) { return uint64_t{static_cast<uint8_t>(at[index])}; };
    return byte(0) | byte(bytes / 2) << 8 * (bytes / 2) | byte(bytes - 1) << 8 * (bytes - 1);
  }
  uint32_t first;
  uint32_t last;
  std::memcpy(&first, at, sizeof(first));
  std::memcpy(&last, at + bytes - sizeof(last), sizeof(last));
  return first | uint64_t{last} << 8 * (bytes - sizeof(last));
}

// Writes the text at `to`, where there is room for kMostGrowth bytes for each of its bytes and for
// eight more, and returns the end.
template <typename Rules>
char* Escape(absl::string_view text, char* to) {
  static_assert(std::endian::native == std::endian::little);
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    const auto left = static_cast<size_t>(end - at);
    size_t step = left < 8 ? left : 8;
    uint64_t word;
    if (left >= 8) {
      std::memcpy(&word, at, sizeof(word));
    } else {
      word = LoadLast(at, left);
    }
    std::memcpy(to, &word, sizeof(word));
    const uint64_t stops = Rules::Stops(word);
    const size_t clean = stops == 0 ? 8 : static_cast<size_t>(std::countr_zero(stops)) / 8;
    if (clean < step) step = clean;
    at += step;
    to += step;
    if (step == clean && at < end && clean < 8) to = Rules::Replace(&at, end, to);
  }
  return to;
}

}  // namespace dns_monitor::output
