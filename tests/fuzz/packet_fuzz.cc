// What must hold for a frame taken apart, whatever it holds. The first byte says of which link type
// it is, the second one how much of it the snap length clipped.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "dns_monitor/packet/icmp.h"
#include "dns_monitor/packet/packet.h"
#include "require.h"

namespace dns_monitor {
namespace {

constexpr uint32_t kLinkTypes[] = {kLinkEthernet, kLinkRaw,       kLinkSll,    kLinkSll2,
                                   kLinkNull,     kLinkLoop,      kLinkPpp,    kLinkPppSerial,
                                   kLinkPppoe,    kLinkCiscoHdlc, kLinkRawBsd, kLinkRawOpenBsd,
                                   kLinkIpv4,     kLinkIpv6,      127};

bool IsPart(absl::Span<const uint8_t> part, absl::Span<const uint8_t> whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void CheckPacket(const Packet& packet, absl::Span<const uint8_t> bytes) {
  Require(!PacketKindName(packet.kind).empty());
  Require(IsPart(packet.payload, bytes));
  Require(packet.payload.size() <= packet.payload_on_wire);
  Require(packet.fragments == 1 && packet.tunnels <= 9);
  Require(packet.vlan == kNoVlan || packet.vlan < 4096);
  const bool is_ip = packet.ip_version == 4 || packet.ip_version == 6;
  Require(is_ip || packet.ip_version == 0);
  Require(!is_ip ||
          packet.ether_type == (packet.ip_version == 4 ? kEtherTypeIpv4 : kEtherTypeIpv6));
  switch (packet.kind) {
    case PacketKind::kUdp:
    case PacketKind::kTcp:
      Require(is_ip && packet.has_ports);
      break;
    case PacketKind::kIcmp:
    case PacketKind::kIcmp6:
    case PacketKind::kOtherProtocol:
      Require(is_ip && !packet.has_ports);
      break;
    case PacketKind::kFragment:
      Require(is_ip && (packet.more_fragments || packet.fragment_offset > 0));
      break;
    default:
      Require(packet.payload.empty() && packet.payload_on_wire == 0);
  }
}

bool IsSame(const Packet& one, const Packet& two) {
  return one.kind == two.kind && one.protocol == two.protocol && one.ttl == two.ttl &&
         one.source_port == two.source_port && one.destination_port == two.destination_port &&
         std::memcmp(one.source, two.source, sizeof(one.source)) == 0 &&
         std::memcmp(one.destination, two.destination, sizeof(one.destination)) == 0 &&
         one.payload == two.payload && one.payload_on_wire == two.payload_on_wire;
}

void Check(uint32_t link_type, uint32_t clipped, absl::Span<const uint8_t> bytes) {
  const auto wire = static_cast<uint32_t>(bytes.size()) + clipped;
  Packet packet;
  Dissect({.link_type = link_type, .bytes = bytes, .wire_length = wire}, &packet);
  CheckPacket(packet, bytes);
  IcmpView icmp;
  if (ViewIcmp(packet, &icmp)) CheckPacket(icmp.quoted, packet.payload);

  // Plain frames go a way of their own; IP alone never does.
  constexpr size_t kEthernetBytes = 14;
  if (link_type != kLinkEthernet || bytes.size() < kEthernetBytes) return;
  const int type = bytes[12] << 8 | bytes[13];
  if (type != kEtherTypeIpv4 && type != kEtherTypeIpv6) return;
  Packet same;
  Dissect({.link_type = type == kEtherTypeIpv4 ? kLinkIpv4 : kLinkIpv6,
           .bytes = bytes.subspan(kEthernetBytes),
           .wire_length = wire - static_cast<uint32_t>(kEthernetBytes)},
          &same);
  Require(IsSame(packet, same) || packet.kind == PacketKind::kTooDeep ||
          same.kind == PacketKind::kTooDeep);
}

}  // namespace
}  // namespace dns_monitor

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using dns_monitor::kLinkTypes;
  if (size < 2) return 0;
  dns_monitor::Check(kLinkTypes[data[0] % std::size(kLinkTypes)], data[1] * 8u,
                     {data + 2, size - 2});
  return 0;
}
