#include "dns_monitor/compress/frame_encoder.h"

#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

#include "dns_monitor/base/log.h"

namespace dns_monitor {
namespace {

constexpr size_t kMostBlockBytes = 128 << 10;  // RFC 8878, Block_Maximum_Size
constexpr size_t kBlockHeaderBytes = 3;
constexpr size_t kChecksumBytes = 4;
// A flush ends a block: its header, and what the block's own sections take where nothing can be
// compressed.
constexpr size_t kFlushBytes = 32;

// Writes a frame of blocks that hold the content as it is (Raw_Block).
class StoredFrame {
 public:
  explicit StoredFrame(std::byte* to) : begin_(to), to_(to) {}

  size_t Write(absl::Span<const std::byte> content) {
    // Content size in 4 bytes, the window is as large as the content, a checksum at the end.
    constexpr uint8_t kDescriptor = 2 << 6 | 1 << 5 | 1 << 2;
    const uint64_t checksum = XXH64(content.data(), content.size(), 0);
    Put(ZSTD_MAGICNUMBER, 4);
    Put(kDescriptor, 1);
    Put(content.size(), 4);
    do {
      const size_t bytes = std::min(content.size(), kMostBlockBytes);
      const bool last = bytes == content.size();
      Put(bytes << 3 | (last ? 1 : 0), kBlockHeaderBytes);
      if (bytes > 0) std::memcpy(to_, content.data(), bytes);
      to_ += bytes;
      content.remove_prefix(bytes);
    } while (!content.empty());
    Put(checksum, kChecksumBytes);
    return static_cast<size_t>(to_ - begin_);
  }

 private:
  // Little-endian.
  void Put(uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) *to_++ = static_cast<std::byte>(value >> 8 * i);
  }

  std::byte* const begin_;
  std::byte* to_;
};

}  // namespace

void FrameEncoder::FreeContext::operator()(ZSTD_CCtx_s* context) const {
  ZSTD_freeCCtx(context);
}

FrameEncoder::FrameEncoder() : context_(ZSTD_createCCtx()) {
  if (context_ == nullptr) throw std::bad_alloc();
}
FrameEncoder::~FrameEncoder() = default;
FrameEncoder::FrameEncoder(FrameEncoder&&) noexcept = default;
FrameEncoder& FrameEncoder::operator=(FrameEncoder&&) noexcept = default;

size_t FrameEncoder::Bound(size_t content_bytes, size_t flushes) {
  return ZSTD_compressBound(content_bytes) + (flushes + 2) * kFlushBytes;
}

void FrameEncoder::Begin(int level) {
  ZSTD_CCtx_reset(context_.get(), ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
}

size_t FrameEncoder::Encode(int level, absl::Span<const std::byte> content,
                            absl::Span<std::byte> to) {
  if (level != kStoredLevel) {
    Begin(level);
    const size_t bytes =
        ZSTD_compress2(context_.get(), to.data(), to.size(), content.data(), content.size());
    if (ZSTD_isError(bytes) == 0) return bytes;
    LogWarning("a frame is stored as it is: ", ZSTD_getErrorName(bytes));
  }
  return StoredFrame(to.data()).Write(content);
}

size_t FrameEncoder::Flush(int level, absl::Span<const std::byte> more, absl::Span<std::byte> to) {
  const bool begins = !begun_;
  if (begins) {
    Begin(level == kStoredLevel ? kLowestLevel : level);
    // No more follows than a frame is usually long: else room for a window of 2 MiB is taken.
    constexpr int kWindowLog = 20;
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_windowLog, kWindowLog);
  }
  const std::optional<size_t> bytes = Stream(more, to, /*end=*/false);
  if (begins && !bytes) return 0;
  begun_ = true;
  return *bytes;
}

size_t FrameEncoder::End(absl::Span<const std::byte> more, absl::Span<std::byte> to) {
  begun_ = false;
  return Stream(more, to, /*end=*/true).value();
}

void FrameEncoder::Abandon() {
  ZSTD_CCtx_reset(context_.get(), ZSTD_reset_session_only);
  begun_ = false;
}

// Only the first call of a frame allocates, and there is room for all: no later one can fail.
std::optional<size_t> FrameEncoder::Stream(absl::Span<const std::byte> more,
                                           absl::Span<std::byte> to, bool end) {
  ZSTD_inBuffer in{more.data(), more.size(), 0};
  ZSTD_outBuffer out{to.data(), to.size(), 0};
  const size_t left =
      ZSTD_compressStream2(context_.get(), &out, &in, end ? ZSTD_e_end : ZSTD_e_flush);
  if (left != 0) return std::nullopt;
  return out.pos;
}

}  // namespace dns_monitor
