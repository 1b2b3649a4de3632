#include "frame_group.h"

#include <zstd.h>

#include <algorithm>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dns_monitor {

void FrameGroups::FreeContext::operator()(ZSTD_DCtx_s* context) const {
  ZSTD_freeDCtx(context);
}

FrameGroups::FrameGroups() = default;
FrameGroups::~FrameGroups() = default;

FrameGroups::Context FrameGroups::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      Context context = std::move(free_.back());
      free_.pop_back();
      return context;
    }
  }
  Context context(ZSTD_createDCtx());
  if (context == nullptr) throw std::bad_alloc();
  return context;
}

void FrameGroups::Return(Context context) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(context));
}

DecodedGroup FrameGroups::Decode(absl::Span<const FrameSize> frames,
                                 absl::Span<const uint8_t> stored, int64_t offset,
                                 absl::Span<uint8_t> to) {
  DecodedGroup group;
  Context context = Take();
  size_t at = 0;
  for (const FrameSize& frame : frames) {
    // Fewer bytes where the file has become shorter.
    const absl::Span<const uint8_t> bytes =
        stored.subspan(std::min(at, stored.size()), frame.stored_bytes);
    const absl::Span<uint8_t> room = to.subspan(group.made, frame.content_bytes);
    const size_t made =
        ZSTD_decompressDCtx(context.get(), room.data(), room.size(), bytes.data(), bytes.size());
    if (ZSTD_isError(made) != 0 || made != room.size()) {
      const char* const reason = ZSTD_isError(made) != 0
                                     ? ZSTD_getErrorName(made)
                                     : "not as long as the table of frames says";
      group.damage = absl::StrCat("the zstd frame at byte ", offset + static_cast<int64_t>(at),
                                  " is damaged (", reason, ")");
      break;
    }
    group.made += made;
    at += frame.stored_bytes;
  }
  Return(std::move(context));
  return group;
}

}  // namespace dns_monitor
