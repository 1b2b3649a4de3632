// Random connections: whatever happens to the segments on their way, the messages come out once, in
// order and as they were.
#include <gtest/gtest.h>

#include <random>

#include "support/tcp_maker.h"

namespace dns_monitor {
namespace {

struct Cut {
  uint32_t from = 0;
  uint32_t to = 0;
  double when = 0;  // in segments
};

struct Direction {
  std::vector<Bytes> messages;
  Bytes data;
  std::vector<Cut> cuts;  // as they arrive
  uint32_t initial_seq = 0;
};

class RandomConnection {
 public:
  explicit RandomConnection(unsigned seed) : random_(seed) {}

  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  double Delay(uint32_t most) { return Below(most * 100) / 100.0; }

  // `most_delay`: by how many segments one is late, at most.
  Direction Make(uint32_t most_delay) {
    Direction direction;
    direction.initial_seq = 0u - Below(20'000);  // wraps soon
    const uint32_t messages = 1 + Below(60);
    for (uint32_t i = 0; i < messages; ++i) {
      const uint32_t size = Below(10) == 0 ? 12 + Below(20'000) : 12 + Below(600);
      direction.messages.push_back(DnsMessage(static_cast<uint16_t>(i), size));
      const Bytes framed = Framed(direction.messages.back());
      direction.data.insert(direction.data.end(), framed.begin(), framed.end());
    }
    const auto size = static_cast<uint32_t>(direction.data.size());
    const uint32_t largest = Below(2) == 0 ? 30 + Below(100) : 1460;
    std::vector<Cut>& cuts = direction.cuts;
    for (uint32_t at = 0; at < size;) {
      const uint32_t to = std::min(size, at + 1 + Below(largest));
      cuts.push_back({at, to, static_cast<double>(cuts.size()) + Delay(most_delay)});
      at = to;
    }
    // Again as it was, and cut in another way.
    const size_t segments = cuts.size();
    for (size_t i = 0; i < segments; ++i) {
      if (Below(4) == 0) {
        cuts.push_back({cuts[i].from, cuts[i].to, static_cast<double>(i) + Delay(20)});
      }
      if (Below(8) == 0) {
        const uint32_t from = cuts[i].from - Below(1 + std::min(cuts[i].from, 500u));
        const uint32_t to = std::min(size, from + 1 + Below(1460));
        cuts.push_back({from, to, static_cast<double>(i) + Delay(20)});
      }
    }
    std::sort(cuts.begin(), cuts.end(),
              [](const Cut& one, const Cut& two) { return one.when < two.when; });
    return direction;
  }

 private:
  std::mt19937 random_;
};

Bytes DataOf(const Direction& direction, const Cut& cut) {
  return Part(direction.data, cut.from, cut.to);
}

std::vector<Bytes> HeardOf(const TcpListener& tcp, bool from_server) {
  std::vector<Bytes> messages;
  for (const TcpListener::Heard& heard : tcp.heard()) {
    if (heard.from_server == from_server) messages.push_back(heard.bytes);
  }
  return messages;
}

// Both directions at once, turn by turn.
void Play(const Direction (&directions)[2], TcpListener* tcp) {
  size_t next[2] = {};
  for (size_t turn = 0; next[0] < directions[0].cuts.size() || next[1] < directions[1].cuts.size();
       ++turn) {
    const size_t which = turn % 2;
    const Direction& direction = directions[which];
    if (next[which] == direction.cuts.size()) continue;
    const Cut& cut = direction.cuts[next[which]++];
    tcp->Add(direction.initial_seq + 1 + cut.from, DataOf(direction, cut),
             {.from_server = which == 1});
  }
}

TEST(TcpRandomTest, GivesEachMessageOnceAndInOrder) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    RandomConnection random(seed);
    const Direction directions[2] = {random.Make(1 + random.Below(30)), random.Make(1)};
    TcpListener tcp({.reorder_bytes = 1 << 20});
    tcp.Add(directions[0].initial_seq, {}, {.flags = kTcpSyn});
    tcp.Add(
        directions[1].initial_seq, {},
        {.from_server = true, .flags = kTcpSyn | kTcpAck, .ack = directions[0].initial_seq + 1});
    Play(directions, &tcp);
    ASSERT_EQ(HeardOf(tcp, false), directions[0].messages);
    ASSERT_EQ(HeardOf(tcp, true), directions[1].messages);
    ASSERT_EQ(tcp.counters().conflicts, 0u);
    ASSERT_EQ(tcp.counters().gaps, 0u);
    ASSERT_EQ(tcp.Finish(), "");
    ASSERT_EQ(tcp.counters().broken_messages, 0u);
    ASSERT_EQ(tcp.counters().streams, 1u);
    ASSERT_EQ(tcp.memory_bytes(), 0u);
  }
}

// With segments lost, what comes out is still of what was sent, and in order.
TEST(TcpRandomTest, InventsNothingWhenSegmentsAreLost) {
  size_t sent = 0;
  size_t given = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    RandomConnection random(seed);
    Direction directions[2] = {random.Make(1 + random.Below(5)), random.Make(1)};
    for (Direction& direction : directions) {
      std::erase_if(direction.cuts, [&](const Cut&) { return random.Below(20) == 0; });
    }
    TcpListener tcp({.reorder_bytes = 20'000});
    Play(directions, &tcp);
    tcp.Finish();
    for (const bool from_server : {false, true}) {
      const std::vector<Bytes>& messages = directions[from_server ? 1 : 0].messages;
      auto next = messages.begin();
      for (const Bytes& heard : HeardOf(tcp, from_server)) {
        next = std::find(next, messages.end(), heard);
        ASSERT_NE(next, messages.end());
        ++next;
        ++given;
      }
      sent += messages.size();
    }
  }
  EXPECT_GT(given, sent / 4);
}

}  // namespace
}  // namespace dns_monitor
