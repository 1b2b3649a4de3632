#include "content_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {

absl::StatusOr<ContentStream> ContentStream::Open(RawInput input) {
  DM_ASSIGN_OR_RETURN(const absl::Span<const uint8_t> head, input.Peek(kCompressionMagicBytes));
  const Compression compression = DetectCompression(head);
  return ContentStream(std::move(input), compression);
}

absl::StatusOr<size_t> ContentStream::Read(absl::Span<uint8_t> to) {
  size_t got = 0;
  while (got < to.size() && !ended_) {
    DM_ASSIGN_OR_RETURN(const size_t some, ReadSome(to.subspan(got)));
    ended_ = ended_ || some == 0;
    got += some;
  }
  return got;
}

absl::StatusOr<size_t> ContentStream::ReadSome(absl::Span<uint8_t> to) {
  if (decoder_ == nullptr) return input_.Read(to);
  for (;;) {
    DM_ASSIGN_OR_RETURN(const absl::Span<const uint8_t> in, input_.Peek(1));
    const Decoded decoded = decoder_->Decode(in, in.empty(), to);
    input_.Skip(decoded.used);
    if (!decoded.damage.empty()) {
      End(decoded);
      return decoded.made;
    }
    between_ = decoded.between;
    if (decoded.made > 0) return decoded.made;
    if (decoded.used > 0) continue;
    if (in.empty()) {
      End(decoded);
      return 0;
    }
    // Part of a header: the decoders take these byte by byte, so this one is at its end.
    ended_ = true;
    damage_ = absl::StrCat("the ", NameOf(compression_), " data goes no further");
    return 0;
  }
}

void ContentStream::End(const Decoded& decoded) {
  ended_ = true;
  const absl::string_view name = NameOf(compression_);
  if (decoded.damage.empty()) {
    ends_early_ = !between_;
    if (ends_early_) damage_ = absl::StrCat("the ", name, " data ends early");
  } else if (between_) {
    ends_early_ = true;
    damage_ = absl::StrCat("something else follows the ", name, " data at byte ", input_.offset());
  } else {
    damage_ = absl::StrCat("the ", name, " data is damaged near byte ", input_.offset(), " (",
                           decoded.damage, ")");
  }
}

}  // namespace dns_monitor
