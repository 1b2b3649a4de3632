// Decompressors with one face: zlib, liblzma, lz4, zstd.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace dns_monitor {

enum class Compression { kNone, kGzip, kXz, kLz4, kZstd };

// "gzip", …; for kNone: "".
absl::string_view NameOf(Compression compression);

inline constexpr size_t kCompressionMagicBytes = 6;

// By the first bytes of a file, whatever its name says.
Compression DetectCompression(absl::Span<const uint8_t> head);

struct Decoded {
  size_t used = 0;          // bytes of the input
  size_t made = 0;          // bytes of the output
  bool between = false;     // the input may end here: a member, stream or frame is complete
  std::string damage = {};  // not empty: there is nothing more, for this reason
};

// One file of compressed data, also when several members follow each other. One thread.
class Decoder {
 public:
  virtual ~Decoder() = default;
  // Decodes some of `in` into `out`, which is not empty; `ended`: nothing comes behind `in`. It
  // uses no input and makes no output only where it needs more input than there is.
  virtual Decoded Decode(absl::Span<const uint8_t> in, bool ended, absl::Span<uint8_t> out) = 0;
};

// Memory is bounded: windows of zstd of 128 MiB, 256 MiB in all for xz; what needs more is damaged.
std::unique_ptr<Decoder> MakeDecoder(Compression compression);

}  // namespace dns_monitor
