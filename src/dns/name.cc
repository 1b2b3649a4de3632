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

// 16 octets at once, of which the compiler makes what the machine has. Comparisons are signed: few
// machines have others.
constexpr size_t kBlock = 16;
using Block = uint8_t __attribute__((vector_size(kBlock)));
using SignedBlock = int8_t __attribute__((vector_size(kBlock)));

// All ones where from <= octet < from + count.
Block InRange(Block block, int from, int count) {
  const auto moved = std::bit_cast<SignedBlock>(block + static_cast<uint8_t>(0x80 - from));
  return std::bit_cast<Block>(moved < static_cast<int8_t>(count - 0x80));
}

// All ones where IsPlain.
template <NameEscapes kEscapes>
Block ArePlain(Block block) {
  const auto is = [block](uint8_t octet) { return std::bit_cast<Block>(block == octet); };
  if constexpr (kEscapes == NameEscapes::kRfc4343) {
    return InRange(block, '!', '~' - '!' + 1) & ~(is('.') | is('\\'));
  } else {
    return InRange(block | 0x20, 'a', 26) | InRange(block, '0', 10) | is('-') | is('_');
  }
}

// Read from kBlock - n on: all ones in the first n octets of a block.
constexpr std::array<uint8_t, 2 * kBlock> MakeMasks() {
  std::array<uint8_t, 2 * kBlock> masks{};
  std::fill(masks.begin(), masks.begin() + kBlock, uint8_t{0xff});
  return masks;
}
constexpr std::array<uint8_t, 2 * kBlock> kMasks = MakeMasks();

// Writes labels as if nothing in them needed to be escaped, and notes whether that is so: asked
// once a name, it costs the least.
template <NameEscapes kEscapes>
class PlainWriter {
 public:
  explicit PlainWriter(char* to) : to_(to) {}

  // `readable`: bytes there are from `from` on, those of the label included. Writes less than a
  // block beyond the label.
  void Write(const uint8_t* from, size_t length, size_t readable) {
    for (; length > kBlock; length -= kBlock, readable -= kBlock, from += kBlock) {
      WriteBlock(from, kBlock);
    }
    if (readable >= kBlock) {
      WriteBlock(from, length);
    } else {
      WriteOctets(from, length);
    }
    *to_++ = '.';
  }

  char* end() const { return to_; }
  bool AllPlain() const {
    const auto halves = std::bit_cast<std::array<uint64_t, 2>>(others_);
    return (halves[0] | halves[1]) == 0;
  }

 private:
  void WriteBlock(const uint8_t* from, size_t count) {
    Block block;
    Block mask;
    memcpy(&block, from, kBlock);
    memcpy(&mask, kMasks.data() + kBlock - count, kBlock);
    others_ |= mask & ~ArePlain<kEscapes>(block);
    memcpy(to_, &block, kBlock);
    to_ += count;
  }
  // At the end of the message.
  void WriteOctets(const uint8_t* from, size_t count) {
    for (const uint8_t* const end = from + count; from != end; ++from) {
      const Escape& escape = kEscapeTable<kEscapes>[*from];
      others_[0] |= static_cast<uint8_t>(escape.bytes - 1);
      *to_++ = static_cast<char>(*from);
    }
  }

  char* to_;
  Block others_ = {};
};

template <NameEscapes kEscapes>
class EscapedWriter {
 public:
  explicit EscapedWriter(char* to) : to_(to) {}

  void Write(const uint8_t* from, size_t length, size_t) {
    for (const uint8_t* const end = from + length; from != end; ++from) {
      const Escape& escape = kEscapeTable<kEscapes>[*from];
      memcpy(to_, escape.text, sizeof(escape.text));
      to_ += escape.bytes;
    }
    *to_++ = '.';
  }
  char* end() const { return to_; }

 private:
  char* to_;
};

// Reads a name label by label: `on_label(from, length, readable)` for each, as PlainWriter has
// them.
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

template <typename Writer>
NameRead WalkAndWrite(absl::Span<const uint8_t> message, size_t offset, Writer* writer) {
  return Walk(message, offset, [writer](const uint8_t* from, size_t length, size_t readable) {
    writer->Write(from, length, readable);
  });
}

template <NameEscapes kEscapes>
NameRead ReadEscaped(absl::Span<const uint8_t> message, size_t offset, char* text) {
  PlainWriter<kEscapes> plain(text);
  NameRead read = WalkAndWrite(message, offset, &plain);
  const char* end = plain.end();
  if (!plain.AllPlain()) {
    EscapedWriter<kEscapes> escaped(text);
    WalkAndWrite(message, offset, &escaped);
    end = escaped.end();
  } else if (read.labels == 0 && read.error == Malformed::kNone) {
    text[0] = '.';
    end = text + 1;
  }
  read.text_bytes = static_cast<uint16_t>(end - text);
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
