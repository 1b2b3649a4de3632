// The filter on real interfaces: what a test run (packet_table_test.cc) cannot show. Each test is
// in a network namespace of its own. Here, its verdicts: on frames that end anywhere, of one
// direction, without an Ethernet header, or that the user has a filter for.
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernel/live_network.h"
#include "kernel/live_rows.h"
#include "support/packet_builder.h"

namespace dns_monitor::live {
namespace {

// -------------------------------------------------------------------------------- short frames

TEST(LiveFilter, FramesThatEndAnywhere) {
  const auto tap = LiveTap::Open(kRight);
  ASSERT_NE(tap, nullptr);
  const PacketBuilder quote4 = PacketBuilder().Ipv4().Udp(40000, 53).Data(8);
  const struct {
    std::string name;
    Bytes frame;
    size_t decided;      // as long as this, its verdict is the last one
    size_t quoting = 0;  // as long as this, it is an ICMP error; 0: is none
    const char* verdict = kTaken;
  } kinds[] = {
      {"UDP IPv4", Query(18), 38},
      {"TCP IPv4", Eth4().Tcp(53, 40000), 38},
      {"UDP IPv6", Eth().Ipv6().Udp(40000, 53), 58},
      {"options", Eth4({.option_words = 4}).Udp(40000, 53), 54},
      {"extensions", Eth().Ipv6().HopByHop().Authentication().Udp(40000, 53), 90},
      {"fragment", Eth().Ipv6().Fragment(9, 0, true).Udp(40000, 53), 66},
      {"ICMP error", Eth4().Icmp(3, 3).Quote(quote4), 66, 38},
      {"other ports", Eth4().Udp(40000, 443).Data(18), 38, 0, kNotDns},
      {"ARP", Eth().Arp().Pad(60), 14, 0, kNotDns},
  };
  for (const auto& kind : kinds) {
    std::vector<Row> rows;
    // An AF_PACKET socket does not send an Ethernet header alone.
    for (size_t length = 15; length <= kind.frame.size(); ++length) {
      const Bytes cut(kind.frame.begin(), kind.frame.begin() + static_cast<ptrdiff_t>(length));
      const bool quotes = kind.quoting != 0 && length >= kind.quoting;
      const char* before = quotes ? kQuote : kTruncated;
      rows.push_back({absl::StrCat(kind.name, ", cut to ", length), cut,
                      length < kind.decided ? before : kind.verdict});
    }
    RunRows(*tap, SendLeft, rows);
  }
}

// ------------------------------------------------------------------------------------ direction

TEST(LiveFilter, BothDirections) {
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  const std::vector<Row> rows = {{"query", Query(), kTaken},
                                 {"others", Eth4().Udp(1, 2), kNotDns},
                                 {"first fragment", First4(1, 53, 40000), kTaken},
                                 {"later fragment", Later4(1), kTaken}};
  RunRows(*tap, SendLeft, rows);
  RunRows(*tap, SendRight, rows);
}

TEST(LiveFilter, OnlyIncoming) {
  const auto tap = LiveTap::Open(kLeft, {.direction = Direction::kIn});
  ASSERT_NE(tap, nullptr);
  SendLeft(Query());  // does not even reach the filter: the next one is the first that is seen
  RunRows(*tap, SendRight,
          {{"query", Query(), kTaken},
           {"others", Eth4().Udp(1, 2), kNotDns},
           {"first fragment", First4(1, 53, 40000), kTaken},
           {"later fragment", Later4(1), kTaken}});
}

TEST(LiveFilter, OnlyOutgoing) {
  const auto tap = LiveTap::Open(kLeft, {.direction = Direction::kOut});
  ASSERT_NE(tap, nullptr);
  RunRows(*tap, SendRight,
          {{"received: query", Query(), kFiltered},
           {"received: others", Eth4().Udp(1, 2), kNotDns},
           {"received: first fragment", First4(1, 53, 40000), kFiltered},
           {"received: later fragment", Later4(1), kFiltered}});
  RunRows(*tap, SendLeft,
          {{"sent: query", Query(), kTaken},
           {"sent: others", Eth4().Udp(1, 2), kNotDns},
           {"sent: first fragment", First4(2, 53, 40000), kTaken},
           {"sent: later fragment", Later4(2), kTaken}});
}

// ------------------------------------------------------------------------------------- raw IP

TEST(LiveFilter, RawIpOfATunDevice) {
  const auto tap = LiveTap::Open(kTun);
  ASSERT_NE(tap, nullptr);
  const PacketBuilder query4 = PacketBuilder().Ipv4().Udp(40000, 53).Data(24);
  const PacketBuilder query6 = PacketBuilder().Ipv6().Udp(40000, 53).Data(24);
  const std::vector<Row> rows = {
      {"UDP IPv4", query4, kTaken},
      {"UDP IPv6", query6, kTaken},
      {"TCP IPv4", PacketBuilder().Ipv4().Tcp(53, 40000).Data(900), kTaken},
      {"TCP IPv6, extensions", PacketBuilder().Ipv6().HopByHop(1).Destination().Tcp(40000, 53),
       kTaken},
      {"options", PacketBuilder().Ipv4({.option_words = 10}).Udp(40000, 53), kTaken},
      {"other ports, IPv4", PacketBuilder().Ipv4().Udp(40000, 443).Data(24), kNotDns},
      {"other ports, IPv6", PacketBuilder().Ipv6().Udp(40000, 443).Data(24), kNotDns},
      {"ICMP error", PacketBuilder().Ipv4().Icmp(3, 3).Quote(query4), kTaken},
      {"ICMPv6 error", PacketBuilder().Ipv6().Icmp6(1, 4).Quote(query6), kTaken},
      {"later fragment before", PacketBuilder().Ipv4({.id = 5, .offset = 104}).As(17).Data(50),
       kFragment},
      {"first fragment", PacketBuilder().Ipv4({.id = 5, .more = true}).Udp(53, 1).Data(96), kTaken},
      {"later fragment", PacketBuilder().Ipv4({.id = 5, .offset = 104}).As(17).Data(50), kTaken},
      {"first fragment, IPv6", PacketBuilder().Ipv6().Fragment(5, 0, true).Udp(53, 1).Data(96),
       kTaken},
      {"later fragment, IPv6", PacketBuilder().Ipv6().Fragment(5, 104, false).As(17).Data(96),
       kTaken},
      {"ends within IPv4", PacketBuilder(query4).Cut(19), kTruncated},
      {"ends within the ports", PacketBuilder(query6).Cut(43), kTruncated},
      {"one byte", PacketBuilder(query4).Cut(1), kTruncated},
  };
  RunRows(*tap, ReceiveOnTun, rows);
  const auto send = [](const Bytes& packet) { SendFrom(kTun, packet); };
  RunRows(*tap, send,
          {{"sent: IPv4", query4, kTaken},
           {"sent: IPv6", query6, kTaken},
           {"sent: others", PacketBuilder().Ipv4().Udp(1, 2).Data(24), kNotDns}});
}

// ----------------------------------------------------------------------------- the user's filter

// libpcap's "port" does not look behind the fragment header of IPv6.
constexpr char kAnswers[] = "src port 53 or (ip6[6] = 44 and ip6[48:2] = 53)";

TEST(LiveFilter, TheUsersNoIsCountedAndHoldsForLaterFragments) {
  const auto tap = LiveTap::Open(kRight, {.filter = kAnswers});
  ASSERT_NE(tap, nullptr);
  const auto first6 = [](uint32_t id, uint16_t from) {
    return Eth().Ipv6().Fragment(id, 0, true).Udp(from, 53).Data(96);
  };
  const auto later6 = [](uint32_t id) {
    return Eth().Ipv6().Fragment(id, 104, false).As(IPPROTO_UDP).Data(50);
  };
  const auto tagged = [](const PacketBuilder::Ipv4Fields& ip) {
    return Eth().ServiceVlan(7).Vlan(5).Ipv4(ip);
  };
  RunRows(
      *tap, SendLeft,
      {{"answer", Eth4().Udp(53, 40000).Data(60), kTaken},
       {"query", Query(), kFiltered},
       {"query over TCP, IPv6", Eth().Ipv6().Tcp(40000, 53), kFiltered},
       {"others", Eth4().Udp(40000, 443), kNotDns},
       {"not IP", Eth().Arp(), kNotDns},
       {"unknown", Eth4().Udp(53, 53).Cut(36), kTruncated},
       {"a whole answer leaves nothing", Later4(1), kFragment},
       {"answer: first fragment", First4(1, 53, 40000), kTaken},
       {"answer: later fragment, without ports", Later4(1), kTaken},
       {"query: first fragment", First4(2, 40000, 53), kFiltered},
       {"query: later fragment", Later4(2), kFiltered},
       {"others: first fragment", First4(3, 40000, 443), kNotDns},
       {"others: later fragment", Later4(3), kNotDns},
       {"later fragment of nothing", Later4(4), kFragment},
       {"answer, IPv6: first fragment", first6(1, 53), kTaken},
       {"answer, IPv6: later fragment", later6(1), kTaken},
       {"query, IPv6: first fragment", first6(2, 40000), kFiltered},
       {"query, IPv6: later fragment", later6(2), kFiltered},
       {"two tags, \"src port\" does not look behind them", tagged({.id = 9}).Udp(53, 1),
        kFiltered},
       {"two tags: first fragment", tagged({.id = 9, .more = true}).Udp(53, 1).Data(8), kFiltered},
       {"two tags: later fragment", tagged({.id = 9, .offset = 16}).As(17).Data(8), kFiltered}});
}

TEST(LiveFilter, TheUsersFilterSeesTheTagThatTheKernelTook) {
  const auto tap = LiveTap::Open(kRight, {.filter = "vlan 5 and udp"});
  ASSERT_NE(tap, nullptr);
  const auto tagged = [](uint16_t id, const PacketBuilder::Ipv4Fields& ip = {}) {
    return Eth().Vlan(id).Ipv4(ip);
  };
  RunRows(*tap, SendLeft,
          {{"VLAN 5", tagged(5).Udp(40000, 53), kTaken},
           {"VLAN 6", tagged(6).Udp(40000, 53), kFiltered},
           {"VLAN 5, TCP", tagged(5).Tcp(40000, 53), kFiltered},
           {"no tag", Query(), kFiltered},
           {"VLAN 5, others", tagged(5).Udp(40000, 443), kNotDns},
           {"first fragment", tagged(5, {.id = 7, .more = true}).Udp(53, 1).Data(96), kTaken},
           {"later fragment", tagged(5, {.id = 7, .offset = 104}).As(17).Data(50), kTaken}});
}

// As on a trunk: the same packet comes by one VLAN, goes on by another, each time with a first
// fragment of its own, and the user wants one of them.
TEST(LiveFilter, LaterFragmentsFollowTheFirstOneOfTheirVlan) {
  const auto tap = LiveTap::Open(kRight, {.filter = "vlan 10"});
  ASSERT_NE(tap, nullptr);
  const auto by = [](uint16_t outer, uint16_t inner, const PacketBuilder::Ipv4Fields& ip) {
    PacketBuilder packet = Eth().Vlan(outer);
    if (inner != 0) packet = packet.Vlan(inner);
    return packet.Ipv4(ip);
  };
  const PacketBuilder::Ipv4Fields first = {.id = 7, .more = true};
  const PacketBuilder::Ipv4Fields later = {.id = 7, .offset = 104};
  RunRows(*tap, SendLeft,
          {{"VLAN 10, first", by(10, 0, first).Udp(53, 1).Data(96), kTaken},
           {"VLAN 20, first", by(20, 0, first).Udp(53, 1).Data(96), kFiltered},
           {"VLAN 10, later", by(10, 0, later).As(17).Data(50), kTaken},
           {"VLAN 20, later", by(20, 0, later).As(17).Data(50), kFiltered},
           {"no VLAN, later", Eth4(later).As(17).Data(50), kFragment},
           {"VLAN 10 within VLAN 10: another", by(10, 10, later).As(17).Data(50), kFragment}});
}

TEST(LiveFilter, LaterFragmentsFollowTheFirstOneOfTheirInnerVlan) {
  const auto tap = LiveTap::Open(kRight, {.filter = "vlan 10 and vlan 5"});
  ASSERT_NE(tap, nullptr);
  const auto by = [](uint16_t inner, const PacketBuilder::Ipv4Fields& ip) {
    return Eth().Vlan(10).Vlan(inner).Ipv4(ip);
  };
  const PacketBuilder::Ipv4Fields first = {.id = 7, .more = true};
  const PacketBuilder::Ipv4Fields later = {.id = 7, .offset = 104};
  RunRows(*tap, SendLeft,
          {{"inner VLAN 5, first", by(5, first).Udp(53, 1).Data(96), kTaken},
           {"inner VLAN 6, first", by(6, first).Udp(53, 1).Data(96), kFiltered},
           {"inner VLAN 5, later", by(5, later).As(17).Data(50), kTaken},
           {"inner VLAN 6, later", by(6, later).As(17).Data(50), kFiltered}});
}

// As on a router that sends back out where the packet came in.
TEST(LiveFilter, LaterFragmentsFollowTheFirstOneOfTheirDirection) {
  const auto tap = LiveTap::Open(kLeft, {.filter = "inbound"});
  ASSERT_NE(tap, nullptr);
  const Row in_first = {"in, first", First4(7, 53, 40000), kTaken};
  const Row out_first = {"out, first", First4(7, 53, 40000), kFiltered};
  RunRows(*tap, SendRight, {in_first});
  RunRows(*tap, SendLeft, {out_first});
  RunRows(*tap, SendRight, {{"in, later", Later4(7), kTaken}});
  RunRows(*tap, SendLeft, {{"out, later", Later4(7), kFiltered}});
}

TEST(LiveFilter, TheUsersFilterIsAskedOnlyAboutTheRightDirection) {
  const auto tap = LiveTap::Open(kLeft, {.filter = "src port 53", .direction = Direction::kOut});
  ASSERT_NE(tap, nullptr);
  const PacketBuilder answer = Eth4().Udp(53, 40000).Data(60);
  RunRows(*tap, SendLeft, {{"answer, sent", answer, kTaken}, {"query, sent", Query(), kFiltered}});
  RunRows(*tap, SendRight, {{"answer, received", answer, kFiltered}});
}

}  // namespace
}  // namespace dns_monitor::live
