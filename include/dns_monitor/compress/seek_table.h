// What makes a file of zstd frames seekable: a table of the frames at its end, within a frame that
// every zstd decoder skips (zstd, contrib/seekable_format/zstd_seekable_compression_format.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "dns_monitor/base/read_at.h"

namespace dns_monitor {

struct FrameSize {
  uint32_t stored_bytes = 0;
  uint32_t content_bytes = 0;

  bool operator==(const FrameSize&) const = default;
};

// Of all of them: where the file, or its content, ends.
int64_t StoredBytes(absl::Span<const FrameSize> frames);
int64_t ContentBytes(absl::Span<const FrameSize> frames);

// The format numbers them in 27 bits.
inline constexpr size_t kMostFrames = (size_t{1} << 27) - 1;

// The skippable frame, without checksums of the frames: each has its own at its end.
std::string FormatSeekTable(absl::Span<const FrameSize> frames);
// How long that is.
int64_t SeekTableBytes(size_t frame_count);

// Reads the table at the end of a file of `stored_bytes`, be it with checksums. NotFound when there
// is none; DataLoss when it is not what it says it is. The errors of `read`.
absl::StatusOr<std::vector<FrameSize>> ReadSeekTable(const ReadAtFunction& read,
                                                     int64_t stored_bytes);

}  // namespace dns_monitor
