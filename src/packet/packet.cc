#include "dns_monitor/packet/packet.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "big_endian.h"
#include "dissector.h"
#include "transport.h"

namespace dns_monitor {
namespace {

constexpr size_t kEthernetBytes = 14;
constexpr size_t kIpv4Bytes = 20;
constexpr size_t kIpv6Bytes = 40;

// To copy from: made in place, a packet is written in small pieces and then read in large ones,
// for which the processor waits.
constexpr Packet kNewPacket;

// `udp`: the header, behind which so many bytes are captured, and so many more were on the wire, as
// IP says. False: not so plain after all.
bool PlainUdp(const uint8_t* udp, size_t captured, size_t wire, Packet* packet) {
  const size_t length = BigEndian16(udp + 4);
  const uint16_t to = BigEndian16(udp + 2);
  if (length < kUdpBytes || length > wire || to == kVxlanPort || to == kGenevePort) return false;
  packet->kind = PacketKind::kUdp;
  packet->protocol = IPPROTO_UDP;
  packet->source_port = BigEndian16(udp);
  packet->destination_port = to;
  packet->has_ports = true;
  packet->payload_on_wire = static_cast<uint32_t>(length - kUdpBytes);
  packet->payload = {udp + kUdpBytes, std::min(captured, length) - kUdpBytes};
  return true;
}

// What nearly all of DNS is: UDP in IP in Ethernet, with nothing between them. False if the frame
// is anything else; what it has written then stands for nothing.
bool PlainIpv4(absl::Span<const uint8_t> bytes, Packet* packet) {
  if (bytes.size() < kEthernetBytes + kIpv4Bytes + kUdpBytes) return false;
  const uint8_t* ip = bytes.data() + kEthernetBytes;
  const size_t total = BigEndian16(ip + 2);
  // Version 4, no options; neither more fragments nor an offset; room for UDP.
  if (ip[0] != 0x45 || ip[9] != IPPROTO_UDP || (BigEndian16(ip + 6) & 0x3fff) != 0 ||
      total < kIpv4Bytes + kUdpBytes) {
    return false;
  }
  *packet = kNewPacket;
  packet->ip_version = 4;
  packet->ether_type = kEtherTypeIpv4;
  packet->ttl = ip[8];
  std::memcpy(packet->source, ip + 12, 4);
  std::memcpy(packet->destination, ip + 16, 4);
  return PlainUdp(ip + kIpv4Bytes, bytes.size() - kEthernetBytes - kIpv4Bytes, total - kIpv4Bytes,
                  packet);
}

bool PlainIpv6(absl::Span<const uint8_t> bytes, Packet* packet) {
  if (bytes.size() < kEthernetBytes + kIpv6Bytes + kUdpBytes) return false;
  const uint8_t* ip = bytes.data() + kEthernetBytes;
  if (ip[0] >> 4 != 6 || ip[6] != IPPROTO_UDP) return false;
  *packet = kNewPacket;
  packet->ip_version = 6;
  packet->ether_type = kEtherTypeIpv6;
  packet->ttl = ip[7];
  std::memcpy(packet->source, ip + 8, 16);
  std::memcpy(packet->destination, ip + 24, 16);
  // A payload length of zero leaves no room for UDP.
  return PlainUdp(ip + kIpv6Bytes, bytes.size() - kEthernetBytes - kIpv6Bytes, BigEndian16(ip + 4),
                  packet);
}

bool Plain(const Frame& frame, Packet* packet) {
  if (frame.link_type != kLinkEthernet || frame.bytes.size() < kEthernetBytes) return false;
  switch (BigEndian16(frame.bytes.data() + kEthernetBytes - 2)) {
    case kEtherTypeIpv4:
      return PlainIpv4(frame.bytes, packet);
    case kEtherTypeIpv6:
      return PlainIpv6(frame.bytes, packet);
    default:
      return false;
  }
}

}  // namespace

absl::string_view PacketKindName(PacketKind kind) {
  switch (kind) {
    case PacketKind::kUdp:
      return "UDP";
    case PacketKind::kTcp:
      return "TCP";
    case PacketKind::kIcmp:
      return "ICMP";
    case PacketKind::kIcmp6:
      return "ICMPv6";
    case PacketKind::kFragment:
      return "fragment";
    case PacketKind::kOtherProtocol:
      return "other protocol";
    case PacketKind::kNotIp:
      return "not IP";
    case PacketKind::kUnknownLink:
      return "unknown link type";
    case PacketKind::kTruncated:
      return "truncated";
    case PacketKind::kMalformed:
      return "malformed";
    case PacketKind::kTooDeep:
      return "too deep";
  }
  return "";
}

void Dissect(const Frame& frame, Packet* packet) {
  if (__builtin_expect(static_cast<long>(Plain(frame, packet)), 1) != 0) return;
  *packet = kNewPacket;
  const auto captured = static_cast<uint32_t>(frame.bytes.size());
  Dissector(frame.bytes, std::max(frame.wire_length, captured), packet).Link(frame.link_type);
}

}  // namespace dns_monitor
