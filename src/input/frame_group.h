// Decodes some of a file's zstd frames at once.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "dns_monitor/compress/seek_table.h"

struct ZSTD_DCtx_s;

namespace dns_monitor {

struct DecodedGroup {
  size_t made = 0;     // bytes of content, of whole frames: a damaged one may hold anything
  std::string damage;  // of the frame behind these; empty: they are all
};

// Thread-safe: keeps a decompressor for each thread that is at work.
class FrameGroups {
 public:
  FrameGroups();
  ~FrameGroups();

  // `stored`: what the file has of these frames, the first of which lies at byte `offset` of it.
  // `to` has room for all that the table says.
  DecodedGroup Decode(absl::Span<const FrameSize> frames, absl::Span<const uint8_t> stored,
                      int64_t offset, absl::Span<uint8_t> to);

 private:
  struct FreeContext {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  using Context = std::unique_ptr<ZSTD_DCtx_s, FreeContext>;

  Context Take();
  void Return(Context context);

  std::mutex mutex_;
  std::vector<Context> free_;
};

}  // namespace dns_monitor
