// Makes zstd frames (RFC 8878), each readable without the others.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "absl/types/span.h"

struct ZSTD_CCtx_s;

namespace dns_monitor {

// zstd's levels.
inline constexpr int kLowestLevel = 1;
inline constexpr int kHighestLevel = 19;  // those above need more memory than they bring
inline constexpr int kUsualLevel = 3;
// Not zstd's: the frame holds its content as it is.
inline constexpr int kStoredLevel = 0;

// One frame after the other; one thread. Each frame carries a checksum of its content. Allocates
// what a level needs when it is first used; where there is no memory, frames hold their content
// as it is.
class FrameEncoder {
 public:
  FrameEncoder();
  ~FrameEncoder();
  FrameEncoder(FrameEncoder&&) noexcept;
  FrameEncoder& operator=(FrameEncoder&&) noexcept;

  // The room that a frame of so many bytes takes at most, when it is flushed so many times.
  static size_t Bound(size_t content_bytes, size_t flushes = 0);

  // A whole frame. Returns its length; `to` has room for Bound(content.size()).
  size_t Encode(int level, absl::Span<const std::byte> content, absl::Span<std::byte> to);

  // A frame of which a decoder can read what there is before it has ended. Flush begins it, at this
  // level, unless it has begun. What they return belongs behind what the calls before have. 0 from
  // Flush: it cannot be, for want of memory; the frame has not begun.
  size_t Flush(int level, absl::Span<const std::byte> more, absl::Span<std::byte> to);
  size_t End(absl::Span<const std::byte> more, absl::Span<std::byte> to);
  bool begun() const { return begun_; }
  // The frame that has begun will not be ended.
  void Abandon();

 private:
  struct FreeContext {
    void operator()(ZSTD_CCtx_s* context) const;
  };

  std::optional<size_t> Stream(absl::Span<const std::byte> more, absl::Span<std::byte> to,
                               bool end);
  void Begin(int level);

  std::unique_ptr<ZSTD_CCtx_s, FreeContext> context_;
  bool begun_ = false;
};

}  // namespace dns_monitor
