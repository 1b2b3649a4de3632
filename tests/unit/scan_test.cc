// From files to messages: by one thread and by several, whatever the blocks.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "dns_monitor/scan/scanner.h"
#include "support/input_rig.h"
#include "support/pcap_maker.h"
#include "support/tcp_maker.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kTcpFlags = kTcpAck | kTcpPsh;

// A message as it was found: its id, and how it came.
struct Found {
  uint16_t id;
  char how;  // u: UDP, f: fragments, t: TCP

  auto operator<=>(const Found&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Found& found) {
    return out << found.how << found.id;
  }
};

class ScanTest : public ::testing::Test {
 protected:
  void AddFrame(const Bytes& frame) {
    pcap_ += maker_.Make({.seconds = 1'700'000'000 + frames_ / 1000,
                          .fraction = frames_ % 1000 * 1000,
                          .payload = std::string(frame.begin(), frame.end()),
                          .original_length = static_cast<uint32_t>(frame.size())});
    ++frames_;
  }
  void AddUdp(uint16_t id, uint16_t port = 53) {
    AddFrame(PacketBuilder().Ethernet().Ipv4().Udp(40000, port).Literal(DnsMessage(id)).Build());
  }
  void AddSegment(uint16_t client_port, uint32_t seq, const Bytes& data) {
    AddFrame(PacketBuilder()
                 .Ethernet()
                 .Ipv4()
                 .Tcp({.source = client_port, .seq = seq, .flags = kTcpFlags})
                 .Literal(data)
                 .Build());
  }
  // A datagram of two fragments; `second` adds the latter one.
  void AddFragment(uint16_t id, bool second) {
    const Bytes datagram = PacketBuilder().Udp(40000, 53).Literal(DnsMessage(id, 200)).Build();
    AddFrame(
        PacketBuilder()
            .Ethernet()
            .Ipv4({.id = id, .more = !second, .offset = static_cast<uint16_t>(second ? 64 : 0)})
            .As(IPPROTO_UDP)
            .Literal(second ? Part(datagram, 64) : Part(datagram, 0, 64))
            .Build());
  }

  std::vector<Found> Scan(size_t block_bytes, int threads, const ScanOptions& options = {}) {
    const std::string path = rig_.Write("all.pcap", maker_.FileHeader() + pcap_);
    const absl::StatusOr<InputPlan> plan = PlanInput({.paths = {path}});
    EXPECT_TRUE(plan.ok()) << plan.status();
    const auto source = BlockSource::Open(*plan, {.block_bytes = block_bytes});
    EXPECT_TRUE(source.ok()) << source.status();
    dns_monitor::Scan scan(*plan, source->get(), options);
    std::mutex mutex;
    std::vector<Found> found;
    const auto read = [&] {
      Scanner scanner(&scan);
      ScanItem item;
      for (absl::StatusOr<bool> more = true; (more = scanner.Next(&item)).value_or(false);) {
        const char how = item.stream != 0 ? 't' : item.packet->fragments > 1 ? 'f' : 'u';
        const std::lock_guard lock(mutex);
        found.push_back({.id = ReadU16(item.message.data()), .how = how});
      }
    };
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back(read);
    read();
    for (std::thread& other : others) other.join();
    return found;
  }

  static uint16_t ReadU16(const uint8_t* from) {
    return static_cast<uint16_t>(from[0] << 8 | from[1]);
  }

  InputRig rig_;
  PcapMaker maker_;
  std::string pcap_;
  uint32_t frames_ = 0;
};

TEST_F(ScanTest, GivesMessagesWhereTheyBecomeWhole) {
  const Bytes framed = FramedMessage(2);
  AddUdp(1);
  AddSegment(40000, 1000, Part(framed, 0, 20));
  AddFragment(3, false);
  AddUdp(4);
  AddFragment(3, true);
  AddSegment(40000, 1020, Part(framed, 20));
  AddUdp(5);
  EXPECT_THAT(Scan(1 << 20, 1), ElementsAre(Found{1, 'u'}, Found{4, 'u'}, Found{3, 'f'},
                                            Found{2, 't'}, Found{5, 'u'}));
}

TEST_F(ScanTest, LooksAtPortsOfTheOptionsElse53) {
  AddUdp(1);
  AddUdp(2, 5353);
  EXPECT_THAT(Scan(1 << 20, 1), ElementsAre(Found{1, 'u'}));
  EXPECT_THAT(Scan(1 << 20, 1, {.ports = {5353}}), ElementsAre(Found{2, 'u'}));
  EXPECT_THAT(Scan(1 << 20, 1, {.ports = {5353, 53}}), ElementsAre(Found{1, 'u'}, Found{2, 'u'}));
}

TEST_F(ScanTest, GivesAtTheEndWhatWasBehindAGap) {
  AddSegment(40000, 1000, FramedMessage(1));
  AddSegment(40000, 1200, FramedMessage(2));  // what was in between never comes
  AddUdp(3);
  EXPECT_THAT(Scan(1 << 20, 1), ElementsAre(Found{1, 't'}, Found{3, 'u'}, Found{2, 't'}));
}

TEST_F(ScanTest, TellsWhatItCouldNotPutTogether) {
  AddSegment(40000, 1000, FramedMessage(1));
  AddSegment(40000, 1200, Part(FramedMessage(2), 0, 20));
  AddFragment(3, false);
  for (const int threads : {1, 3}) {
    std::vector<std::string> notes;
    std::mutex mutex;
    Scan(300, threads, {.on_note = [&](const std::string& note) {
           const std::lock_guard lock(mutex);
           notes.push_back(note);
         }});
    EXPECT_THAT(notes,
                ElementsAre("not put together: 1 datagram with fragments missing, "
                            "1 gap in TCP streams (158 bytes), 1 TCP message without its end"));
  }
}

TEST(StreamLossesTest, SaysNothingOfNothing) {
  EXPECT_EQ(Describe(StreamLosses()), "");
  TcpCounters tcp;
  tcp.retransmitted = tcp.out_of_order = tcp.keepalives = 7;  // nothing is lost by these
  StreamLosses losses;
  losses.Add(tcp);
  EXPECT_EQ(Describe(losses), "");
}

TEST(StreamLossesTest, SumsUpByWhatIsToBeDone) {
  StreamLosses losses;
  losses.Add(FragmentCounters{.overlaps = 2, .too_many = 1, .evicted = 1});
  losses.Add(TcpCounters{.conflicts = 1, .unframed = 1234, .evicted = 1});
  EXPECT_EQ(Describe(losses),
            "not put together: 2 datagrams of fragments that contradict each other, "
            "1 234 TCP segments with no message's begin in sight, "
            "1 TCP segment that contradicted what came before, "
            "3 datagram/connections given up for want of memory");
}

// A thread that is far ahead does no more when the one that is next does not get on.
TEST(StreamLaneTest, HoldsNoMoreBlocksThanItMay) {
  StreamLane lane;
  DeferredBlock taken;
  ASSERT_TRUE(lane.Enter(0));
  for (uint64_t ordinal = 1; ordinal <= StreamLane::kMostDeferred; ++ordinal) {
    EXPECT_EQ(lane.NextFor(&taken), StreamLane::Next::kNewBlock);
    ASSERT_FALSE(lane.Enter(ordinal));
    DeferredBlock ahead;
    ahead.block.ordinal = ordinal;
    lane.Defer(std::move(ahead));
  }
  EXPECT_EQ(lane.NextFor(&taken), StreamLane::Next::kNothing);
  lane.Leave();
  EXPECT_EQ(lane.NextFor(&taken), StreamLane::Next::kDeferred);
  EXPECT_EQ(taken.block.ordinal, 1u);
  EXPECT_EQ(lane.NextFor(&taken), StreamLane::Next::kNewBlock);
}

TEST_F(ScanTest, TellsOnceThatALinkTypeIsNotKnown) {
  maker_.link_type = 105;  // IEEE 802.11
  AddUdp(1);
  AddUdp(2);
  for (const ScanFor what : {ScanFor::kMessages, ScanFor::kIcmp}) {
    std::vector<std::string> notes;
    const auto on_note = [&](const std::string& note) { notes.push_back(note); };
    EXPECT_THAT(Scan(1 << 20, 1, {.what = what, .on_note = on_note}), IsEmpty());
    EXPECT_THAT(notes, ElementsAre(testing::HasSubstr("all.pcap: has frames of link type 105")));
  }
}

TEST_F(ScanTest, OfNothingIsNothing) {
  EXPECT_THAT(Scan(1 << 20, 2), IsEmpty());
}

// Streams that run through many blocks, between packets that need no order.
class ScanOrderTest : public ScanTest, public ::testing::WithParamInterface<uint32_t> {
 protected:
  void AddMix() {
    std::minstd_rand random(GetParam());
    constexpr int kStreams = 5;
    std::vector<uint32_t> seq(kStreams, 1000);
    std::vector<Bytes> unsent(kStreams);
    std::vector<uint16_t> begun;  // datagrams with their first fragment sent
    uint16_t id = 0;
    for (int i = 0; i < 3000; ++i) {
      const auto stream = static_cast<uint16_t>(random() % kStreams);
      switch (random() % 4) {
        case 0:
          AddUdp(++id);
          break;
        case 1:
          AddFragment(++id, false);
          begun.push_back(id);
          break;
        case 2:
          if (begun.empty()) break;
          AddFragment(begun.back(), true);
          begun.pop_back();
          break;
        default: {
          Bytes& bytes = unsent[stream];
          if (bytes.size() < 100) bytes = Joined({bytes, FramedMessage(++id)});
          const size_t part = 1 + random() % bytes.size();
          AddSegment(static_cast<uint16_t>(41000 + stream), seq[stream], Part(bytes, 0, part));
          seq[stream] += static_cast<uint32_t>(part);
          bytes = Part(bytes, part);
        }
      }
    }
  }
};

TEST_P(ScanOrderTest, OneThreadGivesTheSameWhateverTheBlocks) {
  AddMix();
  const std::vector<Found> whole = Scan(1 << 22, 1);
  ASSERT_GT(whole.size(), 1000u);
  EXPECT_EQ(Scan(1 << 12, 1), whole);
  EXPECT_EQ(Scan(300, 1), whole);
}

TEST_P(ScanOrderTest, SeveralThreadsGiveTheSameInAnyOrder) {
  AddMix();
  std::vector<Found> whole = Scan(1 << 22, 1);
  std::sort(whole.begin(), whole.end());
  for (const size_t block_bytes : {300, 5000}) {
    std::vector<Found> found = Scan(block_bytes, 4);
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, whole);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ScanOrderTest, ::testing::Values(1, 2, 3));

}  // namespace
}  // namespace dns_monitor
