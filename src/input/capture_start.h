// How a capture begins.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "dns_monitor/input/record_block.h"

namespace dns_monitor {

// As many bytes as ParseCaptureStart needs, of any format.
inline constexpr size_t kCaptureStartBytes = 24;

struct CaptureStart {
  RecordLayout layout;
  size_t header_bytes = 0;  // of the file, before the first record; pcapng has its blocks alone
};

// `head`: the first bytes of a file, all that it has or more than kCaptureStartBytes.
//
// OutOfRange when they can be what came of a capture whose writing ended early (nothing at all
// included); Unimplemented for a version of pcap that is not known; InvalidArgument for all else.
absl::StatusOr<CaptureStart> ParseCaptureStart(absl::Span<const uint8_t> head);

}  // namespace dns_monitor
