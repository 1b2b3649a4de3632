// The filter on real interfaces: what a test run (packet_table_test.cc) cannot show. Each test is
// in a network namespace of its own.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernel/live_network.h"
#include "support/packet_builder.h"

namespace dns_monitor::live {
namespace {

constexpr char kTaken[] = "seen, matched";
constexpr char kClipped[] = "seen, matched, clipped";
constexpr char kNotDns[] = "seen, not_dns";
constexpr char kFiltered[] = "seen, filtered_by_user";
constexpr char kTruncated[] = "seen, truncated headers";
constexpr char kTags[] = "seen, too many VLAN tags";
constexpr char kFragment[] = "seen, fragments without their first";
constexpr char kQuote[] = "seen, ICMP errors that quote too little";

struct Row {
  std::string description;
  Bytes frame;
  const char* expected;
};

Packet Eth() {
  return Packet().Ethernet();
}
Packet Eth4(const Packet::Ipv4Fields& fields = {}) {
  return Eth().Ipv4(fields);
}
Packet Query(size_t payload = 24) {
  return Eth4().Udp(40000, 53).Data(payload);
}
Packet First4(uint16_t id, uint16_t from, uint16_t to) {
  return Eth4({.id = id, .more = true}).Udp(from, to).Data(96);
}
Packet Later4(uint16_t id) {
  return Eth4({.id = id, .offset = 104}).As(IPPROTO_UDP).Data(50);
}

// Sends each frame by `send`, and expects its verdict, and in the ring the frame as it was sent, up
// to `snaplen` bytes, if it was taken, else nothing.
template <typename Send>
void RunRows(LiveTap& tap, Send send, const std::vector<Row>& rows,
             size_t snaplen = CAPTURE_MAX_SNAPLEN) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    send(row.frame);
    EXPECT_EQ(tap.AwaitSeen(1), row.expected);
    const std::vector<RingRecord> records = OfType(tap.Take(), CAPTURE_RECORD_PACKET);
    if (row.expected != kTaken && row.expected != kClipped) {
      EXPECT_TRUE(records.empty()) << "something was written";
      continue;
    }
    ASSERT_EQ(records.size(), 1u);
    Bytes kept = row.frame;
    if (kept.size() > snaplen) kept.resize(snaplen);
    EXPECT_EQ(records[0].payload, kept);
    EXPECT_EQ(records[0].wire_length, row.frame.size());
  }
}

// Through the pair: kRight receives it, and kLeft sends it.
void SendLeft(const Bytes& frame) {
  SendFrom(kLeft, frame);
}
void SendRight(const Bytes& frame) {
  SendFrom(kRight, frame);
}

// ----------------------------------------------------------------------------------------- tags

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
      {"ICMP error", Eth().Vlan(5).Ipv4().Icmp(3, 3).Quote(Packet().Ipv4().Udp(1, 53)), kTaken},
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
  const Packet three = Eth().ServiceVlan(7).Vlan(6).Vlan(5).Ipv4().Udp(40000, 53).Data(9);
  const Packet four = Eth().Vlan(8).Vlan(7).Vlan(6).Vlan(5).Ipv4().Udp(40000, 53).Data(9);
  RunRows(*tap, SendLeft, {{"three tags", three, kTaken}, {"four tags", four, kTags}});
}

TEST(LiveFilter, SentTagsAreWhereTheyWere) {
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  RunRows(*tap, SendLeft, TaggedRows());
  const Packet three = Eth().ServiceVlan(7).Vlan(6).Vlan(5).Ipv4().Udp(40000, 53).Data(9);
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

// -------------------------------------------------------------------------------- short frames

TEST(LiveFilter, FramesThatEndAnywhere) {
  const auto tap = LiveTap::Open(kRight);
  ASSERT_NE(tap, nullptr);
  const Packet quote4 = Packet().Ipv4().Udp(40000, 53).Data(8);
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
  const Packet query4 = Packet().Ipv4().Udp(40000, 53).Data(24);
  const Packet query6 = Packet().Ipv6().Udp(40000, 53).Data(24);
  const std::vector<Row> rows = {
      {"UDP IPv4", query4, kTaken},
      {"UDP IPv6", query6, kTaken},
      {"TCP IPv4", Packet().Ipv4().Tcp(53, 40000).Data(900), kTaken},
      {"TCP IPv6, extensions", Packet().Ipv6().HopByHop(1).Destination().Tcp(40000, 53), kTaken},
      {"options", Packet().Ipv4({.option_words = 10}).Udp(40000, 53), kTaken},
      {"other ports, IPv4", Packet().Ipv4().Udp(40000, 443).Data(24), kNotDns},
      {"other ports, IPv6", Packet().Ipv6().Udp(40000, 443).Data(24), kNotDns},
      {"ICMP error", Packet().Ipv4().Icmp(3, 3).Quote(query4), kTaken},
      {"ICMPv6 error", Packet().Ipv6().Icmp6(1, 4).Quote(query6), kTaken},
      {"later fragment before", Packet().Ipv4({.id = 5, .offset = 104}).As(17).Data(50), kFragment},
      {"first fragment", Packet().Ipv4({.id = 5, .more = true}).Udp(53, 1).Data(96), kTaken},
      {"later fragment", Packet().Ipv4({.id = 5, .offset = 104}).As(17).Data(50), kTaken},
      {"first fragment, IPv6", Packet().Ipv6().Fragment(5, 0, true).Udp(53, 1).Data(96), kTaken},
      {"later fragment, IPv6", Packet().Ipv6().Fragment(5, 104, false).As(17).Data(96), kTaken},
      {"ends within IPv4", Packet(query4).Cut(19), kTruncated},
      {"ends within the ports", Packet(query6).Cut(43), kTruncated},
      {"one byte", Packet(query4).Cut(1), kTruncated},
  };
  RunRows(*tap, ReceiveOnTun, rows);
  const auto send = [](const Bytes& packet) { SendFrom(kTun, packet); };
  RunRows(*tap, send,
          {{"sent: IPv4", query4, kTaken},
           {"sent: IPv6", query6, kTaken},
           {"sent: others", Packet().Ipv4().Udp(1, 2).Data(24), kNotDns}});
}

// -------------------------------------------------------------------- what the kernel itself makes

Fd UdpSocket(int family) {
  return Fd(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

sockaddr_in Address4(const char* text, uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, text, &address.sin_addr);
  return address;
}
sockaddr_in6 Address6(const char* text, uint16_t port) {
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  inet_pton(AF_INET6, text, &address.sin6_addr);
  return address;
}
template <typename Address>
void SendTo(const Fd& socket_fd, const Address& address, const Bytes& data) {
  EXPECT_EQ(sendto(socket_fd.get(), data.data(), data.size(), 0,
                   reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
            static_cast<ssize_t>(data.size()))
      << strerror(errno);
}

// What the records carry behind `header_bytes` each, in a row.
Bytes Joined(const std::vector<RingRecord>& records, size_t header_bytes) {
  Bytes all;
  for (const RingRecord& record : records) {
    EXPECT_EQ(record.wire_length, record.payload.size());
    if (record.payload.size() < header_bytes) return {};
    all.insert(all.end(), record.payload.begin() + static_cast<ptrdiff_t>(header_bytes),
               record.payload.end());
  }
  return all;
}
// `datagram` behind its UDP header, which this leaves out of what was joined.
Bytes WithoutUdp(Bytes joined) {
  if (joined.size() >= 8) joined.erase(joined.begin(), joined.begin() + 8);
  return joined;
}

TEST(LiveFilter, FragmentsOfTheKernelIpv4) {
  const auto tap = LiveTap::Open(kRight);
  ASSERT_NE(tap, nullptr);
  ASSERT_TRUE(Ip(absl::StrCat("address replace 10.78.0.1/24 dev ", kLeft)));
  const Bytes datagram = Packet().Data(4000);
  const Fd socket_fd = UdpSocket(AF_INET);
  SendTo(socket_fd, Address4("10.78.0.53", 53), datagram);
  EXPECT_EQ(tap->AwaitSeen(3), "seen 3, matched 3");
  EXPECT_EQ(WithoutUdp(Joined(OfType(tap->Take(), CAPTURE_RECORD_PACKET), 14 + 20)), datagram);
  SendTo(socket_fd, Address4("10.78.0.53", 54), datagram);
  EXPECT_EQ(tap->AwaitSeen(3), "seen 3, not_dns 3");
}

TEST(LiveFilter, FragmentsOfTheKernelIpv6) {
  const auto tap = LiveTap::Open(kRight);
  ASSERT_NE(tap, nullptr);
  ASSERT_TRUE(Ip(absl::StrCat("link set ", kLeft, " addrgenmode none")));
  const std::string disable = absl::StrCat("/proc/sys/net/ipv6/conf/", kLeft, "/disable_ipv6");
  std::ofstream(disable) << "0";
  ASSERT_TRUE(Ip(absl::StrCat("address add 2001:db8:78::1/64 nodad dev ", kLeft)));
  const Bytes datagram = Packet().Data(4000);
  SendTo(UdpSocket(AF_INET6), Address6("2001:db8:78::53", 53), datagram);
  tap->AwaitMatched(3);  // the kernel announces itself too
  const std::vector<RingRecord> records = OfType(tap->Take(), CAPTURE_RECORD_PACKET);
  EXPECT_EQ(records.size(), 3u);
  EXPECT_EQ(WithoutUdp(Joined(records, 14 + 40 + 8)), datagram);
  std::ofstream(disable) << "1";  // other tests count every frame
}

// One large frame that leaves as many small ones only behind the tap; most of it is in pages.
TEST(LiveFilter, AFrameForSegmentationInHardware) {
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  ASSERT_TRUE(Ip(absl::StrCat("address replace 10.78.0.1/24 dev ", kLeft)));
  const Fd socket_fd = UdpSocket(AF_INET);
  const int segment = 1400;
  ASSERT_EQ(setsockopt(socket_fd.get(), SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)), 0);
  const Bytes datagrams = Packet().Data(45 * 1400 + 77);
  SendTo(socket_fd, Address4("10.78.0.53", 53), datagrams);
  EXPECT_EQ(tap->AwaitSeen(1), kTaken);
  const std::vector<RingRecord> records = OfType(tap->Take(), CAPTURE_RECORD_PACKET);
  EXPECT_EQ(records.size(), 1u);
  EXPECT_EQ(Joined(records, 14 + 20 + 8), datagrams);
}

TEST(LiveFilter, LoopbackShowsEachPacketOnceAndOf64KiB) {
  const auto tap = LiveTap::Open(kLoopback);
  ASSERT_NE(tap, nullptr);
  const Fd server = UdpSocket(AF_INET);  // so that nothing answers "port unreachable"
  const sockaddr_in address = Address4("127.0.0.1", 53);
  ASSERT_EQ(bind(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const Fd client = UdpSocket(AF_INET);
  for (const size_t bytes : {size_t{24}, size_t{1500}, size_t{65507}}) {
    SCOPED_TRACE(bytes);
    const Bytes datagram = Packet().Data(bytes);
    SendTo(client, address, datagram);
    EXPECT_EQ(tap->AwaitSeen(1), kTaken);
    const std::vector<RingRecord> records = OfType(tap->Take(), CAPTURE_RECORD_PACKET);
    EXPECT_EQ(records.size(), 1u);
    EXPECT_EQ(Joined(records, 14 + 20 + 8), datagram);
  }
  tap->tap().Stop();
  EXPECT_EQ(tap->AwaitSeen(0), "") << "something came twice";
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
  const auto tagged = [](const Packet::Ipv4Fields& ip) {
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
  const auto tagged = [](uint16_t id, const Packet::Ipv4Fields& ip = {}) {
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

TEST(LiveFilter, TheUsersFilterIsAskedOnlyAboutTheRightDirection) {
  const auto tap = LiveTap::Open(kLeft, {.filter = "src port 53", .direction = Direction::kOut});
  ASSERT_NE(tap, nullptr);
  const Packet answer = Eth4().Udp(53, 40000).Data(60);
  RunRows(*tap, SendLeft, {{"answer, sent", answer, kTaken}, {"query, sent", Query(), kFiltered}});
  RunRows(*tap, SendRight, {{"answer, received", answer, kFiltered}});
}

// ------------------------------------------------------------------------------------ full rings

uint64_t Lost(LiveTap& tap, capture_lost cause) {
  return tap.rings().Counters().lost[cause];
}

TEST(LiveFilter, AFullRingLosesExactlyWhatItTells) {
  const auto tap = LiveTap::Open(kLeft);  // sent frames are in the ring when sending returns
  ASSERT_NE(tap, nullptr);
  constexpr uint64_t kWantedLosses = 7;
  uint64_t sent = 0;
  const auto send = [&sent] {
    SendLeft(Eth4({.id = static_cast<uint16_t>(sent)}).Udp(40000, 53).Data(1000 + sent % 400));
    ++sent;
  };
  while (Lost(*tap, CAPTURE_LOST_RING_FULL) < kWantedLosses && sent < 10'000) send();
  tap->AwaitSeen(sent);
  const FilterCounters full = tap->rings().Counters();
  EXPECT_EQ(full.matched, sent);
  EXPECT_EQ(full.lost_total(), kWantedLosses);

  const std::vector<RingRecord> before = OfType(tap->Take(), CAPTURE_RECORD_PACKET);
  EXPECT_EQ(before.size() + kWantedLosses, sent);
  for (size_t i = 0; i < before.size(); ++i) {
    const Bytes frame = Eth4({.id = static_cast<uint16_t>(i)}).Udp(40000, 53).Data(1000 + i % 400);
    ASSERT_EQ(before[i].payload, frame) << i;
  }

  send();  // there is room again
  EXPECT_EQ(tap->AwaitSeen(1), kTaken);
  const std::vector<RingRecord> after = tap->Take();
  ASSERT_EQ(after.size(), 2u);
  ASSERT_EQ(after[0].type, static_cast<uint32_t>(CAPTURE_RECORD_LOSS));
  const auto loss = after[0].As<capture_loss>();
  EXPECT_EQ(loss.cause, static_cast<uint32_t>(CAPTURE_LOST_RING_FULL));
  EXPECT_EQ(loss.count, kWantedLosses);
  EXPECT_GE(loss.from_ns, before.back().time_ns);
  EXPECT_LT(loss.from_ns, loss.to_ns);
  EXPECT_LE(loss.to_ns, after[0].time_ns);
  EXPECT_EQ(after[1].type, static_cast<uint32_t>(CAPTURE_RECORD_PACKET));
  EXPECT_EQ(after[1].time_ns, after[0].time_ns);

  send();  // it is told once
  tap->AwaitSeen(1);
  EXPECT_EQ(tap->Take().size(), 1u);
  EXPECT_EQ(tap->rings().Counters().lost_total(), kWantedLosses);
}

TEST(LiveFilter, APacketOnACpuWithoutARingIsLostAndCounted) {
  ASSERT_TRUE(EnterNetwork().ok()) << EnterNetwork();
  const std::vector<int> cpus = OnlineCpuNumbers();
  ASSERT_GE(cpus.size(), 2u) << "this needs two CPUs";
  MoveToCpu(cpus.back());
  const auto tap = LiveTap::Open(kLeft, {.ring_memory_bytes = CAPTURE_RING_MIN_BYTES});
  ASSERT_NE(tap, nullptr);
  ASSERT_EQ(tap->rings().data(cpus.back()), nullptr);
  SendLeft(Query());
  SendLeft(Eth4().Udp(1, 2));
  EXPECT_EQ(tap->AwaitSeen(2), "seen 2, not_dns, matched, CPU without a ring");
  EXPECT_TRUE(tap->Take().empty());
  EXPECT_EQ(tap->tap().AddMissingRings().value(), 0) << "there is memory for one ring only";

  MoveToCpu(cpus.front());
  SendLeft(Query());
  EXPECT_EQ(tap->AwaitSeen(1), kTaken);
  EXPECT_EQ(OfType(tap->Take(), CAPTURE_RECORD_PACKET).size(), 1u);
}

// --------------------------------------------------------------------------------------- events

TEST(LiveFilter, AChangeOfSettingsStandsBeforeThePacketThatMetIt) {
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  SendLeft(Query());
  tap->AwaitSeen(1);
  tap->Take();
  const uint32_t current = tap->cpu()->settings_generation;
  tap->cpu()->settings_generation = current + 40;  // as if the filter before had been of that one
  SendLeft(Query());
  SendLeft(Query());
  EXPECT_EQ(tap->AwaitSeen(2), "seen 2, matched 2");
  const std::vector<RingRecord> records = tap->Take();
  ASSERT_EQ(records.size(), 3u);
  ASSERT_EQ(records[0].type, static_cast<uint32_t>(CAPTURE_RECORD_SETTINGS));
  EXPECT_EQ(records[0].As<capture_settings>().old_generation, current + 40);
  EXPECT_EQ(records[0].As<capture_settings>().new_generation, current);
  EXPECT_EQ(records[1].type, static_cast<uint32_t>(CAPTURE_RECORD_PACKET));
  EXPECT_EQ(records[1].time_ns, records[0].time_ns);
}

TEST(LiveFilter, AStepOfTheClockStandsBeforeThePacketThatMetIt) {
  constexpr int64_t kStepNs = 5'000'000'000;
  constexpr int64_t kToleranceNs = 1'000'000;
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  for (const int64_t step_ns : {kStepNs, -kStepNs}) {
    SCOPED_TRACE(step_ns);
    SendLeft(Query());
    tap->AwaitSeen(1);
    tap->Take();
    // As if the clock had been elsewhere when it was told last, which is long ago.
    tap->cpu()->tai_offset_ns -= step_ns;
    tap->cpu()->offset_checked_ns = 0;
    const int64_t old_ns = tap->cpu()->tai_offset_ns;
    SendLeft(Query());
    SendLeft(Query());
    EXPECT_EQ(tap->AwaitSeen(2), "seen 2, matched 2");
    const std::vector<RingRecord> records = tap->Take();
    ASSERT_EQ(records.size(), 3u);
    ASSERT_EQ(records[0].type, static_cast<uint32_t>(CAPTURE_RECORD_STEP));
    const auto step = records[0].As<capture_step>();
    EXPECT_EQ(step.old_offset_ns, old_ns);
    EXPECT_NEAR(static_cast<double>(step.new_offset_ns - old_ns), static_cast<double>(step_ns),
                kToleranceNs);
    EXPECT_EQ(records[1].type, static_cast<uint32_t>(CAPTURE_RECORD_PACKET));
    EXPECT_EQ(records[1].time_ns, records[0].time_ns);
  }
}

// ------------------------------------------------------------------------------------- doorbell

constexpr size_t kRecordBytes = 1024;
constexpr uint64_t kQuarter = CAPTURE_RING_MIN_BYTES / 4;
constexpr size_t kHeaderBytes = sizeof(capture_record) + 14 + 20 + 8;

// A frame whose record takes so many bytes of the ring.
void SendRecord(size_t bytes) {
  SendLeft(Query(bytes - kHeaderBytes));
}

bool IsReadable(int fd) {
  pollfd entry = {.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&entry, 1, 0) == 1;
}

TEST(LiveFilter, TheDoorbellRingsWhenARingHasBecomeAQuarterFull) {
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  const int bell = tap->tap().doorbell_fd();
  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE(round);
    while (tap->rings().BytesInRings() + kRecordBytes < kQuarter) SendRecord(kRecordBytes);
    EXPECT_FALSE(IsReadable(bell));
    SendRecord(kRecordBytes);
    EXPECT_TRUE(IsReadable(bell));
    tap->tap().ClearDoorbell();
    EXPECT_FALSE(IsReadable(bell));
    for (int more = 0; more < 10; ++more) SendRecord(kRecordBytes);
    EXPECT_FALSE(IsReadable(bell)) << "it rings once";
    tap->Take();
  }
}

TEST(LiveFilter, TheDoorbellRingsAlsoWhenAnEventFillsTheQuarter) {
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  SendRecord(kRecordBytes);
  tap->Take();
  while (tap->rings().BytesInRings() + kRecordBytes < kQuarter) SendRecord(kRecordBytes);
  SendRecord(kQuarter - tap->rings().BytesInRings() - 8);
  EXPECT_EQ(tap->rings().BytesInRings(), kQuarter - 8);
  EXPECT_FALSE(IsReadable(tap->tap().doorbell_fd()));
  tap->cpu()->settings_generation += 40;  // an event stands before the next packet
  SendRecord(kRecordBytes);
  EXPECT_TRUE(IsReadable(tap->tap().doorbell_fd()));
}

// ------------------------------------------------------------------------------------------ stop

TEST(LiveFilter, NothingComesAfterStop) {
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  SendLeft(Query());
  tap->tap().Stop();
  SendLeft(Query());
  EXPECT_EQ(tap->AwaitSeen(1), kTaken);
  EXPECT_EQ(OfType(tap->Take(), CAPTURE_RECORD_PACKET).size(), 1u);
}

}  // namespace
}  // namespace dns_monitor::live
