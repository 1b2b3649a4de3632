// One frame's way through its headers. Each function takes the header that it is named after off
// the front and goes on with what that names; the last one sets the packet's kind.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "dns_monitor/packet/packet.h"

namespace dns_monitor {

class Dissector {
 public:
  // `packet` is as a new one, or holds what is known of the layers further out.
  // `wire`: the length of `bytes` before the snap length clipped them.
  Dissector(absl::Span<const uint8_t> bytes, uint32_t wire, Packet* packet)
      : bytes_(bytes), wire_(wire), packet_(packet) {}

  void Link(uint32_t link_type);
  // IPv4 or IPv6, as the first bits say.
  void Ip();
  // What is behind an IP header, of the version that `packet` has: all of a datagram, none of the
  // link layer's.
  void IpPayload(uint8_t protocol);

 private:
  // ------------------------------------------------------------------ link layers (link.cc)
  void Ethernet();
  void EtherType(uint16_t type);
  void Llc();
  void Mpls();
  void Pseudowire();
  void Pppoe();
  void Ppp();
  void HdlcPpp();
  void CiscoHdlc();
  void AddressFamily();

  // ------------------------------------------------------------------------------ IP (ip.cc)
  void Ipv4();
  void Ipv6();
  void Ipv6Payload(uint8_t next);
  void Protocol(uint8_t protocol);
  // Takes the header off; its length is in words of `unit` bytes, beyond `more`. False at the end.
  bool Extension(size_t unit, size_t more, uint8_t* next);
  void Ipv6Fragment();
  void Authentication();
  bool EnterIp(uint8_t version, size_t address_bytes, const uint8_t* addresses);

  // ---------------------------------------------------------- what IP carries (transport.cc)
  void Udp();
  void Tcp();
  void Icmp(PacketKind kind);
  void Gre();
  void Erspan(size_t header_bytes);
  bool Vxlan();
  bool Geneve();
  void Fragment(uint8_t protocol);
  void Ports();

  // ---------------------------------------------------------------------------------- common
  bool Has(size_t bytes) const { return bytes_.size() >= bytes; }
  // Whether so many are there; else the packet ends here.
  bool Need(size_t bytes) {
    if (Has(bytes)) return true;
    // Within IP the headers say how much there should be.
    End(bounded_ && wire_ < bytes ? PacketKind::kMalformed : PacketKind::kTruncated);
    return false;
  }
  // Off the front; they are there.
  void Skip(size_t bytes) {
    bytes_.remove_prefix(bytes);
    wire_ -= static_cast<uint32_t>(bytes);
  }
  bool NeedAndSkip(size_t bytes) {
    if (!Need(bytes)) return false;
    Skip(bytes);
    return true;
  }
  // A header says that this is all.
  void CutTo(uint32_t bytes) {
    bytes_ = bytes_.subspan(0, bytes);
    wire_ = bytes;
    bounded_ = true;
  }
  // Whether one more header is bearable; else the packet ends here.
  bool Deeper() {
    if (++depth_ <= kMostHeaders) return true;
    End(PacketKind::kTooDeep);
    return false;
  }
  void End(PacketKind kind) { packet_->kind = kind; }
  void EndWithPayload(PacketKind kind) {
    packet_->kind = kind;
    packet_->payload = bytes_;
    packet_->payload_on_wire = wire_;
  }

  static constexpr int kMostHeaders = 32;
  static constexpr int kMostTunnels = 8;

  absl::Span<const uint8_t> bytes_;
  uint32_t wire_;         // never less than bytes_.size()
  bool bounded_ = false;  // wire_ is what a header said
  int depth_ = 0;
  Packet* packet_;
};

}  // namespace dns_monitor
