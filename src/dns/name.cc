#include "dns_monitor/dns/name.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace dns_monitor {
namespace {

constexpr uint8_t kPointer = 0xc0;  // the two upper bits of a length
constexpr uint8_t kMostLabelBytes = 63;

constexpr bool IsPlain(NameEscapes escapes, int byte) {
  if (escapes == NameEscapes::kRfc4343) {
    return byte > ' ' && byte <= '~' && byte != '.' && byte != '\\';
  }
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

// How an octet is written.
struct Escape {
  char text[4];
  uint8_t bytes;
};

constexpr std::array<Escape, 256> MakeEscapes(NameEscapes escapes) {
  std::array<Escape, 256> table{};
  for (int byte = 0; byte < 256; ++byte) {
    const auto character = static_cast<char>(byte);
    if (IsPlain(escapes, byte)) {
      table[byte] = {{character}, 1};
    } else if (escapes == NameEscapes::kRfc4343 && (byte == '.' || byte == '\\')) {
      table[byte] = {{'\\', character}, 2};
    } else {
      table[byte] = {{'\\', static_cast<char>('0' + byte / 100),
                      static_cast<char>('0' + byte / 10 % 10), static_cast<char>('0' + byte % 10)},
                     4};
    }
  }
  return table;
}

template <NameEscapes kEscapes>
constexpr std::array<Escape, 256> kEscapeTable = MakeEscapes(kEscapes);

// 16 octets at once, of which the compiler makes what the machine has.
constexpr size_t kBlock = 16;
using Block = uint8_t __attribute__((vector_size(kBlock)));
constexpr Block kPlaces = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// Whether the first `count` are all IsPlain.
template <NameEscapes kEscapes>
bool ArePlain(Block block, uint8_t count) {
  Block others;
  if constexpr (kEscapes == NameEscapes::kRfc4343) {
    others = static_cast<Block>(block - uint8_t{'!'} > uint8_t{'~' - '!'}) |
             static_cast<Block>(block == uint8_t{'.'}) | static_cast<Block>(block == uint8_t{'\\'});
  } else {
    others = static_cast<Block>((block | uint8_t{0x20}) - uint8_t{'a'} > uint8_t{'z' - 'a'}) &
             static_cast<Block>(block - uint8_t{'0'} > uint8_t{'9' - '0'}) &
             static_cast<Block>(block != uint8_t{'-'}) & static_cast<Block>(block != uint8_t{'_'});
  }
  others &= static_cast<Block>(kPlaces < count);
  const auto halves = std::bit_cast<std::array<uint64_t, 2>>(others);
  return (halves[0] | halves[1]) == 0;
}

template <NameEscapes kEscapes>
char* WriteEscaped(const uint8_t* from, size_t count, char* to) {
  for (const uint8_t* const end = from + count; from != end; ++from) {
    const Escape& escape = kEscapeTable<kEscapes>[*from];
    memcpy(to, escape.text, sizeof(escape.text));
    to += escape.bytes;
  }
  return to;
}

// `readable`: bytes there are from `from` on, the label's `length` included. Writes up to kBlock -
// 1 characters beyond what it returns.
template <NameEscapes kEscapes>
char* WriteLabel(const uint8_t* from, size_t length, size_t readable, char* to) {
  while (length > 0 && readable >= kBlock) {
    const size_t count = std::min(length, kBlock);
    Block block;
    memcpy(&block, from, kBlock);
    if (ArePlain<kEscapes>(block, static_cast<uint8_t>(count))) {
      memcpy(to, &block, kBlock);
      to += count;
    } else {
      to = WriteEscaped<kEscapes>(from, count, to);
    }
    from += count;
    length -= count;
    readable -= count;
  }
  return WriteEscaped<kEscapes>(from, length, to);
}

// Reads a name label by label: `on_label(from, length, readable)` for each, as WriteLabel.
template <typename OnLabel>
NameRead Walk(absl::Span<const uint8_t> message, size_t offset, OnLabel on_label) {
  const uint8_t* const bytes = message.data();
  const size_t size = message.size();
  NameRead read;
  size_t end = 0;
  size_t name_bytes = 1;  // the root
  size_t begin = offset;  // of the labels in a row
  int pointers = 0;
  const auto fail = [&](Malformed error) {
    read.error = error;
    return read;
  };
  for (size_t at = offset;;) {
    if (at >= size) return fail(Malformed::kTruncatedName);
    const uint8_t length = bytes[at];
    if (length == 0) {
      read.end = end == 0 ? at + 1 : end;
      return read;
    }
    if (length <= kMostLabelBytes) {
      const size_t readable = size - at - 1;
      if (length > readable) return fail(Malformed::kTruncatedName);
      name_bytes += 1U + length;
      if (name_bytes > kMostNameBytes) return fail(Malformed::kNameTooLong);
      on_label(bytes + at + 1, length, readable);
      ++read.labels;
      at += 1U + length;
      continue;
    }
    if (length < kPointer) return fail(Malformed::kLabelType);
    if (size - at < 2) return fail(Malformed::kTruncatedName);
    const size_t target = static_cast<size_t>(length & ~kPointer) << 8 | bytes[at + 1];
    if (end == 0) end = at + 2;
    // Only back, and to before all that was read on the way here: so it comes to an end.
    if (target > at) return fail(Malformed::kPointerForward);
    if (target >= begin) return fail(Malformed::kPointerLoop);
    if (target < kDnsHeaderBytes) return fail(Malformed::kPointerIntoHeader);
    if (++pointers > kMostPointers) return fail(Malformed::kTooManyPointers);
    begin = at = target;
  }
}

template <NameEscapes kEscapes>
NameRead ReadEscaped(absl::Span<const uint8_t> message, size_t offset, char* text) {
  char* to = text;
  NameRead read = Walk(message, offset, [&to](const uint8_t* from, size_t length, size_t readable) {
    to = WriteLabel<kEscapes>(from, length, readable, to);
    *to++ = '.';
  });
  if (read.labels == 0 && read.error == Malformed::kNone) *to++ = '.';
  read.text_bytes = static_cast<uint16_t>(to - text);
  return read;
}

}  // namespace

NameRead ReadName(absl::Span<const uint8_t> message, size_t offset, NameEscapes escapes,
                  char* text) {
  return escapes == NameEscapes::kRfc4343
             ? ReadEscaped<NameEscapes::kRfc4343>(message, offset, text)
             : ReadEscaped<NameEscapes::kRfc1035>(message, offset, text);
}

NameRead SkipName(absl::Span<const uint8_t> message, size_t offset) {
  return Walk(message, offset, [](const uint8_t*, size_t, size_t) {});
}

}  // namespace dns_monitor
