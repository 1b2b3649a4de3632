// A frame of each kind that Dissect goes through, with what it finds there.
#pragma once

#include <string>
#include <vector>

#include "dns_monitor/packet/frame.h"
#include "support/packet_builder.h"

namespace dns_monitor {

struct PacketRow {
  std::string name;
  uint32_t link_type;
  PacketBuilder frame;
  std::string expected;  // PacketText
};

inline const std::string kQuery4 = "UDP 10.77.0.1:40000 > 10.77.0.53:53 ttl 64, 24 bytes";
inline const std::string kQuery6 = "UDP 2001:db8::1:40000 > 2001:db8::53:53 ttl 64, 24 bytes";

// Behind what `frame` has so far.
inline PacketBuilder With4(PacketBuilder frame) {
  return frame.Ipv4().Udp(40000, 53).Data(24);
}
inline PacketBuilder With6(PacketBuilder frame) {
  return frame.Ipv6().Udp(40000, 53).Data(24);
}

inline std::vector<PacketRow> LinkTypeRows() {
  using P = PacketBuilder;
  return {
      {"Ethernet", kLinkEthernet, With4(P().Ethernet()), kQuery4},
      {"Ethernet, IPv6", kLinkEthernet, With6(P().Ethernet()), kQuery6},
      {"802.2 with SNAP", kLinkEthernet, With4(P().Ethernet().Snap()), kQuery4},
      {"raw", kLinkRaw, With4(P()), kQuery4},
      {"raw, IPv6", kLinkRaw, With6(P()), kQuery6},
      {"raw, BSD", kLinkRawBsd, With4(P()), kQuery4},
      {"raw, OpenBSD", kLinkRawOpenBsd, With6(P()), kQuery6},
      {"only IPv4", kLinkIpv4, With4(P()), kQuery4},
      {"only IPv6", kLinkIpv6, With6(P()), kQuery6},
      {"cooked", kLinkSll, With4(P().Sll()), kQuery4},
      {"cooked, IPv6", kLinkSll, With6(P().Sll()), kQuery6},
      {"cooked, tagged", kLinkSll, With6(P().Sll().Vlan(9)), kQuery6 + ", vlan 9"},
      {"cooked, second version", kLinkSll2, With4(P().Sll2()), kQuery4},
      {"family, little-endian", kLinkNull, With4(P().Literal({2, 0, 0, 0})), kQuery4},
      {"family, big-endian", kLinkNull, With4(P().Literal({0, 0, 0, 2})), kQuery4},
      {"family of Linux", kLinkNull, With6(P().Literal({10, 0, 0, 0})), kQuery6},
      {"family of Windows", kLinkNull, With6(P().Literal({23, 0, 0, 0})), kQuery6},
      {"family of NetBSD", kLinkLoop, With6(P().Literal({0, 0, 0, 24})), kQuery6},
      {"family of FreeBSD", kLinkNull, With6(P().Literal({0, 0, 0, 28})), kQuery6},
      {"family of macOS", kLinkNull, With6(P().Literal({30, 0, 0, 0})), kQuery6},
      {"PPP", kLinkPpp, With4(P().Literal({0, 0x21})), kQuery4},
      {"PPP, short protocol", kLinkPpp, With4(P().Literal({0x21})), kQuery4},
      {"PPP in HDLC", kLinkPpp, With6(P().Literal({0xff, 3, 0, 0x57})), kQuery6},
      {"PPP, serial", kLinkPppSerial, With4(P().Literal({0xff, 3, 0, 0x21})), kQuery4},
      {"PPP, MPLS", kLinkPppSerial, With4(P().Literal({0xff, 3, 2, 0x81}).Mpls(7, true)), kQuery4},
      {"Cisco HDLC as PPP", kLinkPppSerial, With4(P().Literal({0x0f, 0, 8, 0})), kQuery4},
      {"Cisco HDLC", kLinkCiscoHdlc, With6(P().Literal({0x8f, 0, 0x86, 0xdd})), kQuery6},
      {"PPPoE", kLinkPppoe, With4(P().Pppoe().Literal({0, 0x21})), kQuery4},
  };
}

inline std::vector<PacketRow> TagRows() {
  using P = PacketBuilder;
  const auto eth = [] { return P().Ethernet(); };
  return {
      {"802.1Q", kLinkEthernet, With4(eth().Vlan(0xa005)), kQuery4 + ", vlan 5"},
      {"QinQ", kLinkEthernet, With4(eth().ServiceVlan(100).Vlan(5)), kQuery4 + ", vlan 100"},
      {"three tags", kLinkEthernet, With6(eth().Vlan(1, 0x9100).Vlan(2).Vlan(3)),
       kQuery6 + ", vlan 1"},
      {"MPLS", kLinkEthernet, With4(eth().Mpls(17, true)), kQuery4},
      {"MPLS, three labels", kLinkEthernet,
       With6(eth().Mpls(17, false).Mpls(18, false).Mpls(0, true)), kQuery6},
      {"MPLS, control word", kLinkEthernet,
       With4(eth().Mpls(17, true).Literal({0, 0, 0, 1}).Ethernet()), kQuery4},
      {"MPLS, Ethernet alone", kLinkEthernet, With4(eth().Mpls(17, true).Ethernet().Vlan(6)),
       kQuery4 + ", vlan 6"},
      {"PPPoE in a VLAN", kLinkEthernet, With6(eth().Vlan(7).Pppoe().Literal({0, 0x57})),
       kQuery6 + ", vlan 7"},
  };
}

inline std::vector<PacketRow> TunnelRows() {
  using P = PacketBuilder;
  const auto ip4 = [] { return P().Ethernet().Ipv4(); };
  const auto ip6 = [] { return P().Ethernet().Ipv6(); };
  const std::string once4 = kQuery4 + ", tunnels 1";
  const std::string once6 = kQuery6 + ", tunnels 1";
  return {
      {"IP in IP", kLinkEthernet, With4(ip4()), once4},
      {"6in4", kLinkEthernet, With6(ip4()), once6},
      {"4in6", kLinkEthernet, With4(ip6()), once4},
      {"6in6 in 4", kLinkEthernet, With6(ip4().Ipv6()), kQuery6 + ", tunnels 2"},
      {"MPLS in IP", kLinkEthernet, With4(ip4().Mpls(3, true)), once4},
      {"GRE", kLinkEthernet, With4(ip4().Gre()), once4},
      {"GRE, checksum", kLinkEthernet, With4(ip4().Gre(0x80)), once4},
      {"GRE, key", kLinkEthernet, With6(ip4().Gre(0x20)), once6},
      {"GRE, sequence", kLinkEthernet, With4(ip6().Gre(0x10)), once4},
      {"GRE, all fields", kLinkEthernet, With4(ip4().Gre(0xb0)), once4},
      {"GRE, Ethernet", kLinkEthernet, With4(ip4().Gre().Ethernet().Vlan(8)),
       kQuery4 + ", vlan 8, tunnels 1"},
      {"ERSPAN I", kLinkEthernet, With4(ip4().Gre().As(0x88be).Ethernet()), once4},
      {"ERSPAN II", kLinkEthernet,
       With4(ip4().Gre(0x10).As(0x88be).Literal(Bytes(8, 0x10)).Ethernet()), once4},
      {"ERSPAN III", kLinkEthernet,
       With4(ip4().Gre(0x10).As(0x22eb).Literal(Bytes(12, 0x20)).Ethernet()), once4},
      {"ERSPAN III, two headers", kLinkEthernet,
       With4(ip4().Gre(0x10).As(0x22eb).Literal(Bytes(20, 0x21)).Ethernet()), once4},
      {"VXLAN", kLinkEthernet, With4(ip4().Vxlan().Ethernet()), once4},
      {"VXLAN, IPv6", kLinkEthernet, With6(ip6().Vxlan().Ethernet()), once6},
      {"VXLAN behind a tag", kLinkEthernet, With6(P().Ethernet().Vlan(4).Ipv4().Vxlan().Ethernet()),
       kQuery6 + ", vlan 4, tunnels 1"},
      {"Geneve", kLinkEthernet, With4(ip4().Geneve()), once4},
      {"Geneve, options and Ethernet", kLinkEthernet, With6(ip4().Geneve(3).Ethernet()), once6},
      {"authentication header", kLinkEthernet, With4(ip4().Authentication()), once4},
  };
}

// What is between IP and transport, and other transports.
inline std::vector<PacketRow> IpRows() {
  using P = PacketBuilder;
  const auto ip4 = [] { return P().Ethernet().Ipv4(); };
  const auto ip6 = [] { return P().Ethernet().Ipv6(); };
  const auto query = [](P frame) { return frame.Udp(40000, 53).Data(24); };
  const std::string end4 = " 10.77.0.1:40000 > 10.77.0.53:53 ttl 64";
  const std::string hosts4 = " 10.77.0.1 > 10.77.0.53 ttl 64";
  const std::string hosts6 = " 2001:db8::1 > 2001:db8::53 ttl 64";
  return {
      {"options", kLinkEthernet, query(P().Ethernet().Ipv4({.option_words = 10})), kQuery4},
      {"AH", kLinkEthernet, query(ip4().Authentication()), kQuery4},
      {"AH of IPv6", kLinkEthernet, query(ip6().Authentication(4)), kQuery6},
      {"extensions", kLinkEthernet,
       query(ip6().HopByHop().Destination(1).Routing(2).Authentication().Mobility().Hip().Shim6()),
       kQuery6},
      {"atomic fragment", kLinkEthernet, query(ip6().Fragment(9, 0, false)), kQuery6},
      {"options behind an atomic fragment", kLinkEthernet,
       query(ip6().Fragment(9, 0, false).Destination()), kQuery6},
      {"TCP", kLinkEthernet, ip4().Tcp({.seq = 7, .ack = 8, .flags = 0x18}).Data(30),
       "TCP" + end4 + ", 30 bytes, seq 7 ack 8 flags 24"},
      {"TCP, options", kLinkEthernet, ip4().Tcp({.seq = 0xfffffffe, .option_words = 10}).Data(30),
       "TCP" + end4 + ", 30 bytes, seq 4294967294 ack 2 flags 24"},
      {"ICMP", kLinkEthernet, ip4().Icmp(3, 3).Data(28), "ICMP" + hosts4 + ", 36 bytes"},
      {"ICMPv6", kLinkEthernet, ip6().Icmp6(1, 4).Data(48), "ICMPv6" + hosts6 + ", 56 bytes"},
      {"first fragment", kLinkEthernet,
       P().Ethernet().Ipv4({.id = 7, .more = true}).Udp(40000, 53).Data(64),
       "fragment" + end4 + ", 72 bytes, id 7 at 0 and more"},
      {"last fragment", kLinkEthernet,
       P().Ethernet().Ipv4({.id = 7, .offset = 72}).As(IPPROTO_UDP).Data(9),
       "fragment" + hosts4 + ", 9 bytes, id 7 at 72"},
      {"fragment of IPv6", kLinkEthernet, ip6().Fragment(70000, 1232, true).As(17).Data(1232),
       "fragment" + hosts6 + ", 1232 bytes, id 70000 at 1232 and more"},
      {"other protocol", kLinkEthernet, ip4().As(132).Data(40),
       "other protocol" + hosts4 + ", 40 bytes"},
      {"ICMP of the other version", kLinkEthernet, ip4().As(58).Data(40),
       "other protocol" + hosts4 + ", 40 bytes"},
      {"nothing behind IPv6", kLinkEthernet, ip6().As(59).Data(4),
       "other protocol" + hosts6 + ", 4 bytes"},
      {"GRE of PPTP", kLinkEthernet, ip4().As(47).Literal({0x30, 1, 0x88, 0x0b, 1, 2, 3, 4}),
       "other protocol" + hosts4 + ", 8 bytes"},
      {"GRE of what is no network", kLinkEthernet, ip4().Gre().As(0x1234).Data(9),
       "other protocol" + hosts4 + ", 13 bytes"},
  };
}

inline std::vector<PacketRow> PacketRows() {
  std::vector<PacketRow> rows;
  for (auto&& some : {LinkTypeRows(), TagRows(), TunnelRows(), IpRows()}) {
    rows.insert(rows.end(), some.begin(), some.end());
  }
  return rows;
}

}  // namespace dns_monitor
