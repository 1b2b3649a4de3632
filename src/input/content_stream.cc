#include "content_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "zeros.h"

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
      DM_RETURN_IF_ERROR(End(decoded, in.first(decoded.used)));
      return decoded.made;
    }
    between_ = decoded.between;
    if (decoded.made > 0) return decoded.made;
    if (decoded.used > 0) continue;
    if (in.empty()) {
      DM_RETURN_IF_ERROR(End(decoded, in));
      return 0;
    }
    // Part of a header: the decoders take these byte by byte, so this one is at its end.
    ended_ = true;
    damage_ = absl::StrCat("the ", NameOf(compression_), " data goes no further");
    return 0;
  }
}

absl::Status ContentStream::End(const Decoded& decoded, absl::Span<const uint8_t> used) {
  ended_ = true;
  const absl::string_view name = NameOf(compression_);
  const int64_t offset = input_.offset();
  if (decoded.damage.empty()) {
    ends_early_ = !between_;
    if (ends_early_) damage_ = absl::StrCat("the ", name, " data ends early");
  } else if (between_) {
    const bool zeros = IsZeros(used);
    DM_ASSIGN_OR_RETURN(const bool behind, OnlyZerosFollow());
    ends_early_ = zeros && behind;
    damage_ = absl::StrCat(ends_early_ ? "zeros follow" : "something else follows", " the ", name,
                           " data at byte ", offset);
  } else {
    damage_ = absl::StrCat("the ", name, " data is damaged near byte ", offset, " (",
                           decoded.damage, ")");
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> ContentStream::OnlyZerosFollow() {
  for (;;) {
    DM_ASSIGN_OR_RETURN(const absl::Span<const uint8_t> in, input_.Peek(1));
    if (in.empty()) return true;
    if (!IsZeros(in)) return false;
    input_.Skip(in.size());
  }
}

}  // namespace dns_monitor
