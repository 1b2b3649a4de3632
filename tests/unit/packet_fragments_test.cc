#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "dns_monitor/packet/fragments.h"
#include "support/fragment_maker.h"

namespace dns_monitor {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

Bytes PayloadOf(const Packet& packet) {
  return {packet.payload.begin(), packet.payload.end()};
}
Bytes DataOf(const Bytes& datagram) {
  return {datagram.begin() + 8, datagram.end()};
}

class FragmentsTest : public ::testing::Test {
 protected:
  const Packet* Add(const Dissected& fragment, int64_t time_ns = 0) {
    EXPECT_EQ(fragment->kind, PacketKind::kFragment);
    return reassembler_.Add(*fragment, time_ns);
  }
  // None makes anything whole.
  void ExpectNothing(const std::vector<Dissected>& fragments) {
    for (const Dissected& fragment : fragments) EXPECT_EQ(Add(fragment), nullptr);
  }
  void Use(const FragmentOptions& options) { reassembler_ = FragmentReassembler(options); }
  const FragmentCounters& counters() const { return reassembler_.counters(); }

  FragmentReassembler reassembler_;
};

const std::vector<size_t> kCuts[] = {{16}, {8, 48}, {8, 16, 64}};

TEST_F(FragmentsTest, PutsThemTogetherInAnyOrder) {
  const Bytes datagram = UdpDatagram(93);
  uint64_t datagrams = 0;
  for (const int version : {4, 6}) {
    for (const std::vector<size_t>& cuts : kCuts) {
      const std::vector<Dissected> fragments = FragmentsOf(version, datagram, cuts);
      std::vector<size_t> order(fragments.size());
      std::iota(order.begin(), order.end(), 0);
      do {
        for (size_t i = 0; i + 1 < order.size(); ++i) {
          ASSERT_EQ(Add(fragments[order[i]]), nullptr);
        }
        const Packet* whole = Add(fragments[order.back()]);
        ASSERT_NE(whole, nullptr);
        const std::string ends = version == 4 ? "10.77.0.1:53 > 10.77.0.53:40000"
                                              : "2001:db8::1:53 > 2001:db8::53:40000";
        EXPECT_EQ(PacketText(*whole), absl::StrCat("UDP ", ends, " ttl 64, 93 bytes, of ",
                                                   order.size(), " fragments, vlan 5"));
        EXPECT_EQ(PayloadOf(*whole), DataOf(datagram));
        EXPECT_EQ(counters().datagrams, ++datagrams);
      } while (std::next_permutation(order.begin(), order.end()));
    }
  }
  EXPECT_EQ(reassembler_.memory_bytes(), 0u);
}

TEST_F(FragmentsTest, KeepsDatagramsApart) {
  const Bytes datagram = UdpDatagram(93);
  const Bytes other = UdpDatagram(77);
  const auto one = FragmentsOf(4, datagram, {48});
  const auto two = FragmentsOf(4, other, {48}, 8);
  const auto three = FragmentsOf(4, other, {48}, 7, IPPROTO_ICMP);
  const auto four = FragmentsOf(6, other, {48});
  for (const auto* fragments : {&one, &two, &three, &four}) {
    EXPECT_EQ(Add((*fragments)[0]), nullptr);
  }
  EXPECT_EQ(PayloadOf(*Add(two[1])), DataOf(other));
  EXPECT_EQ(PayloadOf(*Add(four[1])), DataOf(other));
  EXPECT_EQ(PayloadOf(*Add(one[1])), DataOf(datagram));
  const Packet* icmp = Add(three[1]);
  EXPECT_EQ(icmp->kind, PacketKind::kIcmp);
  EXPECT_EQ(PayloadOf(*icmp), other);
}

TEST_F(FragmentsTest, KeepsVlansApart) {
  const auto fragments = FragmentsOf(4, UdpDatagram(93), {48});
  EXPECT_EQ(Add(fragments[0]), nullptr);
  Packet last = *fragments[1];
  last.vlan = 6;
  EXPECT_EQ(reassembler_.Add(last, 0), nullptr);
  last.vlan = 5;
  EXPECT_NE(reassembler_.Add(last, 0), nullptr);
}

TEST_F(FragmentsTest, ToleratesExactDuplicates) {
  const auto fragments = FragmentsOf(4, UdpDatagram(93), {48, 64});
  for (const size_t i : {0, 0, 2, 2, 0}) EXPECT_EQ(Add(fragments[i]), nullptr);
  EXPECT_NE(Add(fragments[1]), nullptr);
  EXPECT_EQ(counters().duplicates, 3u);
  EXPECT_EQ(counters().overlaps, 0u);
}

// RFC 5722: not even what comes later makes it whole.
TEST_F(FragmentsTest, GivesUpWhatOverlaps) {
  const Bytes datagram = UdpDatagram(120);  // 128 with its header
  Bytes other = datagram;
  other[50] ^= 1;
  const Bytes shorter(datagram.begin(), datagram.begin() + 64);
  const struct {
    const char* name;
    Dissected one, two;
  } rows[] = {
      {"begins within", FragmentOf(6, datagram, 0, 64), FragmentOf(6, datagram, 56, 72)},
      {"ends within", FragmentOf(6, datagram, 56, 72), FragmentOf(6, datagram, 0, 64)},
      {"lies within", FragmentOf(6, datagram, 0, 64), FragmentOf(6, datagram, 8, 16)},
      {"lies around", FragmentOf(6, datagram, 8, 16), FragmentOf(6, datagram, 0, 64)},
      {"is shorter", FragmentOf(6, datagram, 8, 64), FragmentOf(6, datagram, 8, 56)},
      {"differs", FragmentOf(6, datagram, 0, 64), FragmentOf(6, other, 0, 64)},
      {"another end", FragmentOf(6, datagram, 72, 128), FragmentOf(6, shorter, 56, 64)},
      {"behind the end", FragmentOf(6, shorter, 56, 64), FragmentOf(6, datagram, 64, 72)},
      {"an end before", FragmentOf(6, datagram, 64, 72), FragmentOf(6, shorter, 56, 64)},
      {"an end that goes on", FragmentOf(6, shorter, 56, 64), FragmentOf(6, datagram, 56, 64)},
  };
  uint64_t overlaps = 0;
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    reassembler_.Finish();
    EXPECT_EQ(Add(row.one), nullptr);
    EXPECT_EQ(counters().overlaps, overlaps);
    EXPECT_EQ(Add(row.two), nullptr);
    EXPECT_EQ(counters().overlaps, ++overlaps);
    ExpectNothing(FragmentsOf(6, datagram, {64, 72}));
  }
  EXPECT_EQ(counters().unfinished, 0u);
  EXPECT_EQ(counters().datagrams, 0u);
}

TEST_F(FragmentsTest, ForgetsAfterHalfAMinute) {
  const auto fragments = FragmentsOf(4, UdpDatagram(93), {48});
  EXPECT_EQ(Add(fragments[0], kSecond), nullptr);
  EXPECT_NE(Add(fragments[1], 31 * kSecond), nullptr);
  EXPECT_EQ(Add(fragments[0], 40 * kSecond), nullptr);
  EXPECT_EQ(Add(fragments[1], 70 * kSecond + 1), nullptr);
  EXPECT_EQ(counters().timed_out, 1u);
  EXPECT_NE(Add(fragments[0], 71 * kSecond), nullptr);
}

TEST_F(FragmentsTest, BearsTimesThatGoBackOrFar) {
  const auto fragments = FragmentsOf(4, UdpDatagram(93), {48});
  EXPECT_EQ(Add(fragments[0], INT64_MAX), nullptr);
  EXPECT_NE(Add(fragments[1], INT64_MIN), nullptr);
  EXPECT_EQ(Add(fragments[0], INT64_MIN), nullptr);
  EXPECT_EQ(Add(fragments[1], INT64_MAX), nullptr);
  EXPECT_EQ(counters().timed_out, 1u);
}

TEST_F(FragmentsTest, ForgetsTheOldestOfTooMany) {
  Use({.datagrams = 3});
  for (uint16_t id = 1; id <= 4; ++id) {
    EXPECT_EQ(Add(FragmentsOf(4, UdpDatagram(93), {48}, id)[0]), nullptr);
  }
  EXPECT_EQ(counters().evicted, 1u);
  for (uint16_t id = 2; id <= 4; ++id) {
    EXPECT_NE(Add(FragmentsOf(4, UdpDatagram(93), {48}, id)[1]), nullptr);
  }
  EXPECT_EQ(Add(FragmentsOf(4, UdpDatagram(93), {48}, 1)[1]), nullptr);
}

TEST_F(FragmentsTest, KeepsItsMemoryWithinBounds) {
  constexpr size_t kBytes = 100'000;
  Use({.memory_bytes = kBytes});
  const Bytes datagram = UdpDatagram(1480);
  for (uint16_t id = 0; id < 500; ++id) {
    Add(FragmentOf(4, datagram, 0, 1400, id));
    EXPECT_LE(reassembler_.memory_bytes(), kBytes);
  }
  EXPECT_GT(counters().evicted, 400u);
  EXPECT_GT(reassembler_.memory_bytes(), kBytes / 2);
  EXPECT_NE(Add(FragmentOf(4, datagram, 1400, 1488, 499)), nullptr);
}

TEST_F(FragmentsTest, GivesUpTooManyPieces) {
  Use({.pieces = 4});
  const Bytes datagram = UdpDatagram(120);
  for (size_t at = 0; at < 128; at += 8)
    EXPECT_EQ(Add(FragmentOf(4, datagram, at, at + 8)), nullptr);
  EXPECT_EQ(counters().too_many, 1u);
  EXPECT_EQ(counters().fragments, 16u);
}

// As if the datagram had come in one, and the snap length had clipped it there.
TEST_F(FragmentsTest, EndsWhereTheFirstPieceIsClipped) {
  const Bytes datagram = UdpDatagram(93);
  const auto fragments = FragmentsOf(4, datagram, {48, 80});
  for (const size_t clipped_one : {0, 1, 2}) {
    const Packet* whole = nullptr;
    for (const size_t i : {2, 0, 1}) {
      Packet fragment = *fragments[i];
      if (i == clipped_one) fragment.payload.remove_suffix(5);
      whole = reassembler_.Add(fragment, 0);
      EXPECT_EQ(whole == nullptr, i != 1);
    }
    ASSERT_NE(whole, nullptr);
    EXPECT_EQ(whole->kind, PacketKind::kUdp);
    EXPECT_EQ(whole->source_port, 53);
    EXPECT_EQ(whole->fragments, 3u);
    EXPECT_EQ(whole->payload_on_wire, 93u);
    const size_t size = std::array<size_t, 3>{48, 80, 101}[clipped_one] - 8 - 5;
    EXPECT_EQ(PayloadOf(*whole),
              Bytes(datagram.begin() + 8, datagram.begin() + 8 + static_cast<ptrdiff_t>(size)));
  }
  EXPECT_EQ(counters().clipped, 3u);
  EXPECT_EQ(counters().datagrams, 3u);
}

TEST_F(FragmentsTest, HasNoPortsWhereTheyAreClipped) {
  const auto fragments = FragmentsOf(4, UdpDatagram(93), {48});
  Packet clipped = *fragments[0];
  clipped.payload = clipped.payload.subspan(0, 3);
  EXPECT_EQ(reassembler_.Add(clipped, 0), nullptr);
  const Packet* whole = Add(fragments[1]);
  ASSERT_NE(whole, nullptr);
  EXPECT_EQ(whole->kind, PacketKind::kTruncated);
  EXPECT_FALSE(whole->has_ports);
}

TEST_F(FragmentsTest, RefusesWhatNoFragmentIs) {
  const Bytes datagram = UdpDatagram(120);
  EXPECT_EQ(Add(FragmentOf(4, datagram, 0, 63)), nullptr);
  EXPECT_EQ(Add(FragmentOf(4, datagram, 128, 128)), nullptr);
  const Dissected beyond(PacketBuilder().Ethernet().Ipv4({.offset = 65528}).As(17).Data(8));
  EXPECT_EQ(Add(beyond), nullptr);
  EXPECT_EQ(counters().malformed, 3u);
  EXPECT_EQ(reassembler_.memory_bytes(), 0u);
  const Dissected whole(PacketBuilder().Ethernet().Ipv4().Udp(1, 53).Data(8));
  EXPECT_EQ(reassembler_.Add(*whole, 0), nullptr);
  EXPECT_EQ(counters().fragments, 3u);
}

// The datagram's own headers, down to another packet.
TEST_F(FragmentsTest, DissectsWhatItPutTogether) {
  const Bytes options = PacketBuilder().Destination().Udp(53, 40000).Data(64);
  auto fragments = FragmentsOf(6, options, {32}, 7, IPPROTO_DSTOPTS);
  EXPECT_EQ(Add(fragments[0]), nullptr);
  EXPECT_EQ(PacketText(*Add(fragments[1])),
            "UDP 2001:db8::1:53 > 2001:db8::53:40000 ttl 64, 64 bytes, of 2 fragments, vlan 5");

  const Bytes tunnel = PacketBuilder().Ipv4({.host = 9}).Tcp(53, 40000).Data(64);
  fragments = FragmentsOf(6, tunnel, {32}, 7, IPPROTO_IPIP);
  EXPECT_EQ(Add(fragments[0]), nullptr);
  EXPECT_EQ(PacketText(*Add(fragments[1])),
            "TCP 10.77.0.9:53 > 10.77.0.53:40000 ttl 64, 64 bytes, seq 1 ack 2 flags 24, "
            "of 2 fragments, vlan 5, tunnels 1");

  const Bytes cut = PacketBuilder().Ipv4().Udp(53, 40000).Data(64).Cut(40);
  fragments = FragmentsOf(4, cut, {16}, 7, IPPROTO_IPIP);
  EXPECT_EQ(Add(fragments[0]), nullptr);
  EXPECT_EQ(PacketText(*Add(fragments[1])),
            "UDP 10.77.0.1:53 > 10.77.0.53:40000 ttl 64, 12 of 64 bytes, of 2 fragments, vlan 5, "
            "tunnels 1");
}

TEST_F(FragmentsTest, PutsFragmentsOfFragmentsTogether) {
  const Bytes datagram = UdpDatagram(120);
  const auto inner = [&](size_t from, size_t to) {
    return PacketBuilder()
        .Ipv4({.id = 3, .more = to < 128, .offset = static_cast<uint16_t>(from)})
        .As(IPPROTO_UDP)
        .Literal({datagram.begin() + static_cast<ptrdiff_t>(from),
                  datagram.begin() + static_cast<ptrdiff_t>(to)})
        .Build();
  };
  const auto one = FragmentsOf(4, inner(0, 64), {24}, 1, IPPROTO_IPIP);
  const auto two = FragmentsOf(4, inner(64, 128), {16, 48}, 2, IPPROTO_IPIP);
  ExpectNothing(one);
  for (const size_t i : {2, 0}) EXPECT_EQ(Add(two[i]), nullptr);
  const Packet* whole = Add(two[1]);
  ASSERT_NE(whole, nullptr);
  EXPECT_EQ(PacketText(*whole),
            "UDP 10.77.0.1:53 > 10.77.0.53:40000 ttl 64, 120 bytes, of 5 fragments, vlan 5, "
            "tunnels 1");
  EXPECT_EQ(PayloadOf(*whole), DataOf(datagram));
}

TEST_F(FragmentsTest, CountsWhatIsIncompleteAtTheEnd) {
  EXPECT_EQ(Add(FragmentOf(4, UdpDatagram(120), 0, 64)), nullptr);
  reassembler_.Finish();
  EXPECT_EQ(counters().unfinished, 1u);
  EXPECT_EQ(reassembler_.memory_bytes(), 0u);
}

}  // namespace
}  // namespace dns_monitor
