// A frame as a capture has it.
#pragma once

#include <cstdint>

#include "absl/types/span.h"

namespace dns_monitor {

struct Frame {
  uint32_t link_type = 0;  // LINKTYPE_*: https://www.tcpdump.org/linktypes.html
  absl::Span<const uint8_t> bytes = {};
  uint32_t wire_length = 0;  // at least bytes.size(), unless the capture is wrong about it
  int64_t time_ns = 0;       // since 1970
};

// Those that Dissect knows. Their first bytes are what the names say.
enum FrameLink : uint32_t {
  kLinkNull = 0,  // address family, in the byte order of the machine that captured
  kLinkEthernet = 1,
  kLinkPpp = 9,      // with or without the address and control bytes of HDLC
  kLinkRawBsd = 12,  // IP, as is
  kLinkRawOpenBsd = 14,
  kLinkPppSerial = 50,  // PPP or Cisco HDLC, in HDLC framing
  kLinkPppoe = 51,      // the PPPoE session's header
  kLinkRaw = 101,
  kLinkCiscoHdlc = 104,
  kLinkLoop = 108,  // as kLinkNull, in network byte order
  kLinkSll = 113,   // Linux "cooked": the device any
  kLinkIpv4 = 228,
  kLinkIpv6 = 229,
  kLinkSll2 = 276,
};

}  // namespace dns_monitor
