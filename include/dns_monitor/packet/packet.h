// Takes captured frames apart, down to what UDP, TCP or ICMP carry.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "dns_monitor/packet/frame.h"

namespace dns_monitor {

// What was found in the innermost IP layer, or why it was not reached.
enum class PacketKind : uint8_t {
  kUdp,
  kTcp,
  kIcmp,           // of IPv4
  kIcmp6,          // of IPv6
  kFragment,       // of a datagram: for FragmentReassembler
  kOtherProtocol,  // above IP
  kNotIp,
  kUnknownLink,  // the link type is none of those that are known
  kTruncated,    // what was captured ends within the headers
  kMalformed,    // the headers contradict each other or their standards
  kTooDeep,      // more layers than anyone needs
};
inline constexpr int kPacketKinds = 11;

// As a person reads it: "UDP", "not IP".
absl::string_view PacketKindName(PacketKind kind);

inline constexpr uint16_t kEtherTypeIpv4 = 0x0800;
inline constexpr uint16_t kEtherTypeIpv6 = 0x86dd;
inline constexpr uint16_t kNoVlan = 0xffff;

// Bits of Packet::tcp_flags (RFC 9293, section 3.1).
inline constexpr uint8_t kTcpFin = 0x01;
inline constexpr uint8_t kTcpSyn = 0x02;
inline constexpr uint8_t kTcpRst = 0x04;
inline constexpr uint8_t kTcpPsh = 0x08;
inline constexpr uint8_t kTcpAck = 0x10;

// All numbers in host byte order. What the frame does not hold, or what is behind the header that
// decided on `kind`, is zero (or kNoVlan).
struct Packet {
  PacketKind kind = PacketKind::kNotIp;
  uint8_t ip_version = 0;  // of the innermost IP header: 4, 6, or 0: there is none
  uint8_t protocol = 0;    // above IP (and above IPv6's extension headers)
  uint8_t ttl = 0;         // hop limit
  // Of the innermost IP header: 0x0800 or 0x86dd. Without one, what stands behind the tags instead
  // (ARP: 0x0806), if the link layer names that.
  uint16_t ether_type = 0;
  uint16_t vlan = kNoVlan;  // the outermost tag's id
  uint8_t source[16] = {};  // IPv4's in the first four
  uint8_t destination[16] = {};

  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  // Whether the ports were there: with UDP and TCP, in the first fragment of them, and where
  // what was captured ends between the ports and the end of the header.
  bool has_ports = false;
  uint8_t tunnels = 0;    // IP headers further out
  uint8_t tcp_flags = 0;  // kTcpFin and so on
  bool more_fragments = false;
  uint32_t fragments = 1;  // that this was put together from
  // Of a fragment, within its datagram.
  uint32_t fragment_id = 0;
  uint32_t fragment_offset = 0;  // in bytes
  uint32_t tcp_seq = 0;
  uint32_t tcp_ack = 0;

  // As long as the headers say, that is, on the wire. More than payload.size() when the snap length
  // clipped it. Where they leave it open (zero in IP's total length or UDP's length, as
  // segmentation by the network card leaves them), to the end of the frame.
  uint32_t payload_on_wire = 0;
  // What UDP or TCP carry; an ICMP message whole; a fragment's part of its datagram; with
  // kOtherProtocol what is behind IP's headers; else empty. Never the link layer's padding.
  absl::Span<const uint8_t> payload = {};
};

// Takes the innermost IP packet of `frame`: through VLAN tags and their stacks, MPLS, PPPoE, IP in
// IP, GRE (also with Ethernet or ERSPAN in it), VXLAN (to UDP port 4789) and Geneve (6081), IPv4's
// options and IPv6's extension headers. Whatever the frame holds; checksums are not looked at, as a
// network card fills them in behind the capture. An IPv6 jumbogram (RFC 2675) is malformed.
// The payload is part of frame.bytes. Any thread.
void Dissect(const Frame& frame, Packet* packet);

}  // namespace dns_monitor
