// The packet table, continued: what IP does to a packet before its ports are reached (IPv6
// extension headers, fragments), and ICMP errors, which quote one.
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernel/packet_table.h"
#include "support/packet_builder.h"

namespace dns_monitor::packet_table {
namespace {

// -------------------------------------------------------------------------- IPv6 extensions

TEST(PacketTableIp, EachIpv6ExtensionHeader) {
  std::vector<Row> rows;
  using Add = PacketBuilder& (PacketBuilder::*)(int);
  const struct {
    const char* name;
    Add add;
  } kinds[] = {{"hop-by-hop", &PacketBuilder::HopByHop},
               {"routing", &PacketBuilder::Routing},
               {"destination", &PacketBuilder::Destination},
               {"mobility", &PacketBuilder::Mobility},
               {"HIP", &PacketBuilder::Hip},
               {"shim6", &PacketBuilder::Shim6},
               {"authentication", &PacketBuilder::Authentication}};
  for (const auto& kind : kinds) {
    for (const int words : {0, 1, 2, 7, 30, 120}) {
      const std::string name = absl::StrCat(kind.name, " ", words, ": ");
      const PacketBuilder ip = (Eth6().*kind.add)(words);
      rows.push_back({name + "UDP to 53", PacketBuilder(ip).Udp(40000, 53).Data(20), kTaken});
      rows.push_back({name + "TCP from 53", PacketBuilder(ip).Tcp(53, 40000), kTaken});
      rows.push_back({name + "other ports", PacketBuilder(ip).Udp(40000, 443).Data(20), kNotDns});
      rows.push_back({name + "not UDP or TCP", PacketBuilder(ip).As(47).Data(20), kNotDns});
      rows.push_back({name + "longer than the frame",
                      PacketBuilder(ip).Udp(40000, 53).Cut(14 + 40 + 8), kTruncated});
      rows.push_back({name + "in a tag",
                      (PacketBuilder().Ethernet().Vlan(9).Ipv6().*kind.add)(words).Udp(1, 53),
                      kTaken});
    }
  }
  RunTable(rows);
}

TEST(PacketTableIp, ChainsOfIpv6Extensions) {
  std::vector<Row> rows = {
      {"as RFC 8200 orders them",
       Eth6()
           .HopByHop()
           .Destination()
           .Routing(2)
           .Fragment(1, 0, false)
           .Authentication()
           .Destination(1)
           .Udp(40000, 53),
       kTaken},
      {"with mobility and TCP", Eth6().HopByHop(1).Mobility().Tcp(53, 40000), kTaken},
      {"ending in ESP", Eth6().HopByHop().Destination().As(50).Data(40), kNotDns},
      {"ending in no next header", Eth6().Destination().As(59).Data(8), kNotDns},
      {"ending in an ICMPv6 error about DNS", Eth6().HopByHop().Icmp6(1, 4).Quote(Query6()),
       kTaken},
      {"ending in an echo request", Eth6().HopByHop().Icmp6(128).Data(40), kNotDns},
  };
  for (int count = 1; count <= 8; ++count) {
    PacketBuilder dns = Eth6();
    PacketBuilder other = Eth6();
    for (int i = 0; i < count; ++i) {
      dns.Destination(i % 3);
      other.Destination(i % 3);
    }
    rows.push_back({absl::StrCat(count, " in front of DNS"), dns.Udp(40000, 53), kTaken});
    rows.push_back({absl::StrCat(count, " in front of others"), other.Udp(40000, 443), kNotDns});
  }
  for (const int count : {9, 10, 20, 100}) {
    PacketBuilder packet = Eth6();
    for (int i = 0; i < count; ++i) packet.Destination();
    rows.push_back({absl::StrCat(count, " are too many"), packet.Udp(40000, 53), kExtensions});
  }
  RunTable(rows);
}

// ------------------------------------------------------------------------------------ fragments

TEST(PacketTableIp, Ipv4Fragments) {
  RunTable({
      {"first of an answer", First4(1, 53), kTaken},
      {"its second", Later4(1, 1480, true), kTaken},
      {"its last", Later4(1, 2960, false), kTaken},
      {"its second again", Later4(1, 1480, true), kTaken},
      {"another id", Later4(2, 1480, true), kFragment},
      {"another source", Eth4({.id = 1, .offset = 1480, .host = 2}).As(IPPROTO_UDP).Data(99),
       kFragment},
      {"another protocol", Later4(1, 1480, false, IPPROTO_TCP), kFragment},

      {"of others: first", First4(10, 443), kNotDns},
      {"of others: second", Later4(10, 1480, true), kNotDns},
      {"of others: last", Later4(10, 2960, false), kNotDns},

      {"later before first: later", Later4(20, 1480, false), kFragment},
      {"later before first: first", First4(20, 53), kTaken},
      {"later before first: later again", Later4(20, 1480, false), kTaken},

      {"an id used again, for others: first", First4(1, 443), kNotDns},
      {"an id used again, for others: later", Later4(1, 1480, false), kNotDns},
      {"an id used again, for DNS: first", First4(10, 53), kTaken},
      {"an id used again, for DNS: later", Later4(10, 1480, false), kTaken},

      {"TCP: first", Eth4({.id = 30, .more = true}).Tcp(53, 40000).Data(1400), kTaken},
      {"TCP: later", Later4(30, 1420, false, IPPROTO_TCP), kTaken},
      {"with options: first",
       Eth4({.id = 31, .more = true, .option_words = 4}).Udp(53, 1).Data(800), kTaken},
      {"with options: later",
       Eth4({.id = 31, .offset = 808, .option_words = 10}).As(IPPROTO_UDP).Data(80), kTaken},
      {"ICMP error about DNS: first", Eth4({.id = 32, .more = true}).Icmp(3, 3).Quote(Query4()),
       kTaken},
      {"ICMP error about DNS: later", Later4(32, 64, false, IPPROTO_ICMP), kTaken},
      {"echo: first", Eth4({.id = 33, .more = true}).Icmp(8).Data(1472), kNotDns},
      {"echo: later", Later4(33, 1480, false, IPPROTO_ICMP), kNotDns},
      {"GRE: later, of no interest", Later4(34, 1480, false, 47), kNotDns},
      {"first too short for ports", Eth4({.id = 35, .more = true}).As(IPPROTO_UDP).Data(3),
       kTruncated},
      {"later of it", Later4(35, 8, false), kFragment},
      {"a small later one", Eth4({.id = 1, .offset = 8, .host = 9}).As(IPPROTO_UDP).Data(1),
       kFragment},
      {"a small later one that is known", Eth4({.id = 10, .offset = 8}).As(IPPROTO_UDP).Data(1),
       kTaken},

      {"tagged: first",
       PacketBuilder().Ethernet().Vlan(5).Ipv4({.id = 40, .more = true}).Udp(53, 1).Data(99),
       kTaken},
      {"tagged: later",
       PacketBuilder().Ethernet().Vlan(5).Ipv4({.id = 40, .offset = 104}).As(17).Data(99), kTaken},
      {"tagged: of others",
       PacketBuilder().Ethernet().Vlan(5).Ipv4({.id = 41, .offset = 104}).As(17).Data(99),
       kFragment},
      {"a whole packet leaves nothing: packet", Eth4({.id = 42}).Udp(53, 1).Data(100), kTaken},
      {"a whole packet leaves nothing: later", Later4(42, 104, false), kFragment},
  });
}

PacketBuilder Later6(uint32_t id, uint16_t offset, bool more, int next = IPPROTO_UDP) {
  return Eth6().Fragment(id, offset, more).As(next).Data(more ? 1432 : 100);
}
PacketBuilder First6(uint32_t id, uint16_t port) {
  return Eth6().Fragment(id, 0, true).Udp(port, 40000).Data(1424);
}

TEST(PacketTableIp, Ipv6Fragments) {
  RunTable({
      {"first of an answer", First6(1, 53), kTaken},
      {"its second", Later6(1, 1432, true), kTaken},
      {"its last", Later6(1, 2864, false), kTaken},
      {"another id", Later6(2, 1432, true), kFragment},
      {"another id in the upper half", Later6(0x10001, 1432, true), kFragment},
      {"another source", Eth6({.host = 2}).Fragment(1, 1432, false).As(17).Data(9), kFragment},
      {"the same id over IPv4", Later4(1, 1480, false), kFragment},

      {"of others: first", First6(10, 443), kNotDns},
      {"of others: later", Later6(10, 1432, false), kNotDns},
      {"later before first: later", Later6(20, 1432, false), kFragment},
      {"later before first: first", First6(20, 53), kTaken},
      {"later before first: later again", Later6(20, 1432, false), kTaken},

      {"atomic: a whole packet", Eth6().Fragment(30, 0, false).Udp(40000, 53).Data(30), kTaken},
      {"atomic, of others", Eth6().Fragment(30, 0, false).Udp(40000, 443).Data(30), kNotDns},
      {"atomic leaves nothing", Later6(30, 1432, false), kFragment},

      {"TCP: first", Eth6().Fragment(40, 0, true).Tcp(40000, 53).Data(1000), kTaken},
      {"TCP: later", Later6(40, 1020, false, IPPROTO_TCP), kTaken},
      {"behind hop-by-hop: first", Eth6().HopByHop().Fragment(41, 0, true).Udp(53, 1).Data(96),
       kTaken},
      {"behind hop-by-hop: later", Eth6().HopByHop().Fragment(41, 104, false).As(17).Data(9),
       kTaken},
      {"behind routing: first", Eth6().Routing(2).Fragment(42, 0, true).Udp(53, 1).Data(96),
       kTaken},
      {"behind routing: later", Eth6().Routing(2).Fragment(42, 104, false).As(17).Data(9), kTaken},
      {"ICMPv6 error: first", Eth6().Fragment(43, 0, true).Icmp6(1, 4).Quote(Query6()), kTaken},
      {"ICMPv6 error: later", Later6(43, 80, false, IPPROTO_ICMPV6), kTaken},
      {"echo: first", Eth6().Fragment(44, 0, true).Icmp6(128).Data(96), kNotDns},
      {"echo: later", Later6(44, 104, false, IPPROTO_ICMPV6), kNotDns},
      {"GRE: later, of no interest", Later6(45, 1432, false, 47), kNotDns},
      {"first too short for ports", Eth6().Fragment(46, 0, true).As(17).Data(3), kTruncated},
      {"later of it", Later6(46, 8, false), kFragment},
  });
}

// RFC 8200, 4.5: a fragment header names the first header of the fragmentable part, in each
// fragment; that may be an extension header.
TEST(PacketTableIp, Ipv6FragmentsOfPacketsWithExtensionsInTheFragmentablePart) {
  RunTable({
      {"destination options: first", Eth6().Fragment(1, 0, true).Destination().Udp(53, 1).Data(96),
       kTaken},
      {"destination options: later", Later6(1, 112, false, IPPROTO_DSTOPTS), kTaken},
      {"destination options, others: first",
       Eth6().Fragment(2, 0, true).Destination().Udp(9, 1).Data(96), kNotDns},
      {"destination options, others: later", Later6(2, 112, false, IPPROTO_DSTOPTS), kNotDns},
      {"destination options, unknown: later", Later6(3, 112, false, IPPROTO_DSTOPTS), kFragment},
      {"authentication: first", Eth6().Fragment(4, 0, true).Authentication().Tcp(53, 1).Data(96),
       kTaken},
      {"authentication: later", Later6(4, 144, false, IPPROTO_AH), kTaken},
      {"mobility, unknown: later", Later6(5, 112, false, IPPROTO_MH), kFragment},
  });
}

// ----------------------------------------------------------------------------------------- ICMP

TEST(PacketTableIp, IcmpErrors) {
  std::vector<Row> rows;
  for (const uint8_t type : std::initializer_list<uint8_t>{3, 4, 5, 11, 12}) {
    const std::string name = absl::StrCat("type ", type, " about ");
    rows.push_back({name + "a query", Eth4().Icmp(type).Quote(Query4()), kTaken});
    rows.push_back({name + "an answer",
                    Eth4().Icmp(type).Quote(PacketBuilder().Ipv4().Udp(53, 4000)), kTaken});
    rows.push_back(
        {name + "TCP", Eth4().Icmp(type).Quote(PacketBuilder().Ipv4().Tcp(4000, 53)), kTaken});
    rows.push_back({name + "other ports",
                    Eth4().Icmp(type).Quote(PacketBuilder().Ipv4().Udp(4000, 443)), kNotDns});
    rows.push_back(
        {name + "an echo", Eth4().Icmp(type).Quote(PacketBuilder().Ipv4().Icmp(8)), kNotDns});
    rows.push_back({name + "nothing", Eth4().Icmp(type), kQuote});
  }
  for (const uint8_t type : std::initializer_list<uint8_t>{0, 8, 9, 10, 13, 14, 17, 30, 42, 255}) {
    rows.push_back(
        {absl::StrCat("type ", type, " is no error"), Eth4().Icmp(type).Quote(Query4()), kNotDns});
  }
  for (int words = 0; words <= 10; ++words) {
    const PacketBuilder::Ipv4Fields ip = {.option_words = words};
    const std::string name = absl::StrCat("options of ", words, " words ");
    rows.push_back({name + "in the quote", Eth4().Icmp(3).Quote(Query4(ip)), kTaken});
    rows.push_back({name + "in front", Eth4(ip).Icmp(3).Quote(Query4()), kTaken});
    rows.push_back({name + "in both, other ports",
                    Eth4(ip).Icmp(3).Quote(PacketBuilder().Ipv4(ip).Udp(1, 2)), kNotDns});
  }
  RunTable(rows);
}

TEST(PacketTableIp, QuotesInIcmpErrors) {
  const PacketBuilder::Ipv4Fields first = {.more = true};
  const PacketBuilder::Ipv4Fields later = {.offset = 1480};
  RunTable({
      {"8 bytes behind IP, as RFC 792 asks for", Eth4().Icmp(3).Quote(Query4(), 28), kTaken},
      {"no more than the ports", Eth4().Icmp(3).Quote(Query4(), 24), kTaken},
      {"one byte less", Eth4().Icmp(3).Quote(Query4(), 23), kQuote},
      {"IP alone", Eth4().Icmp(3).Quote(Query4(), 20), kQuote},
      {"half of IP", Eth4().Icmp(3).Quote(Query4(), 10), kQuote},
      {"of a first fragment", Eth4().Icmp(11, 1).Quote(Query4(first)), kTaken},
      {"of a later fragment", Eth4().Icmp(3).Quote(Query4(later)), kQuote},
      {"of a later fragment of GRE",
       Eth4().Icmp(3).Quote(PacketBuilder().Ipv4(later).As(47).Data(20)), kNotDns},
      {"of what is not IPv4", Eth4().Icmp(3).Quote(Query6()), kQuote},
      {"with a bad header length", Eth4().Icmp(3).Quote(Query4({.header_words = 4})), kQuote},
      {"in a tag", PacketBuilder().Ethernet().Vlan(5).Ipv4().Icmp(3, 3).Quote(Query4()), kTaken},
      {"in two tags, others",
       PacketBuilder().Ethernet().ServiceVlan(5).Vlan(6).Ipv4().Icmp(3).Quote(
           PacketBuilder().Ipv4().Udp(1, 2)),
       kNotDns},
      {"an error about an error",
       Eth4().Icmp(3).Quote(PacketBuilder().Ipv4().Icmp(3).Quote(Query4())), kNotDns},
      {"ICMP in IPv6", Eth6().As(IPPROTO_ICMP).Quote(PacketBuilder().Icmp(3, 3).Quote(Query4())),
       kNotDns},
      {"ICMPv6 in IPv4",
       Eth4().As(IPPROTO_ICMPV6).Quote(PacketBuilder().Icmp6(1, 4).Quote(Query6())), kNotDns},
  });
}

TEST(PacketTableIp, Icmp6Errors) {
  std::vector<Row> rows;
  for (const uint8_t type : std::initializer_list<uint8_t>{1, 2, 3, 4}) {
    const std::string name = absl::StrCat("type ", type, " about ");
    rows.push_back({name + "a query", Eth6().Icmp6(type).Quote(Query6()), kTaken});
    rows.push_back({name + "an answer",
                    Eth6().Icmp6(type).Quote(PacketBuilder().Ipv6().Udp(53, 4000)), kTaken});
    rows.push_back(
        {name + "TCP", Eth6().Icmp6(type).Quote(PacketBuilder().Ipv6().Tcp(4000, 53)), kTaken});
    rows.push_back({name + "other ports",
                    Eth6().Icmp6(type).Quote(PacketBuilder().Ipv6().Udp(4000, 443)), kNotDns});
    rows.push_back(
        {name + "an echo", Eth6().Icmp6(type).Quote(PacketBuilder().Ipv6().Icmp6(128)), kNotDns});
    rows.push_back({name + "nothing", Eth6().Icmp6(type), kQuote});
  }
  for (const uint8_t type :
       std::initializer_list<uint8_t>{0, 5, 100, 127, 128, 129, 133, 135, 136, 255}) {
    rows.push_back(
        {absl::StrCat("type ", type, " is no error"), Eth6().Icmp6(type).Quote(Query6()), kNotDns});
  }
  PacketBuilder deep = PacketBuilder().Ipv6();
  for (int i = 0; i < 12; ++i) deep.Destination();
  const std::vector<Row> quotes = {
      {"quoting extensions",
       Eth6().Icmp6(1).Quote(PacketBuilder().Ipv6().HopByHop(1).Destination().Udp(4000, 53)),
       kTaken},
      {"quoting extensions, others",
       Eth6().Icmp6(1).Quote(PacketBuilder().Ipv6().HopByHop(1).Udp(4000, 443)), kNotDns},
      {"quoting too many extensions", Eth6().Icmp6(1).Quote(deep.Udp(4000, 53)), kQuote},
      {"quoting a first fragment",
       Eth6().Icmp6(3, 1).Quote(PacketBuilder().Ipv6().Fragment(1, 0, true).Udp(53, 1)), kTaken},
      {"quoting a later fragment",
       Eth6().Icmp6(2).Quote(PacketBuilder().Ipv6().Fragment(1, 1432, false).As(17).Data(40)),
       kQuote},
      {"quoting no more than the ports", Eth6().Icmp6(1).Quote(Query6(), 44), kTaken},
      {"quoting one byte less", Eth6().Icmp6(1).Quote(Query6(), 43), kQuote},
      {"quoting IP alone", Eth6().Icmp6(1).Quote(Query6(), 40), kQuote},
      {"quoting half an extension",
       Eth6().Icmp6(1).Quote(PacketBuilder().Ipv6().HopByHop().Udp(1, 53), 44), kQuote},
      {"quoting what is not IPv6", Eth6().Icmp6(1).Quote(Query4()), kQuote},
      {"behind extensions", Eth6().HopByHop().Destination(2).Icmp6(2).Quote(Query6()), kTaken},
  };
  rows.insert(rows.end(), quotes.begin(), quotes.end());
  RunTable(rows);
}

TEST(PacketTableIp, WithoutIcmpErrors) {
  RunTable({.icmp_errors = false},
           {
               {"ICMP error about DNS", Eth4().Icmp(3, 3).Quote(Query4()), kNotDns},
               {"ICMPv6 error about DNS", Eth6().Icmp6(1, 4).Quote(Query6()), kNotDns},
               {"one that quotes nothing", Eth4().Icmp(3, 3), kNotDns},
               {"a later fragment of one", Later4(1, 1480, false, IPPROTO_ICMP), kNotDns},
               {"DNS over UDP", Eth4().Udp(40000, 53).Data(20), kTaken},
               {"DNS over TCP", Eth6().HopByHop().Tcp(40000, 53).Data(20), kTaken},
               {"a fragment of DNS: first", First4(2, 53), kTaken},
               {"a fragment of DNS: later", Later4(2, 1480, false), kTaken},
           });
}

}  // namespace
}  // namespace dns_monitor::packet_table
