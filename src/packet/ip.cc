#include <netinet/in.h>

#include <cstring>

#include "big_endian.h"
#include "dissector.h"

namespace dns_monitor {
namespace {

constexpr size_t kIpv4Bytes = 20;  // without options
constexpr size_t kIpv6Bytes = 40;

// https://www.iana.org/assignments/protocol-numbers
constexpr uint8_t kHip = 139;
constexpr uint8_t kShim6 = 140;
constexpr uint8_t kMpls = 137;

}  // namespace

void Dissector::Ip() {
  if (!Need(1)) return;
  switch (bytes_[0] >> 4) {
    case 4:
      return Ipv4();
    case 6:
      return Ipv6();
    default:
      return End(PacketKind::kNotIp);
  }
}

// `addresses`: source and destination, one after the other.
bool Dissector::EnterIp(uint8_t version, size_t address_bytes, const uint8_t* addresses) {
  if (packet_->ip_version != 0 && ++packet_->tunnels > kMostTunnels) {
    End(PacketKind::kTooDeep);
    return false;
  }
  packet_->ip_version = version;
  packet_->ether_type = version == 4 ? kEtherTypeIpv4 : kEtherTypeIpv6;
  std::memset(packet_->source, 0, sizeof(packet_->source));
  std::memset(packet_->destination, 0, sizeof(packet_->destination));
  std::memcpy(packet_->source, addresses, address_bytes);
  std::memcpy(packet_->destination, addresses + address_bytes, address_bytes);
  return true;
}

// RFC 791, section 3.1.
void Dissector::Ipv4() {
  if (!Deeper() || !Need(kIpv4Bytes)) return;
  const uint8_t* header = bytes_.data();
  const size_t header_bytes = static_cast<size_t>(header[0] & 0x0f) * 4;
  uint32_t total = BigEndian16(header + 2);
  if (total == 0) total = wire_;  // left to the network card, which makes several of this one
  if (header[0] >> 4 != 4 || header_bytes < kIpv4Bytes || total < header_bytes) {
    return End(PacketKind::kMalformed);
  }
  if (!EnterIp(4, 4, header + 12)) return;
  const uint16_t fragment = BigEndian16(header + 6);
  packet_->ttl = header[8];
  packet_->protocol = header[9];
  CutTo(total);
  if (!NeedAndSkip(header_bytes)) return;
  constexpr uint16_t kMore = 0x2000;
  constexpr uint16_t kOffset = 0x1fff;
  if ((fragment & (kMore | kOffset)) == 0) return Protocol(header[9]);
  packet_->fragment_id = BigEndian16(header + 4);
  packet_->fragment_offset = uint32_t{8} * (fragment & kOffset);
  packet_->more_fragments = (fragment & kMore) != 0;
  Fragment(header[9]);
}

// RFC 8200, section 3.
void Dissector::Ipv6() {
  if (!Deeper() || !Need(kIpv6Bytes)) return;
  const uint8_t* header = bytes_.data();
  const uint32_t payload = BigEndian16(header + 4);
  // Without a length: left to the network card, or a jumbogram, whose length is an option.
  if (header[0] >> 4 != 6 || (payload == 0 && header[6] == IPPROTO_HOPOPTS)) {
    return End(PacketKind::kMalformed);
  }
  if (!EnterIp(6, 16, header + 8)) return;
  packet_->ttl = header[7];
  packet_->protocol = header[6];
  Skip(kIpv6Bytes);
  CutTo(payload == 0 ? wire_ : payload);
  Ipv6Payload(header[6]);
}

// Through the extension headers (RFC 8200, section 4; RFC 7045 lists them).
void Dissector::Ipv6Payload(uint8_t next) {
  for (;;) {
    packet_->protocol = next;
    switch (next) {
      case IPPROTO_HOPOPTS:
      case IPPROTO_ROUTING:
      case IPPROTO_DSTOPTS:
      case IPPROTO_MH:
      case kHip:
      case kShim6:
        if (!Extension(8, 8, &next)) return;
        break;
      case IPPROTO_FRAGMENT:
        return Ipv6Fragment();
      default:
        return Protocol(next);
    }
  }
}

bool Dissector::Extension(size_t unit, size_t more, uint8_t* next) {
  if (!Deeper() || !Need(2)) return false;
  *next = bytes_[0];
  return NeedAndSkip(bytes_[1] * unit + more);
}

// RFC 8200, section 4.5.
void Dissector::Ipv6Fragment() {
  constexpr size_t kBytes = 8;
  if (!Deeper() || !Need(kBytes)) return;
  const uint8_t next = bytes_[0];
  const uint16_t field = BigEndian16(bytes_.data() + 2);
  const uint32_t id = BigEndian32(bytes_.data() + 4);
  Skip(kBytes);
  packet_->protocol = next;
  const uint32_t offset = field & 0xfff8;
  const bool more = (field & 1) != 0;
  // The only one of its datagram, which others of the same id do not concern (RFC 6946).
  if (offset == 0 && !more) return Ipv6Payload(next);
  packet_->fragment_id = id;
  packet_->fragment_offset = offset;
  packet_->more_fragments = more;
  Fragment(next);
}

// RFC 4302, section 2.2: its length is in words of four bytes, less two.
void Dissector::Authentication() {
  uint8_t next = 0;
  if (!Extension(4, 8, &next)) return;
  IpPayload(next);
}

void Dissector::IpPayload(uint8_t protocol) {
  bounded_ = true;
  if (packet_->ip_version == 6) return Ipv6Payload(protocol);
  Protocol(protocol);
}

void Dissector::Protocol(uint8_t protocol) {
  packet_->protocol = protocol;
  switch (protocol) {
    case IPPROTO_UDP:
      return Udp();
    case IPPROTO_TCP:
      return Tcp();
    case IPPROTO_IPIP:
      return Ipv4();
    case IPPROTO_IPV6:
      return Ipv6();
    case IPPROTO_GRE:
      return Gre();
    case IPPROTO_AH:
      return Authentication();
    case kMpls:  // RFC 4023
      return Mpls();
    default:
      break;
  }
  if (protocol == IPPROTO_ICMP && packet_->ip_version == 4) return Icmp(PacketKind::kIcmp);
  if (protocol == IPPROTO_ICMPV6 && packet_->ip_version == 6) return Icmp(PacketKind::kIcmp6);
  EndWithPayload(PacketKind::kOtherProtocol);
}

}  // namespace dns_monitor
