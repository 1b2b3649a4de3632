// One packet of a capture, whatever the format.
#pragma once

#include <cstdint>

#include "absl/types/span.h"

namespace dns_monitor {

struct CapturedRecord {
  absl::Span<const uint8_t> bytes;  // the captured ones
  uint32_t wire_length = 0;         // on the wire
  int64_t time_ns = 0;              // CLOCK_REALTIME; 0 where the format has none (pcapng's SPB)
  uint32_t link_type = 0;           // https://www.tcpdump.org/linktypes.html
};

}  // namespace dns_monitor
