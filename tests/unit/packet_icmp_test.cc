#include <gtest/gtest.h>

#include "dns_monitor/packet/icmp.h"
#include "support/packet_builder.h"
#include "support/packet_text.h"

namespace dns_monitor {
namespace {

using P = PacketBuilder;

P Icmp4(Bytes header) {
  return P().Ethernet().Ipv4().As(IPPROTO_ICMP).Literal(std::move(header));
}
P Icmp6(Bytes header) {
  return P().Ethernet().Ipv6().As(IPPROTO_ICMPV6).Literal(std::move(header));
}
P Query4() {
  return P().Ipv4().Udp(40000, 53).Data(24);
}
P Query6() {
  return P().Ipv6().Udp(40000, 53).Data(24);
}

// All that there is to say.
std::string Text(const IcmpView& view, int ip_version) {
  std::string text = absl::StrCat(view.type_name, "/", view.code_name);
  if (view.has_identifier) {
    absl::StrAppend(&text, " identifier ", view.identifier, " sequence ", view.sequence);
  }
  if (view.has_mtu) absl::StrAppend(&text, " mtu ", view.mtu);
  if (view.has_pointer) absl::StrAppend(&text, " pointer ", view.pointer);
  if (view.has_gateway) {
    absl::StrAppend(&text, " gateway ",
                    AddressText(static_cast<uint8_t>(ip_version), view.gateway));
  }
  if (view.is_error) absl::StrAppend(&text, ": ", PacketText(view.quoted));
  return text;
}

std::string TextOf(const Bytes& frame) {
  const Dissected packet(frame);
  IcmpView view;
  if (!ViewIcmp(*packet, &view)) return "no ICMP";
  return Text(view, packet->ip_version);
}

TEST(IcmpTest, TellsWhatMessagesSay) {
  const struct {
    P frame;
    const char* expected;
  } rows[] = {
      {Icmp4({8, 0, 0, 0, 1, 2, 3, 4}).Data(20), "echo/ identifier 258 sequence 772"},
      {Icmp4({0, 0, 0, 0, 1, 2, 3, 4}).Data(20), "echo reply/ identifier 258 sequence 772"},
      {Icmp4({3, 3, 0, 0, 0, 0, 0, 0}).Quote(Query4()),
       "destination unreachable/port unreachable: "
       "UDP 10.77.0.1:40000 > 10.77.0.53:53 ttl 64, 24 bytes"},
      {Icmp4({3, 4, 0, 0, 0, 0, 5, 0}).Quote(Query4()),
       "destination unreachable/fragmentation needed and don't fragment was set mtu 1280: "
       "UDP 10.77.0.1:40000 > 10.77.0.53:53 ttl 64, 24 bytes"},
      {Icmp4({5, 1, 0, 0, 192, 0, 2, 9}).Quote(Query4()),
       "redirect/redirect datagram for the host gateway 192.0.2.9: "
       "UDP 10.77.0.1:40000 > 10.77.0.53:53 ttl 64, 24 bytes"},
      {Icmp4({12, 0, 0, 0, 20, 0, 0, 0}).Quote(Query4()),
       "parameter problem/pointer indicates the error pointer 20: "
       "UDP 10.77.0.1:40000 > 10.77.0.53:53 ttl 64, 24 bytes"},
      {Icmp4({11, 0, 0, 0, 0, 0, 0, 0}).Quote(P().Ipv4().Tcp({.seq = 9}).Data(9)),
       "time exceeded/time to live exceeded in transit: TCP 10.77.0.1:40000 > 10.77.0.53:53 "
       "ttl 64, 9 bytes, seq 9 ack 2 flags 24"},
      {Icmp4({200, 7, 0, 0, 0, 0, 0, 0}), "/"},
      {Icmp6({128, 0, 0, 0, 0, 9, 0, 1}), "echo request/ identifier 9 sequence 1"},
      {Icmp6({1, 4, 0, 0, 0, 0, 0, 0}).Quote(Query6()),
       "destination unreachable/port unreachable: "
       "UDP 2001:db8::1:40000 > 2001:db8::53:53 ttl 64, 24 bytes"},
      {Icmp6({2, 0, 0, 0, 0, 0, 5, 0}).Quote(Query6()),
       "packet too big/ mtu 1280: UDP 2001:db8::1:40000 > 2001:db8::53:53 ttl 64, 24 bytes"},
      {Icmp6({4, 1, 0, 0, 0, 0, 0, 40}).Quote(Query6()),
       "parameter problem/unrecognized next header type encountered pointer 40: "
       "UDP 2001:db8::1:40000 > 2001:db8::53:53 ttl 64, 24 bytes"},
      {Icmp6({137, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}),
       "redirect message/ gateway fe80::1"},
  };
  for (const auto& row : rows) EXPECT_EQ(TextOf(row.frame), row.expected);
}

// RFC 792 has errors quote eight bytes behind IP's header: ports, but not all of TCP's.
TEST(IcmpTest, TellsWhatAQuoteHas) {
  const Bytes header = {3, 3, 0, 0, 0, 0, 0, 0};
  const std::string error = "destination unreachable/port unreachable: ";
  EXPECT_EQ(TextOf(Icmp4(header).Quote(Query4(), 28)),
            error + "UDP 10.77.0.1:40000 > 10.77.0.53:53 ttl 64, 0 of 24 bytes");
  EXPECT_EQ(TextOf(Icmp4(header).Quote(P().Ipv4().Tcp(53, 40000).Data(9), 28)),
            error + "truncated 10.77.0.1:53 > 10.77.0.53:40000 ttl 64");
  EXPECT_EQ(TextOf(Icmp4(header).Quote(Query4(), 22)),
            error + "truncated 10.77.0.1 > 10.77.0.53 ttl 64");
  EXPECT_EQ(TextOf(Icmp4(header).Quote(Query4(), 19)), error + "truncated");
  EXPECT_EQ(TextOf(Icmp4(header)), error + "truncated");
  EXPECT_EQ(
      TextOf(Icmp4(header).Quote(P().Ipv4({.id = 4, .more = true}).Udp(53, 9).Data(64), 28)),
      error + "fragment 10.77.0.1:53 > 10.77.0.53:9 ttl 64, 8 of 72 bytes, id 4 at 0 and more");
  EXPECT_EQ(TextOf(Icmp4(header).Literal({0, 0, 0, 0})), error + "not IP");
}

// RFC 4884: extensions follow what is quoted.
TEST(IcmpTest, LeavesExtensionsOut) {
  EXPECT_EQ(TextOf(Icmp4({11, 0, 0, 0, 0, 8, 0, 0}).Quote(Query4(), 32).Data(12)),
            "time exceeded/time to live exceeded in transit: "
            "UDP 10.77.0.1:40000 > 10.77.0.53:53 ttl 64, 4 of 24 bytes");
  EXPECT_EQ(TextOf(Icmp6({3, 0, 0, 0, 7, 0, 0, 0}).Quote(Query6(), 56).Data(12)),
            "time exceeded/hop limit exceeded in transit: "
            "UDP 2001:db8::1:40000 > 2001:db8::53:53 ttl 64, 8 of 24 bytes");
  EXPECT_EQ(TextOf(Icmp4({11, 0, 0, 0, 0, 255, 0, 0}).Quote(Query4())),
            "time exceeded/time to live exceeded in transit: "
            "UDP 10.77.0.1:40000 > 10.77.0.53:53 ttl 64, 24 bytes");
}

TEST(IcmpTest, TellsWhatIsClipped) {
  const Bytes whole = Icmp4({3, 3, 0, 0, 0, 0, 0, 0}).Quote(Query4());
  const auto wire = static_cast<uint32_t>(whole.size());
  for (size_t captured = 0; captured <= whole.size(); ++captured) {
    const Dissected packet({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(captured)},
                           kLinkEthernet, wire);
    IcmpView view;
    ASSERT_EQ(ViewIcmp(*packet, &view), captured >= 38) << captured;
    if (captured < 38) continue;
    EXPECT_EQ(view.type_name, "destination unreachable");
    EXPECT_EQ(view.quoted.has_ports, captured >= 66) << captured;
    EXPECT_EQ(view.quoted.kind, captured >= 70 ? PacketKind::kUdp : PacketKind::kTruncated);
  }
}

TEST(IcmpTest, ViewsNothingElse) {
  EXPECT_EQ(TextOf(P().Ethernet().Ipv4().Udp(1, 53).Data(9)), "no ICMP");
  EXPECT_EQ(TextOf(P().Ethernet().Arp()), "no ICMP");
}

}  // namespace
}  // namespace dns_monitor
