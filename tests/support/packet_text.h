// Packets as text, to compare and to read:
//
//     UDP 10.77.0.1:40000 > 10.77.0.53:53 ttl 64, 24 of 100 bytes, vlan 5, 1 tunnel
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dns_monitor/packet/frame.h"
#include "dns_monitor/packet/packet.h"

namespace dns_monitor {

inline std::string AddressText(uint8_t ip_version, const uint8_t* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (ip_version != 0) inet_ntop(ip_version == 4 ? AF_INET : AF_INET6, address, text, sizeof(text));
  return text;
}

inline std::string EndText(const Packet& packet, const uint8_t* address, uint16_t port) {
  return absl::StrCat(AddressText(packet.ip_version, address),
                      packet.has_ports ? absl::StrCat(":", port) : "");
}

inline std::string PacketText(const Packet& packet) {
  std::string text(PacketKindName(packet.kind));
  if (packet.ip_version != 0) {
    absl::StrAppend(&text, " ", EndText(packet, packet.source, packet.source_port), " > ",
                    EndText(packet, packet.destination, packet.destination_port), " ttl ",
                    packet.ttl);
  }
  if (packet.payload.size() == packet.payload_on_wire) {
    if (!packet.payload.empty()) absl::StrAppend(&text, ", ", packet.payload.size(), " bytes");
  } else {
    absl::StrAppend(&text, ", ", packet.payload.size(), " of ", packet.payload_on_wire, " bytes");
  }
  if (packet.kind == PacketKind::kTcp) {
    absl::StrAppend(&text, ", seq ", packet.tcp_seq, " ack ", packet.tcp_ack, " flags ",
                    packet.tcp_flags);
  }
  if (packet.kind == PacketKind::kFragment) {
    absl::StrAppend(&text, ", id ", packet.fragment_id, " at ", packet.fragment_offset,
                    packet.more_fragments ? " and more" : "");
  }
  if (packet.fragments != 1) absl::StrAppend(&text, ", of ", packet.fragments, " fragments");
  if (packet.vlan != kNoVlan) absl::StrAppend(&text, ", vlan ", packet.vlan);
  if (packet.tunnels != 0) absl::StrAppend(&text, ", tunnels ", packet.tunnels);
  return text;
}

// The packet in `bytes`, with a copy of them that ends where they do, so that AddressSanitizer sees
// a look beyond.
class Dissected {
 public:
  explicit Dissected(std::vector<uint8_t> bytes, uint32_t link_type = kLinkEthernet,
                     uint32_t wire_length = 0)
      : bytes_(std::move(bytes)) {
    Dissect({.link_type = link_type, .bytes = bytes_, .wire_length = wire_length}, &packet_);
  }
  Dissected(Dissected&&) = default;  // the bytes stay where they are

  const Packet& operator*() const { return packet_; }
  const Packet* operator->() const { return &packet_; }
  std::string Text() const { return PacketText(packet_); }

 private:
  std::vector<uint8_t> bytes_;
  Packet packet_;
};

}  // namespace dns_monitor
