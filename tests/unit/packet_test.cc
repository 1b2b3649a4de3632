#include "dns_monitor/packet/packet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "support/packet_rows.h"
#include "support/packet_text.h"

namespace dns_monitor {
namespace {

void ExpectRows(const std::vector<PacketRow>& rows) {
  for (const PacketRow& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(Dissected(row.frame, row.link_type).Text(), row.expected);
  }
}

TEST(PacketTest, KnowsLinkTypes) {
  ExpectRows(LinkTypeRows());
}
TEST(PacketTest, GoesThroughTags) {
  ExpectRows(TagRows());
}
TEST(PacketTest, GoesThroughTunnels) {
  ExpectRows(TunnelRows());
}
TEST(PacketTest, KnowsWhatIpCarries) {
  ExpectRows(IpRows());
}

// Wherever the snap length clips a frame: either its headers are whole, and all but the payload is
// as it would be, or it is truncated.
TEST(PacketTest, TellsWhatIsTruncated) {
  for (const PacketRow& row : PacketRows()) {
    const Bytes bytes = row.frame.Build();
    const auto wire = static_cast<uint32_t>(bytes.size());
    const Dissected whole(bytes, row.link_type);
    const size_t headers = bytes.size() - whole->payload.size();
    for (size_t captured = 0; captured < bytes.size(); ++captured) {
      SCOPED_TRACE(absl::StrCat(row.name, ", ", captured, " bytes"));
      const Dissected cut({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(captured)},
                          row.link_type, wire);
      if (cut->kind == PacketKind::kTruncated) {
        EXPECT_TRUE(cut->payload.empty());
        continue;
      }
      EXPECT_EQ(cut->kind, whole->kind);
      ASSERT_GE(captured, headers);
      EXPECT_EQ(cut->payload.size(), captured - headers);
      EXPECT_EQ(cut->payload_on_wire, whole->payload_on_wire);
    }
  }
}

TEST(PacketTest, LeavesTheLinkLayersPaddingOut) {
  using P = PacketBuilder;
  for (const PacketRow& row : std::vector<PacketRow>{
           {"UDP", kLinkEthernet, P().Ethernet().Ipv4().Udp(40000, 53).Data(3),
            "UDP 10.77.0.1:40000 > 10.77.0.53:53 ttl 64, 3 bytes"},
           {"TCP", kLinkEthernet, P().Ethernet().Ipv4().Tcp({.flags = kTcpAck}),
            "TCP 10.77.0.1:40000 > 10.77.0.53:53 ttl 64, seq 1 ack 2 flags 16"},
           {"a fragment", kLinkEthernet, P().Ethernet().Ipv4({.offset = 8}).As(17).Data(3),
            "fragment 10.77.0.1 > 10.77.0.53 ttl 64, 3 bytes, id 1 at 8"},
           {"PPPoE", kLinkEthernet, P().Ethernet().Pppoe().Literal({0, 0x57, 0x60}), "malformed"},
       }) {
    PacketBuilder frame = row.frame;
    EXPECT_EQ(Dissected(frame.Pad(100)).Text(), row.expected) << row.name;
  }
}

// Two lengths say how long a datagram is.
TEST(PacketTest, TakesTheShorterOfUdpsAndIpsLength) {
  const auto text = [](uint8_t udp_bytes, bool tagged) {
    PacketBuilder frame = PacketBuilder().Ethernet();
    if (tagged) frame.Vlan(1);
    Bytes bytes = frame.Ipv4().Udp(40000, 53).Data(24);
    bytes[bytes.size() - 24 - 3] = udp_bytes;
    const Dissected packet(bytes);
    return absl::StrCat(PacketKindName(packet->kind), " ", packet->payload_on_wire);
  };
  for (const bool tagged : {false, true}) {
    EXPECT_EQ(text(32, tagged), "UDP 24");
    EXPECT_EQ(text(20, tagged), "UDP 12");
    EXPECT_EQ(text(8, tagged), "UDP 0");
    EXPECT_EQ(text(200, tagged), "UDP 24");
    EXPECT_EQ(text(0, tagged), "UDP 24");
    EXPECT_EQ(text(7, tagged), "malformed 0");
  }
}

// As they look where the network card is to split them: IP's length is zero, or UDP's.
TEST(PacketTest, TakesWhatHasNoLengthToItsEnd) {
  Bytes tcp = PacketBuilder().Ethernet().Ipv4().Tcp({.flags = kTcpAck}).Data(3000);
  tcp[16] = tcp[17] = 0;
  EXPECT_EQ(Dissected(tcp)->payload.size(), 3000u);
  EXPECT_EQ(Dissected(tcp, kLinkEthernet, 5054)->payload_on_wire, 5000u);
  Bytes tcp6 = PacketBuilder().Ethernet().Ipv6().Tcp({.flags = kTcpAck}).Data(3000);
  tcp6[18] = tcp6[19] = 0;
  EXPECT_EQ(Dissected(tcp6)->payload.size(), 3000u);
  Bytes udp6 = PacketBuilder().Ethernet().Ipv6().Udp(53, 40000).Data(3000);
  udp6[18] = udp6[19] = udp6[58] = udp6[59] = 0;
  EXPECT_EQ(Dissected(udp6)->payload.size(), 3000u);
}

TEST(PacketTest, TellsWhatIsMalformed) {
  using P = PacketBuilder;
  const auto bytes_at = [](const P& frame, size_t at, Bytes bytes) {
    Bytes built = frame;
    std::copy(bytes.begin(), bytes.end(), built.begin() + static_cast<ptrdiff_t>(at));
    return built;
  };
  const P query4 = With4(P().Ethernet());
  const P query6 = With6(P().Ethernet());
  const struct {
    const char* name;
    Bytes frame;
  } rows[] = {
      {"IPv6 as IPv4", P().Ethernet().Ipv4({.version = 6}).Udp(1, 53)},
      {"IPv4 as IPv6", P().Ethernet().Ipv6({.version = 4}).Udp(1, 53)},
      {"IPv4 header too short", P().Ethernet().Ipv4({.header_words = 4}).Udp(1, 53)},
      {"IPv4 header longer than all", P().Ethernet().Ipv4({.header_words = 15}).Udp(1, 53)},
      {"total length below the header's", bytes_at(query4, 16, {0, 19})},
      {"total length leaves no room for UDP", bytes_at(query4, 16, {0, 27})},
      {"total length leaves no room for TCP", bytes_at(P().Ethernet().Ipv4().Tcp({}), 16, {0, 39})},
      {"TCP header too short", bytes_at(P().Ethernet().Ipv4().Tcp({}), 46, {0x40})},
      {"TCP header longer than all", bytes_at(P().Ethernet().Ipv4().Tcp({}), 46, {0x60})},
      {"UDP shorter than its header", bytes_at(query4, 38, {0, 7})},
      {"payload length leaves no room for UDP", bytes_at(query6, 18, {0, 7})},
      {"extension longer than all",
       bytes_at(P().Ethernet().Ipv6().Destination().Udp(1, 53), 55, {1})},
      {"jumbogram", bytes_at(P().Ethernet().Ipv6().HopByHop().Udp(1, 53), 18, {0, 0})},
      {"ICMP of three bytes", P().Ethernet().Ipv4().As(1).Data(3)},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Dissected(row.frame)->kind, PacketKind::kMalformed) << row.name;
  }
}

TEST(PacketTest, TellsWhatIsNotIp) {
  using P = PacketBuilder;
  const struct {
    const char* name;
    uint32_t link_type;
    Bytes frame;
    int ether_type;
  } rows[] = {
      {"ARP", kLinkEthernet, P().Ethernet().Arp(), 0x0806},
      {"ARP in a VLAN", kLinkEthernet, P().Ethernet().Vlan(5).Arp(), 0x0806},
      {"spanning tree", kLinkEthernet,
       P().Ethernet().As(38).Literal({0x42, 0x42, 3, 0, 0, 0, 0, 0}), 38},
      {"PPPoE discovery", kLinkEthernet, P().Ethernet().As(0x8863).Data(20), 0x8863},
      {"neither IPv4 nor IPv6", kLinkRaw, Bytes{0x50, 0, 0, 0}, 0},
      {"PPP's own", kLinkPpp, Bytes{0xff, 3, 0xc0, 0x21}, 0},
      {"another family", kLinkNull, Bytes{7, 0, 0, 0}, 0},
      {"labels in front of noise", kLinkEthernet,
       P().Ethernet().Mpls(3, true).Literal(Bytes(40, 0x99)), 0x8847},
  };
  for (const auto& row : rows) {
    const Dissected packet(row.frame, row.link_type);
    EXPECT_EQ(packet->kind, PacketKind::kNotIp) << row.name;
    EXPECT_EQ(packet->ether_type, row.ether_type) << row.name;
  }
  EXPECT_EQ(Dissected(With4(P()), 127)->kind, PacketKind::kUnknownLink);
}

TEST(PacketTest, GoesDownOnlySoFar) {
  using P = PacketBuilder;
  P tags = P().Ethernet(), labels = tags, tunnels = tags, extensions = tags;
  for (int i = 0; i < 200; ++i) tags.Vlan(1);
  for (int i = 0; i < 200; ++i) labels.Mpls(1, false);
  for (int i = 0; i < 200; ++i) tunnels.Ipv4();
  extensions.Ipv6();
  for (int i = 0; i < 200; ++i) extensions.Destination();
  for (const P& frame : {tags, labels, tunnels, extensions}) {
    EXPECT_EQ(Dissected(With4(frame))->kind, PacketKind::kTooDeep);
  }
  P eight = P().Ethernet();
  for (int i = 0; i < 8; ++i) eight.Ipv4().Gre().Ethernet();
  EXPECT_EQ(Dissected(With4(eight)).Text(), kQuery4 + ", tunnels 8");
}

// A response to a client whose port is that of a tunnel.
TEST(PacketTest, TakesDnsToATunnelsPortForDns) {
  const Bytes response = {8, 0, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0};
  for (const uint16_t port : std::initializer_list<uint16_t>{4789, 6081}) {
    const Dissected packet(
        PacketBuilder().Ethernet().Ipv4().Udp(53, port).Literal(response).Build());
    EXPECT_EQ(packet->kind, PacketKind::kUdp);
    EXPECT_EQ(packet->destination_port, port);
    EXPECT_EQ(packet->payload.size(), response.size());
  }
}

// Plain frames are taken apart in a way of their own: whatever is wrong with one, this must find
// what the other way does, which raw IP takes.
TEST(PacketTest, FindsTheSameEitherWay) {
  std::mt19937 random(7);
  for (const PacketBuilder& frame :
       {With4(PacketBuilder().Ethernet()), With6(PacketBuilder().Ethernet())}) {
    const Bytes good = frame;
    const bool is_ipv4 = good[12] == 8;
    for (int round = 0; round < 20'000; ++round) {
      Bytes bytes = good;
      for (auto i = random() % 3; i > 0; --i) {
        bytes[14 + random() % (bytes.size() - 14)] = static_cast<uint8_t>(random());
      }
      if (random() % 4 == 0) bytes.resize(14 + random() % (bytes.size() - 14));
      const Dissected one(bytes);
      const Dissected other({bytes.begin() + 14, bytes.end()}, is_ipv4 ? kLinkIpv4 : kLinkIpv6);
      ASSERT_EQ(one.Text(), other.Text());
      ASSERT_EQ(one->protocol, other->protocol);
    }
  }
}

TEST(PacketTest, NamesKinds) {
  for (int kind = 0; kind < kPacketKinds; ++kind) {
    EXPECT_FALSE(PacketKindName(static_cast<PacketKind>(kind)).empty()) << kind;
  }
  EXPECT_EQ(PacketKindName(static_cast<PacketKind>(kPacketKinds)), "");
}

}  // namespace
}  // namespace dns_monitor
