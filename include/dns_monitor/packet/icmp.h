// What ICMP messages say: RFC 792, RFC 4443, and RFC 4884 for what follows a quoted packet.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "dns_monitor/packet/packet.h"

namespace dns_monitor {

// What the message does not have, or what the capture clipped, is zero, and its flag false.
struct IcmpView {
  uint8_t type = 0;
  uint8_t code = 0;
  // As IANA calls them (https://www.iana.org/assignments/icmp-parameters, icmpv6-parameters), in
  // lower case; empty if there is no such number.
  absl::string_view type_name;
  absl::string_view code_name;

  bool has_identifier = false;  // echo, and the like
  uint16_t identifier = 0;
  uint16_t sequence = 0;
  bool has_mtu = false;  // of "fragmentation needed" and "packet too big"
  uint32_t mtu = 0;
  bool has_pointer = false;  // into the quoted packet: of "parameter problem"
  uint32_t pointer = 0;
  bool has_gateway = false;  // of a redirect
  uint8_t gateway[16] = {};  // IPv4's in the first four

  // Of an error: the packet that it is about, as it was quoted. Errors quote only the beginning:
  // quoted.kind may be kTruncated, with what is known by then (quoted.has_ports; addresses, if
  // quoted.ip_version is not 0), and a payload is mostly shorter than it was.
  bool is_error = false;
  Packet quoted;
};

// Of a packet of kind kIcmp or kIcmp6, whose payload must live on for quoted.payload. False with
// any other. Any thread.
bool ViewIcmp(const Packet& packet, IcmpView* view);

}  // namespace dns_monitor
