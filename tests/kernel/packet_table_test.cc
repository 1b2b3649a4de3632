// What the filter makes of each kind of packet: a table of descriptions, frames and verdicts, run
// through BPF_PROG_TEST_RUN. What a test run cannot show (tags beside the data, outgoing packets,
// IP headers that are not all there, what the kernel itself fragments) is in live_filter*_test.cc.
#include "kernel/packet_table.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "support/packet_builder.h"

namespace dns_monitor::packet_table {
namespace {

// -------------------------------------------------------------------------------------- ports

TEST(PacketTable, PortsAndProtocols) {
  RunTable({
      {"query over UDP, IPv4", Eth4().Udp(40000, 53).Data(30), kTaken},
      {"answer over UDP, IPv4", Eth4().Udp(53, 40000).Data(300), kTaken},
      {"query over UDP, IPv6", Eth6().Udp(40000, 53).Data(30), kTaken},
      {"answer over UDP, IPv6", Eth6().Udp(53, 40000).Data(300), kTaken},
      {"query over TCP, IPv4", Eth4().Tcp(40000, 53).Data(32), kTaken},
      {"answer over TCP, IPv4", Eth4().Tcp(53, 40000).Data(1000), kTaken},
      {"query over TCP, IPv6", Eth6().Tcp(40000, 53).Data(32), kTaken},
      {"answer over TCP, IPv6", Eth6().Tcp(53, 40000).Data(1000), kTaken},
      {"53 to 53", Eth4().Udp(53, 53).Data(30), kTaken},
      {"without payload, UDP", Eth4().Udp(40000, 53), kTaken},
      {"without payload, TCP", Eth6().Tcp(40000, 53), kTaken},
      {"a full Ethernet frame", Eth4().Udp(53, 40000).Data(1472), kTaken},
      {"one byte more than a multiple of 8", Eth4().Udp(53, 1).Data(7), kTaken},

      {"other ports, UDP IPv4", Eth4().Udp(40000, 443).Data(30), kNotDns},
      {"other ports, UDP IPv6", Eth6().Udp(40000, 443).Data(30), kNotDns},
      {"other ports, TCP IPv4", Eth4().Tcp(40000, 443).Data(30), kNotDns},
      {"other ports, TCP IPv6", Eth6().Tcp(443, 40000).Data(30), kNotDns},
      {"52 and 54", Eth4().Udp(52, 54).Data(30), kNotDns},
      {"53 with its bytes swapped", Eth4().Udp(0x3500, 0x3500).Data(30), kNotDns},
      {"53 across the two ports", Eth4().Udp(0x1200, 0x3500).Data(30), kNotDns},
      {"port 0, which no setting names", Eth4().Udp(0, 0).Data(30), kNotDns},
      {"53 in the payload",
       PacketBuilder().Ethernet().Ipv4().Udp(1, 2).Quote(PacketBuilder().Udp(53, 53)), kNotDns},

      {"SCTP with the same numbers", Eth4().As(132).Quote(PacketBuilder().Udp(53, 53)), kNotDns},
      {"UDP-Lite with the same numbers", Eth4().As(136).Quote(PacketBuilder().Udp(53, 53)),
       kNotDns},
      {"GRE", Eth4().As(47).Data(40), kNotDns},
      {"DNS in IP in IP", Eth4().Ipv4().Udp(40000, 53).Data(20), kNotDns},
      {"DNS in IPv6 in IPv4", Eth4().Ipv6().Udp(40000, 53).Data(20), kNotDns},
      {"ESP", Eth6().As(50).Data(40), kNotDns},
      {"no next header", Eth6().As(59).Data(40), kNotDns},
      {"an unknown protocol", Eth6().As(253).Data(40), kNotDns},
  });
}

TEST(PacketTable, OtherThanIp) {
  RunTable({
      {"ARP", PacketBuilder().Ethernet().Arp(), kNotDns},
      {"ARP, padded", PacketBuilder().Ethernet().Arp().Pad(60), kNotDns},
      {"LLDP", PacketBuilder().Ethernet().As(0x88cc).Data(40), kNotDns},
      {"MPLS", PacketBuilder().Ethernet().As(0x8847).Data(40), kNotDns},
      {"a length instead of a type (802.3)", PacketBuilder().Ethernet().As(46).Data(46), kNotDns},
      {"nothing but the Ethernet header", PacketBuilder().Ethernet().As(0x88b5), kNotDns},
      {"ARP in a tag", PacketBuilder().Ethernet().Vlan(5).Arp(), kNotDns},
      {"IP's type with its bytes swapped", PacketBuilder().Ethernet().As(0x0008).Data(60), kNotDns},
  });
}

TEST(PacketTable, SeveralPorts) {
  const std::vector<uint16_t> ports = {53, 853, 5353, 65535, 1};
  std::vector<Row> rows;
  for (const uint16_t port : ports) {
    rows.push_back({absl::StrCat("to ", port), Eth4().Udp(40000, port).Data(20), kTaken});
    rows.push_back({absl::StrCat("from ", port), Eth6().Tcp(port, 40000).Data(20), kTaken});
    rows.push_back({absl::StrCat("ICMP error about ", port),
                    Eth4().Icmp(3, 3).Quote(PacketBuilder().Ipv4().Udp(40000, port)), kTaken});
  }
  for (const uint16_t port : std::initializer_list<uint16_t>{0, 2, 52, 54, 852, 854, 5352, 65534}) {
    rows.push_back({absl::StrCat("not ", port), Eth4().Udp(port, port).Data(20), kNotDns});
  }
  RunTable({.ports = ports}, rows);
}

TEST(PacketTable, AsManyPortsAsThereCanBe) {
  std::vector<uint16_t> ports;
  std::vector<Row> rows;
  for (uint16_t i = 0; i < CAPTURE_MAX_PORTS; ++i) {
    ports.push_back(static_cast<uint16_t>(1000 + 2 * i));
    rows.push_back({"one of them", Eth4().Udp(ports.back(), 9), kTaken});
    rows.push_back(
        {"between them", Eth4().Udp(static_cast<uint16_t>(ports.back() + 1), 9), kNotDns});
  }
  rows.push_back({"53 is not among them", Eth4().Udp(40000, 53), kNotDns});
  RunTable({.ports = ports}, rows);
}

// ----------------------------------------------------------------------------------- IP headers

TEST(PacketTable, Ipv4Options) {
  std::vector<Row> rows;
  for (int words = 0; words <= 10; ++words) {
    const PacketBuilder::Ipv4Fields ip = {.option_words = words};
    const std::string name = absl::StrCat(5 + words, " words: ");
    rows.push_back({name + "UDP to 53", Eth4(ip).Udp(40000, 53).Data(20), kTaken});
    rows.push_back({name + "TCP from 53", Eth4(ip).Tcp(53, 40000), kTaken});
    rows.push_back(
        {name + "nothing behind the ports", Eth4(ip).Udp(1, 53).Cut(38 + 4 * words), kTaken});
    rows.push_back({name + "other ports", Eth4(ip).Udp(40000, 443).Data(20), kNotDns});
    rows.push_back(
        {name + "cut within the ports", Eth4(ip).Udp(1, 53).Cut(37 + 4 * words), kTruncated});
    rows.push_back(
        {name + "in a tag", PacketBuilder().Ethernet().Vlan(3).Ipv4(ip).Udp(9, 53), kTaken});
  }
  RunTable(rows);
}

TEST(PacketTable, BadHeaderLengthsAndVersions) {
  std::vector<Row> rows;
  for (uint8_t words = 0; words < 5; ++words) {
    rows.push_back({absl::StrCat("IHL ", words), Eth4({.header_words = words}).Udp(53, 53).Data(30),
                    kMalformed});
  }
  rows.push_back(
      {"options that the frame does not hold", Eth4({.header_words = 15}).Udp(53, 53), kTruncated});
  for (const uint8_t version : std::initializer_list<uint8_t>{0, 3, 5, 6, 15}) {
    rows.push_back({absl::StrCat("version ", version, " in an IPv4 frame"),
                    Eth4({.version = version}).Udp(53, 53).Data(30), kMalformed});
  }
  for (const uint8_t version : std::initializer_list<uint8_t>{0, 4, 5, 7, 15}) {
    rows.push_back({absl::StrCat("version ", version, " in an IPv6 frame"),
                    Eth6({.version = version}).Udp(53, 53).Data(30), kMalformed});
  }
  RunTable(rows);
}

TEST(PacketTable, Padding) {
  RunTable({
      {"a short query, padded to 60", Eth4().Udp(40000, 53).Pad(60), kTaken},
      {"a short TCP segment, padded to 60", Eth4().Tcp(53, 40000).Pad(60), kTaken},
      {"padded beyond need", Eth6().Udp(40000, 53).Data(12).Pad(200), kTaken},
      {"a short datagram of others, padded", Eth4().Udp(40000, 123).Pad(60), kNotDns},
      {"a tagged one, padded to 64",
       PacketBuilder().Ethernet().Vlan(7).Ipv4().Udp(40000, 53).Pad(64), kTaken},
  });
}

// -------------------------------------------------------------------------------- short frames

// `frame` cut to every length: those shorter than `decided` bytes are `before`, the others taken. A
// test run refuses IP in Ethernet without a whole IP header, but not in a tag, nor raw.
struct Cuts {
  size_t from;
  size_t decided;
  const char* before = kTruncated;
};
void AddCuts(std::vector<Row>* rows, const std::string& name, const Bytes& frame, Cuts cuts) {
  for (size_t length = cuts.from; length <= frame.size(); ++length) {
    const Bytes cut(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(length));
    const char* expected = length < cuts.decided ? cuts.before : kTaken;
    rows->push_back({absl::StrCat(name, ", cut to ", length), cut, expected});
  }
}

TEST(PacketTable, FramesThatEndWithinTheirHeaders) {
  std::vector<Row> rows;
  AddCuts(&rows, "UDP IPv4", Eth4().Udp(40000, 53).Data(20), {34, 38});
  AddCuts(&rows, "TCP IPv4", Eth4().Tcp(40000, 53).Data(8), {34, 38});
  AddCuts(&rows, "UDP IPv6", Eth6().Udp(40000, 53).Data(8), {54, 58});
  AddCuts(&rows, "options", Eth4({.option_words = 3}).Udp(40000, 53).Data(8), {34, 50});
  AddCuts(&rows, "40 bytes of options", Eth4({.option_words = 10}).Udp(40000, 53), {34, 78});
  AddCuts(&rows, "extensions", Eth6().HopByHop().Destination(1).Udp(40000, 53), {54, 82});
  AddCuts(&rows, "AH", Eth6().Authentication().Udp(40000, 53), {54, 82});
  AddCuts(&rows, "fragment", Eth6().Fragment(1, 0, true).Udp(40000, 53), {54, 66});
  AddCuts(&rows, "a tag", PacketBuilder().Ethernet().Vlan(5).Ipv4().Udp(40000, 53).Data(9),
          {14, 42});
  AddCuts(&rows, "two tags", PacketBuilder().Ethernet().ServiceVlan(5).Vlan(6).Ipv6().Udp(1, 53),
          {14, 66});
  RunTable(rows);
}

TEST(PacketTable, RawPacketsThatEndWithinTheirHeaders) {
  std::vector<Row> rows;
  AddCuts(&rows, "UDP IPv4", Query4(), {14, 24});
  AddCuts(&rows, "options", Query4({.option_words = 10}), {14, 64});
  AddCuts(&rows, "UDP IPv6", Query6(), {14, 44});
  AddCuts(&rows, "extensions", PacketBuilder().Ipv6().HopByHop().Destination(1).Udp(1, 53),
          {14, 68});
  RunTable({.link_type = CAPTURE_LINK_RAW}, rows);
}

TEST(PacketTable, IcmpErrorsThatEndWithinTheirQuote) {
  std::vector<Row> rows;
  const PacketBuilder error4 = Eth4().Icmp(3, 3).Quote(Query4());
  const PacketBuilder options = Eth4().Icmp(3, 3).Quote(Query4({.option_words = 10}));
  const PacketBuilder error6 = Eth6().Icmp6(1, 4).Quote(Query6());
  AddCuts(&rows, "ICMP error", error4, {14 + 20 + 4, 14 + 20 + 8 + 20 + 4, kQuote});
  AddCuts(&rows, "quoting options", options, {14 + 20 + 4, 14 + 20 + 8 + 60 + 4, kQuote});
  AddCuts(&rows, "ICMPv6 error", error6, {14 + 40 + 4, 14 + 40 + 8 + 40 + 4, kQuote});
  for (size_t length = 34; length < 38; ++length) {
    rows.push_back(
        {absl::StrCat("cut to ", length), PacketBuilder(error4).Cut(length), kTruncated});
  }
  RunTable(rows);
}

// ----------------------------------------------------------------------------------------- tags

TEST(PacketTable, TagsInTheData) {
  const auto tag = [] { return PacketBuilder().Ethernet().Vlan(5); };
  RunTable({
      {"802.1Q", tag().Ipv4().Udp(40000, 53).Data(30), kTaken},
      {"802.1Q, IPv6", tag().Ipv6().Udp(40000, 53).Data(30), kTaken},
      {"802.1Q, TCP", tag().Ipv6().Tcp(53, 40000).Data(30), kTaken},
      {"802.1Q, other ports", tag().Ipv4().Udp(40000, 443).Data(30), kNotDns},
      {"802.1Q with priority", PacketBuilder().Ethernet().Vlan(0xf005).Ipv4().Udp(40000, 53),
       kTaken},
      {"802.1Q, VLAN 0", PacketBuilder().Ethernet().Vlan(0).Ipv4().Udp(40000, 53), kTaken},
      {"802.1ad", PacketBuilder().Ethernet().ServiceVlan(7).Ipv4().Udp(40000, 53), kTaken},
      {"802.1ad, IPv6 with extensions",
       PacketBuilder().Ethernet().ServiceVlan(7).Ipv6().HopByHop().Udp(40000, 53), kTaken},
      {"QinQ", PacketBuilder().Ethernet().ServiceVlan(7).Vlan(5).Ipv4().Udp(40000, 53).Data(30),
       kTaken},
      {"QinQ, IPv6", PacketBuilder().Ethernet().ServiceVlan(7).Vlan(5).Ipv6().Tcp(40000, 53),
       kTaken},
      {"QinQ, other ports",
       PacketBuilder().Ethernet().ServiceVlan(7).Vlan(5).Ipv4().Udp(40000, 443), kNotDns},
      {"QinQ of two 802.1Q", tag().Vlan(6).Ipv4({.option_words = 2}).Udp(53, 40000).Data(30),
       kTaken},
      {"QinQ, ARP", PacketBuilder().Ethernet().ServiceVlan(7).Vlan(5).Arp(), kNotDns},
      {"three tags", tag().Vlan(6).Vlan(7).Ipv4().Udp(40000, 53), kTags},
      {"three tags, others", tag().Vlan(6).Vlan(7).Arp(), kTags},
      {"ten tags",
       tag()
           .Vlan(6)
           .Vlan(7)
           .Vlan(8)
           .Vlan(9)
           .Vlan(10)
           .Vlan(11)
           .Vlan(12)
           .Vlan(13)
           .Vlan(14)
           .Ipv4()
           .Udp(1, 53),
       kTags},
  });
}

// ------------------------------------------------------------------------------ length, direction

TEST(PacketTable, SnapLength) {
  for (const uint32_t snaplen : {64u, 65u, 96u, 1000u}) {
    SCOPED_TRACE(snaplen);
    const size_t headers = 14 + 20 + 8;
    RunTable(
        {.snaplen = snaplen},
        {
            {"shorter", Eth4().Udp(40000, 53).Data(snaplen - headers - 1), kTaken},
            {"exact", Eth4().Udp(40000, 53).Data(snaplen - headers), kTaken},
            {"one byte longer", Eth4().Udp(40000, 53).Data(snaplen - headers + 1), kClipped},
            {"much longer", Eth4().Udp(40000, 53).Data(1472), kClipped},
            {"ports behind the snap length", Eth6().HopByHop(120).Udp(40000, 53).Data(200),
             kClipped},
            {"QinQ",
             PacketBuilder().Ethernet().ServiceVlan(7).Vlan(5).Ipv6().Udp(40000, 53).Data(2000),
             kClipped},
            {"of others", Eth4().Udp(40000, 443).Data(1472), kNotDns},
        });
  }
}

// It came up just now, or there was no memory for another ring.
TEST(PacketTable, OnACpuWithoutARing) {
  RunTable({.has_ring = false}, {
                                    {"DNS", Eth4().Udp(40000, 53), kNoRing},
                                    {"others", Eth4().Udp(40000, 443), kNotDns},
                                    {"a first fragment", First4(9, 53), kNoRing},
                                    {"its later one", Later4(9, 1480, false), kNoRing},
                                });
}

// A test run counts as an incoming packet.
TEST(PacketTable, DirectionIn) {
  RunTable({.direction = CAPTURE_DIRECTION_IN}, {
                                                    {"DNS", Eth4().Udp(40000, 53), kTaken},
                                                    {"others", Eth4().Udp(40000, 443), kNotDns},
                                                });
}

TEST(PacketTable, DirectionOut) {
  RunTable({.direction = CAPTURE_DIRECTION_OUT},
           {
               {"DNS", Eth4().Udp(40000, 53), kFiltered},
               {"others", Eth4().Udp(40000, 443), kNotDns},
               {"unknown", Eth4({.header_words = 2}).Udp(53, 53), kMalformed},
               {"first fragment", First4(1, 53), kFiltered},
               {"later fragment", Later4(1, 1480, false), kFiltered},
           });
}

// --------------------------------------------------------------------------------------- raw IP

TEST(PacketTable, RawIp) {
  RunTable(
      {.link_type = CAPTURE_LINK_RAW},
      {
          {"query, IPv4", Query4(), kTaken},
          {"query, IPv6", Query6(), kTaken},
          {"answer over TCP", PacketBuilder().Ipv4().Tcp(53, 40000).Data(99), kTaken},
          {"other ports, IPv4", PacketBuilder().Ipv4().Udp(40000, 443), kNotDns},
          {"other ports, IPv6", PacketBuilder().Ipv6().Tcp(40000, 443), kNotDns},
          {"options", Query4({.option_words = 10}), kTaken},
          {"extensions", PacketBuilder().Ipv6().HopByHop(1).Destination().Udp(40000, 53), kTaken},
          {"ICMP error", PacketBuilder().Ipv4().Icmp(3, 3).Quote(Query4()), kTaken},
          {"ICMPv6 error", PacketBuilder().Ipv6().Icmp6(1, 4).Quote(Query6()), kTaken},
          {"first fragment", PacketBuilder().Ipv4({.id = 5, .more = true}).Udp(53, 1).Data(96),
           kTaken},
          {"later fragment", PacketBuilder().Ipv4({.id = 5, .offset = 104}).As(17).Data(96),
           kTaken},
          {"first fragment, IPv6", PacketBuilder().Ipv6().Fragment(5, 0, true).Udp(53, 1).Data(96),
           kTaken},
          {"later fragment, IPv6", PacketBuilder().Ipv6().Fragment(5, 104, false).As(17).Data(96),
           kTaken},
          {"bad header length", PacketBuilder().Ipv4({.header_words = 1}).Udp(53, 53), kMalformed},
          {"neither IPv4 nor IPv6", PacketBuilder().Ipv4({.version = 5}).Udp(53, 53), kNotDns},
          {"an Ethernet frame, by mistake", Eth4().Udp(40000, 53), kNotDns},
          {"ends within IPv4", Query4().Cut(19), kTruncated},
          {"ends within the ports", Query4().Cut(23), kTruncated},
          {"ends behind the ports", Query4().Cut(24), kTaken},
          {"ends within IPv6", Query6().Cut(39), kTruncated},
      });
}

}  // namespace
}  // namespace dns_monitor::packet_table
