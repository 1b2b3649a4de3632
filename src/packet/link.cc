#include <cstring>

#include "big_endian.h"
#include "dissector.h"
#include "ether_types.h"

namespace dns_monitor {
namespace {

constexpr size_t kEthernetBytes = 14;
constexpr size_t kEthernetTypeAt = 12;

bool LooksLikeEthernet(absl::Span<const uint8_t> bytes) {
  return bytes.size() >= kEthernetBytes &&
         IsKnownEtherType(BigEndian16(bytes.data() + kEthernetTypeAt));
}

}  // namespace

void Dissector::Link(uint32_t link_type) {
  switch (link_type) {
    case kLinkEthernet:
      return Ethernet();
    case kLinkRaw:
    case kLinkRawBsd:
    case kLinkRawOpenBsd:
      return Ip();
    case kLinkIpv4:
      return Ipv4();
    case kLinkIpv6:
      return Ipv6();
    case kLinkNull:
    case kLinkLoop:
      return AddressFamily();
    case kLinkPpp:
    case kLinkPppSerial:
      return HdlcPpp();
    case kLinkPppoe:
      return Pppoe();
    case kLinkCiscoHdlc:
      return CiscoHdlc();
    case kLinkSll: {
      constexpr size_t kBytes = 16;
      constexpr size_t kProtocolAt = 14;
      if (!Need(kBytes)) return;
      const uint16_t type = BigEndian16(bytes_.data() + kProtocolAt);
      Skip(kBytes);
      return EtherType(type);
    }
    case kLinkSll2: {
      constexpr size_t kBytes = 20;
      if (!Need(kBytes)) return;
      const uint16_t type = BigEndian16(bytes_.data());
      Skip(kBytes);
      return EtherType(type);
    }
    default:
      return End(PacketKind::kUnknownLink);
  }
}

void Dissector::Ethernet() {
  if (!Deeper() || !Need(kEthernetBytes)) return;
  const uint16_t type = BigEndian16(bytes_.data() + kEthernetTypeAt);
  Skip(kEthernetBytes);
  EtherType(type);
}

void Dissector::EtherType(uint16_t type) {
  // IEEE 802.1Q: identifier and type, as often as there are tags.
  while (IsVlanType(type)) {
    constexpr size_t kTagBytes = 4;
    if (!Deeper() || !Need(kTagBytes)) return;
    if (packet_->vlan == kNoVlan) packet_->vlan = BigEndian16(bytes_.data()) & 0x0fff;
    type = BigEndian16(bytes_.data() + 2);
    Skip(kTagBytes);
  }
  if (packet_->ip_version == 0) packet_->ether_type = type;
  switch (type) {
    case kEtherTypeIpv4:
      return Ipv4();
    case kEtherTypeIpv6:
      return Ipv6();
    case kMplsUnicast:
    case kMplsMulticast:
      return Mpls();
    case kPppoeSession:
      return Pppoe();
    case kBridgedEthernet:
      return Ethernet();
    default:
      return type <= kMostLength ? Llc() : End(PacketKind::kNotIp);
  }
}

// IEEE 802.2 in place of a type, and SNAP (RFC 1042), which names one again.
void Dissector::Llc() {
  constexpr uint8_t kSnap[] = {0xaa, 0xaa, 0x03, 0, 0, 0};
  constexpr size_t kBytes = sizeof(kSnap) + 2;
  if (!Deeper() || !Need(kBytes)) return;
  const uint16_t type = BigEndian16(bytes_.data() + sizeof(kSnap));
  if (std::memcmp(bytes_.data(), kSnap, sizeof(kSnap)) != 0 || type <= kMostLength) {
    return End(PacketKind::kNotIp);
  }
  Skip(kBytes);
  EtherType(type);
}

// RFC 3032. What the labels carry is not said anywhere in the packet.
void Dissector::Mpls() {
  constexpr size_t kLabelBytes = 4;
  for (bool is_last = false; !is_last;) {
    if (!Deeper() || !Need(kLabelBytes)) return;
    is_last = (bytes_[2] & 1) != 0;
    Skip(kLabelBytes);
  }
  if (!Need(1)) return;
  const int nibble = bytes_[0] >> 4;
  // An Ethernet address may begin with these, too; with no length of an IPv4 header behind it, it
  // more likely is one.
  if (nibble == 4 && (bytes_[0] & 0x0f) >= 5) return Ipv4();
  if (nibble == 6) return Ipv6();
  Pseudowire();
}

// RFC 4448: Ethernet, mostly behind a control word, whose first half is zeros; rarely so begins an
// address.
void Dissector::Pseudowire() {
  constexpr size_t kControlWordBytes = 4;
  if (!Need(kControlWordBytes + kEthernetBytes)) return;
  if (BigEndian16(bytes_.data()) == 0 && LooksLikeEthernet(bytes_.subspan(kControlWordBytes))) {
    Skip(kControlWordBytes);
    return Ethernet();
  }
  if (LooksLikeEthernet(bytes_)) return Ethernet();
  End(PacketKind::kNotIp);
}

// RFC 2516, section 4.
void Dissector::Pppoe() {
  constexpr size_t kBytes = 6;
  constexpr uint8_t kVersionAndType = 0x11;
  constexpr uint8_t kSessionData = 0;
  if (!Deeper() || !Need(kBytes)) return;
  if (bytes_[0] != kVersionAndType || bytes_[1] != kSessionData) return End(PacketKind::kNotIp);
  const uint16_t length = BigEndian16(bytes_.data() + 4);
  Skip(kBytes);
  CutTo(length);
  Ppp();
}

// RFC 1661, section 2: a protocol of two bytes, or of one, which then is odd (6.5).
void Dissector::Ppp() {
  if (!Deeper() || !Need(1)) return;
  uint16_t protocol = bytes_[0];
  if ((protocol & 1) == 0) {
    if (!Need(2)) return;
    protocol = BigEndian16(bytes_.data());
    Skip(2);
  } else {
    Skip(1);
  }
  switch (protocol) {
    case 0x0021:
      return Ipv4();
    case 0x0057:
      return Ipv6();
    case 0x0281:  // RFC 3032, section 4.2
    case 0x0283:
      return Mpls();
    default:
      return End(PacketKind::kNotIp);
  }
}

// RFC 1662: address and control may be left out. Cisco's framing has other addresses.
void Dissector::HdlcPpp() {
  if (!Need(2)) return;
  if (bytes_[0] == 0x0f || bytes_[0] == 0x8f) return CiscoHdlc();
  if (bytes_[0] == 0xff && bytes_[1] == 0x03) Skip(2);
  Ppp();
}

void Dissector::CiscoHdlc() {
  constexpr size_t kBytes = 4;
  if (!Deeper() || !Need(kBytes)) return;
  const uint16_t type = BigEndian16(bytes_.data() + 2);
  Skip(kBytes);
  EtherType(type);
}

// AF_INET is 2 everywhere, AF_INET6 differs; none is such that its bytes in the other order are
// one of the others.
void Dissector::AddressFamily() {
  constexpr size_t kBytes = 4;
  if (!Need(kBytes)) return;
  const uint32_t value = BigEndian32(bytes_.data());
  Skip(kBytes);
  switch (value < 0x10000 ? value : __builtin_bswap32(value)) {
    case 2:
      return Ipv4();
    case 10:  // Linux
    case 23:  // Windows
    case 24:  // NetBSD, OpenBSD
    case 28:  // FreeBSD
    case 30:  // macOS
      return Ipv6();
    default:
      return End(PacketKind::kNotIp);
  }
}

}  // namespace dns_monitor
