// The content of a file from its front, decompressed where it is compressed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "decoder.h"
#include "raw_input.h"

namespace dns_monitor {

// One thread at a time.
class ContentStream {
 public:
  // Detects the compression. The errors of RawInput.
  static absl::StatusOr<ContentStream> Open(RawInput input);

  Compression compression() const { return compression_; }

  // Reads until `to` is full or the content ends, in whichever way: fewer bytes than asked for. The
  // errors of RawInput.
  absl::StatusOr<size_t> Read(absl::Span<uint8_t> to);

  // After the end: why it is not a clean one, as in "the gzip data ends early"; else empty.
  const std::string& damage() const { return damage_; }
  // Whether all is well up to where it ends, and only zeros are behind that, or nothing: what is
  // being written ends like that, and what a power failure cut.
  bool ends_early() const { return ends_early_; }
  // Bytes of the file so far.
  int64_t stored_offset() const { return input_.offset(); }

 private:
  ContentStream(RawInput input, Compression compression)
      : input_(std::move(input)), compression_(compression), decoder_(MakeDecoder(compression)) {}

  // 0 at the end.
  absl::StatusOr<size_t> ReadSome(absl::Span<uint8_t> to);
  // `used`: what the decoder took of the input.
  absl::Status End(const Decoded& decoded, absl::Span<const uint8_t> used);
  // Reads on to the end of the file.
  absl::StatusOr<bool> OnlyZerosFollow();

  RawInput input_;
  Compression compression_;
  std::unique_ptr<Decoder> decoder_;  // null: not compressed
  bool between_ = false;
  bool ended_ = false;
  bool ends_early_ = false;
  std::string damage_;
};

}  // namespace dns_monitor
