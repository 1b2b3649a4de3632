#include "transport.h"

#include <netinet/in.h>

#include <algorithm>

#include "big_endian.h"
#include "dissector.h"
#include "ether_types.h"

namespace dns_monitor {

void Dissector::Ports() {
  if (!Has(4)) return;
  packet_->has_ports = true;
  packet_->source_port = BigEndian16(bytes_.data());
  packet_->destination_port = BigEndian16(bytes_.data() + 2);
}

// RFC 768.
void Dissector::Udp() {
  if (!Need(kUdpBytes)) return Ports();
  const uint8_t* header = bytes_.data();
  const uint16_t length = BigEndian16(header + 4);
  if (length != 0) {  // else left to the network card
    if (length < kUdpBytes) {
      Ports();
      return End(PacketKind::kMalformed);
    }
    CutTo(std::min<uint32_t>(length, wire_));
  }
  const uint16_t to = BigEndian16(header + 2);
  if (to == kVxlanPort && Vxlan()) return;
  if (to == kGenevePort && Geneve()) return;
  Ports();
  Skip(kUdpBytes);
  EndWithPayload(PacketKind::kUdp);
}

// RFC 9293, section 3.1.
void Dissector::Tcp() {
  constexpr size_t kTcpBytes = 20;  // without options
  Ports();
  if (!Need(kTcpBytes)) return;
  const uint8_t* header = bytes_.data();
  const size_t header_bytes = static_cast<size_t>(header[12] >> 4) * 4;
  if (header_bytes < kTcpBytes) return End(PacketKind::kMalformed);
  packet_->tcp_seq = BigEndian32(header + 4);
  packet_->tcp_ack = BigEndian32(header + 8);
  packet_->tcp_flags = header[13];
  if (!NeedAndSkip(header_bytes)) return;
  EndWithPayload(PacketKind::kTcp);
}

void Dissector::Icmp(PacketKind kind) {
  constexpr size_t kIcmpBytes = 4;  // type, code, checksum
  if (!Need(kIcmpBytes)) return;
  EndWithPayload(kind);
}

void Dissector::Fragment(uint8_t protocol) {
  if (packet_->fragment_offset == 0 && (protocol == IPPROTO_UDP || protocol == IPPROTO_TCP)) {
    Ports();
  }
  EndWithPayload(PacketKind::kFragment);
}

// RFC 2784, with RFC 2890's key and sequence number. Other versions and RFC 1701's routing carry
// nothing that we know.
void Dissector::Gre() {
  constexpr uint16_t kChecksum = 0x8000;
  constexpr uint16_t kRouting = 0x4000;
  constexpr uint16_t kKey = 0x2000;
  constexpr uint16_t kSequence = 0x1000;
  constexpr uint16_t kVersion = 0x0007;
  constexpr uint16_t kErspan2 = 0x88be;  // and type I, which has no sequence number
  constexpr uint16_t kErspan3 = 0x22eb;
  if (!Deeper() || !Need(4)) return;
  const uint16_t flags = BigEndian16(bytes_.data());
  const uint16_t type = BigEndian16(bytes_.data() + 2);
  const bool is_erspan = type == kErspan2 || type == kErspan3;
  if ((flags & (kRouting | kVersion)) != 0 || !(is_erspan || IsKnownEtherType(type))) {
    return EndWithPayload(PacketKind::kOtherProtocol);
  }
  size_t bytes = 4;
  for (const uint16_t flag : {kChecksum, kKey, kSequence}) bytes += (flags & flag) != 0 ? 4 : 0;
  if (!NeedAndSkip(bytes)) return;
  if (type == kErspan2) return Erspan((flags & kSequence) != 0 ? 8 : 0);
  if (type == kErspan3) return Erspan(12);
  EtherType(type);
}

// draft-foschiano-erspan: a header, in type III perhaps another one, and a mirrored frame.
void Dissector::Erspan(size_t header_bytes) {
  constexpr size_t kType3Bytes = 12;
  if (!Need(header_bytes)) return;
  const bool has_second = header_bytes == kType3Bytes && (bytes_[kType3Bytes - 1] & 1) != 0;
  if (!NeedAndSkip(header_bytes + (has_second ? 8 : 0))) return;
  Ethernet();
}

// RFC 7348. False, and nothing done, if the datagram is none: to that port may go what was sent
// from it.
bool Dissector::Vxlan() {
  constexpr size_t kBytes = 8;
  constexpr uint32_t kFlags = 0x08000000;  // the others and what is reserved: zero
  if (wire_ < kUdpBytes + kBytes) return false;
  if (!Need(kUdpBytes + kBytes)) return true;
  const uint8_t* header = bytes_.data() + kUdpBytes;
  if (BigEndian32(header) != kFlags || header[7] != 0) return false;
  Skip(kUdpBytes + kBytes);
  Ethernet();
  return true;
}

// RFC 8926, section 3.4; false as Vxlan.
bool Dissector::Geneve() {
  constexpr size_t kBytes = 8;
  if (wire_ < kUdpBytes + kBytes) return false;
  if (!Need(kUdpBytes + kBytes)) return true;
  const uint8_t* header = bytes_.data() + kUdpBytes;
  const uint16_t type = BigEndian16(header + 2);
  const bool is_geneve = header[0] >> 6 == 0 && (header[1] & 0x3f) == 0 && header[7] == 0;
  if (!is_geneve || !IsKnownEtherType(type)) return false;
  const size_t options = static_cast<size_t>(header[0] & 0x3f) * 4;
  if (NeedAndSkip(kUdpBytes + kBytes + options)) EtherType(type);
  return true;
}

}  // namespace dns_monitor
