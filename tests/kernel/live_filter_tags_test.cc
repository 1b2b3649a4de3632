// The filter on real interfaces: VLAN tags, of which the kernel takes the outer one off what is
// received.
#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "kernel/live_network.h"
#include "kernel/live_rows.h"
#include "support/packet_builder.h"

namespace dns_monitor::live {
namespace {

// The kernel takes the outer tag off what is received; in the ring it is back.
const std::vector<Row>& TaggedRows() {
  static const std::vector<Row> rows = {
      {"no tag", Query(), kTaken},
      {"802.1Q", Eth().Vlan(5).Ipv4().Udp(40000, 53).Data(30), kTaken},
      {"802.1Q, IPv6", Eth().Vlan(5).Ipv6().Tcp(53, 40000).Data(30), kTaken},
      {"802.1Q, every bit of the tag", Eth().Vlan(0xffff).Ipv4().Udp(40000, 53), kTaken},
      {"802.1Q, drop eligible, VLAN 0", Eth().Vlan(0x1000).Ipv4().Udp(40000, 53), kTaken},
      {"802.1Q, VLAN 0", Eth().Vlan(0).Ipv4().Udp(40000, 53), kTaken},
      {"802.1ad", Eth().ServiceVlan(7).Ipv4().Udp(40000, 53).Data(30), kTaken},
      {"QinQ", Eth().ServiceVlan(7).Vlan(5).Ipv4().Udp(40000, 53).Data(30), kTaken},
      {"QinQ, IPv6, TCP", Eth().ServiceVlan(7).Vlan(5).Ipv6().Tcp(40000, 53), kTaken},
      {"QinQ of two 802.1Q", Eth().Vlan(6).Vlan(5).Ipv4().Udp(53, 40000), kTaken},
      {"other ports", Eth().Vlan(5).Ipv4().Udp(40000, 443).Data(30), kNotDns},
      {"QinQ, other ports", Eth().ServiceVlan(7).Vlan(5).Ipv6().Udp(40000, 443), kNotDns},
      {"ARP", Eth().Vlan(5).Arp(), kNotDns},
      {"ten tags",
       Eth()
           .Vlan(1)
           .Vlan(2)
           .Vlan(3)
           .Vlan(4)
           .Vlan(5)
           .Vlan(6)
           .Vlan(7)
           .Vlan(8)
           .Vlan(9)
           .Vlan(10)
           .Ipv4()
           .Udp(1, 53),
       kTags},
      {"first fragment", Eth().Vlan(5).Ipv4({.id = 3, .more = true}).Udp(53, 1).Data(96), kTaken},
      {"later fragment", Eth().Vlan(5).Ipv4({.id = 3, .offset = 104}).As(17).Data(96), kTaken},
      {"ICMP error", Eth().Vlan(5).Ipv4().Icmp(3, 3).Quote(PacketBuilder().Ipv4().Udp(1, 53)),
       kTaken},
      {"a full frame", Eth().Vlan(5).Ipv4().Udp(53, 40000).Data(1472), kTaken},
      {"ends within IP", Eth().Vlan(5).Ipv4().Udp(40000, 53).Cut(37), kTruncated},
      {"ends within the ports", Eth().Vlan(5).Ipv4().Udp(40000, 53).Cut(41), kTruncated},
      {"ends behind the ports", Eth().Vlan(5).Ipv4().Udp(40000, 53).Cut(42), kTaken},
  };
  return rows;
}

TEST(LiveFilter, ReceivedTagsAreWhereTheyWere) {
  const auto tap = LiveTap::Open(kRight);
  ASSERT_NE(tap, nullptr);
  RunRows(*tap, SendLeft, TaggedRows());
  // One tag is beside the data, two are in it; sent, all three are.
  const PacketBuilder three = Eth().ServiceVlan(7).Vlan(6).Vlan(5).Ipv4().Udp(40000, 53).Data(9);
  const PacketBuilder four = Eth().Vlan(8).Vlan(7).Vlan(6).Vlan(5).Ipv4().Udp(40000, 53).Data(9);
  RunRows(*tap, SendLeft, {{"three tags", three, kTaken}, {"four tags", four, kTags}});
}

TEST(LiveFilter, SentTagsAreWhereTheyWere) {
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  RunRows(*tap, SendLeft, TaggedRows());
  const PacketBuilder three = Eth().ServiceVlan(7).Vlan(6).Vlan(5).Ipv4().Udp(40000, 53).Data(9);
  RunRows(*tap, SendLeft, {{"three tags", three, kTags}});
}

TEST(LiveFilter, TheSnapLengthCountsTheTag) {
  for (const uint32_t snaplen : {64u, 67u, 96u}) {
    SCOPED_TRACE(snaplen);
    const auto tap = LiveTap::Open(kRight, {.snaplen = snaplen});
    ASSERT_NE(tap, nullptr);
    const auto tagged = [](size_t bytes) {
      return Eth().Vlan(5).Ipv4().Udp(40000, 53).Data(bytes - 14 - 4 - 20 - 8);
    };
    const auto service = Eth().ServiceVlan(7).Vlan(5).Ipv6().Udp(40000, 53).Data(400);
    const std::vector<Row> rows = {{"shorter", tagged(snaplen - 1), kTaken},
                                   {"exact", tagged(snaplen), kTaken},
                                   {"the tag makes it longer", tagged(snaplen + 4), kClipped},
                                   {"one byte longer", tagged(snaplen + 1), kClipped},
                                   {"much longer", tagged(1400), kClipped},
                                   {"QinQ", service, kClipped}};
    RunRows(*tap, SendLeft, rows, snaplen);
  }
}

// Anywhere within addresses, tag and what follows: the frames are kept as far as that.
TEST(LiveFilter, ASnapLengthBeforeWithinAndBehindTheTag) {
  for (const uint32_t snaplen : {1u, 11u, 12u, 13u, 15u, 16u, 17u, 18u, 31u, 33u}) {
    SCOPED_TRACE(snaplen);
    const auto tap = LiveTap::Open(kRight, {.snaplen = snaplen});
    ASSERT_NE(tap, nullptr);
    RunRows(*tap, SendLeft,
            {{"tagged", Eth().Vlan(5).Ipv4().Udp(40000, 53).Data(40), kClipped},
             {"QinQ", Eth().ServiceVlan(7).Vlan(5).Ipv6().Udp(40000, 53).Data(9), kClipped},
             {"without a tag", Eth().Ipv4().Udp(40000, 53).Data(40), kClipped}},
            snaplen);
  }
}

}  // namespace
}  // namespace dns_monitor::live
