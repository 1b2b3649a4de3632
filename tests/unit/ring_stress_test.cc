// Producers and the consumer at once, over the lines that the filter runs (bpf/ring_produce.h).
// Meant for ThreadSanitizer; under it or not, every record must come out whole, once and in order.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/ring/merger.h"
#include "support/heap_rings.h"

namespace dns_monitor {
namespace {

// What each payload begins with; bytes counting up from `sequence` follow.
struct Stamp {
  uint64_t sequence;
  uint64_t time_ns;
  uint32_t producer;
  uint32_t length;
};

std::string Payload(uint32_t producer, uint64_t sequence, uint32_t length) {
  std::string payload(std::max<size_t>(length, sizeof(Stamp)), '\0');
  const Stamp stamp{.sequence = sequence,
                    .time_ns = 0,
                    .producer = producer,
                    .length = static_cast<uint32_t>(payload.size())};
  std::memcpy(payload.data(), &stamp, sizeof(stamp));
  for (size_t at = sizeof(stamp); at < payload.size(); ++at) {
    payload[at] = static_cast<char>(sequence + at);
  }
  return payload;
}

// Holds every record against what its producer must have sent.
class Checker {
 public:
  explicit Checker(int producers) : next_(producers), lost_(producers), last_loss_to_(producers) {}

  bool OnPacket(const RecordView& view) {
    Stamp stamp;
    if (view.length < sizeof(stamp)) return Fail(absl::StrCat("length ", view.length));
    std::memcpy(&stamp, view.payload, sizeof(stamp));
    if (stamp.producer >= next_.size()) return Fail("no such producer");
    const std::string expected = Payload(stamp.producer, next_[stamp.producer], stamp.length);
    if (view.length != stamp.length || view.wire_length != stamp.length ||
        std::memcmp(view.payload, expected.data(), expected.size()) != 0) {
      return Fail(absl::StrCat("torn, or not number ", next_[stamp.producer], " but ",
                               stamp.sequence, " of ", stamp.producer));
    }
    ++next_[stamp.producer];
    ++packets_;
    CheckOrder(view.time_ns);
    return true;
  }
  // A loss does not say whose it is: with losses, the rings are read one at a time (`owner_`).
  bool OnLoss(uint64_t time_ns, const capture_loss& loss) {
    CheckOrder(time_ns);
    if (loss.cause != CAPTURE_LOST_RING_FULL || loss.count == 0) return Fail("not a loss");
    if (loss.from_ns > loss.to_ns || loss.to_ns > time_ns) return Fail("times of a loss");
    if (loss.from_ns < last_loss_to_[owner_]) return Fail("losses overlap");
    last_loss_to_[owner_] = loss.to_ns;
    lost_[owner_] += loss.count;
    next_[owner_] += loss.count;
    return true;
  }
  bool OnStep(uint64_t, const capture_step&) { return Fail("a step"); }
  bool OnSettings(uint64_t, const capture_settings&) { return Fail("settings"); }

  void SetOwner(int producer) { owner_ = producer; }
  uint64_t packets() const { return packets_; }
  uint64_t next(int producer) const { return next_[producer]; }
  uint64_t lost(int producer) const { return lost_[producer]; }
  uint64_t went_back() const { return went_back_; }
  // The first thing that was wrong; empty: none.
  const std::string& complaint() const { return complaint_; }

 private:
  void CheckOrder(uint64_t time_ns) {
    if (time_ns < last_ns_) ++went_back_;
    last_ns_ = time_ns;
  }
  bool Fail(const std::string& what) {
    if (complaint_.empty()) complaint_ = absl::StrCat(what, ", after ", packets_, " packets");
    return true;
  }

  std::vector<uint64_t> next_;  // number of the next packet, by producer
  std::vector<uint64_t> lost_;
  std::vector<uint64_t> last_loss_to_;
  int owner_ = 0;
  uint64_t packets_ = 0;
  uint64_t last_ns_ = 0;
  uint64_t went_back_ = 0;
  std::string complaint_;
};

// The writer's part: gives back what was taken.
void MoveTails(HeapRings& rings, const Merger& merger) {
  for (int cpu = 0; cpu < rings.set().cpu_count(); ++cpu) {
    StoreRelease(&rings.cpu(cpu)->tail, merger.cursors()[cpu]);
  }
}

// Takes until `producing` threads are done, then the rest.
template <typename Now>
void Consume(HeapRings& rings, Merger& merger, Checker& checker, Now now,
             const std::atomic<int>& producing) {
  while (producing.load(std::memory_order_acquire) > 0) {
    merger.Observe(static_cast<int64_t>(now()));
    merger.Drain(checker);
    MoveTails(rings, merger);
    std::this_thread::yield();
  }
  merger.ObserveAll();
  EXPECT_EQ(merger.Drain(checker), DrainResult::kDrained);
  MoveTails(rings, merger);
}

// A clock whose readings all differ, so that the order of all records is known. It goes in steps
// wide enough for the merger's skew to be a few records.
class SharedCounter {
 public:
  uint64_t operator()() { return kStep * (1 + count_.fetch_add(1, std::memory_order_seq_cst)); }

 private:
  static constexpr uint64_t kStep = 3000;
  std::atomic<uint64_t> count_{0};
};

uint64_t BoottimeNs() {
  return static_cast<uint64_t>(SystemClock().BoottimeNs());
}

// Several threads, each a producer with a ring of its own; none loses anything: they wait for room.
template <typename Now>
class Crowd {
 public:
  Crowd(HeapRings& rings, int producers, uint64_t packets_each, Now& now)
      : rings_(rings), packets_each_(packets_each), now_(now), running_(producers) {
    for (int id = 0; id < producers; ++id) threads_.emplace_back([this, id] { Produce(id); });
  }
  ~Crowd() { Join(); }

  void Join() {
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  const std::atomic<int>& running() const { return running_; }
  // The longest that a producer was within the filter. After Join.
  int64_t longest_ns() const { return longest_ns_.load(); }

 private:
  void Produce(int id) {
    HeapProducer producer(rings_, id);
    std::minstd_rand random(static_cast<uint32_t>(id) + 1);
    for (uint64_t sequence = 0; sequence < packets_each_; ++sequence) {
      const std::string payload =
          Payload(static_cast<uint32_t>(id), sequence, static_cast<uint32_t>(random() % 900));
      while (!producer.HasRoom(payload.size())) std::this_thread::yield();
      const int64_t before_ns = SystemClock().BoottimeNs();
      producer.Packet(
          [this, &random] {
            const uint64_t time_ns = now_();
            // Time passes between the time and the publishing, more than the clocks may differ by:
            // only the order of the consumer's loads keeps this record in its place.
            if (random() % 2 == 0) {
              for (int reading = 0; reading < 8; ++reading) now_();
            }
            // Taken off its core between the time and the publishing, now and then.
            if (random() % 64 == 0) std::this_thread::yield();
            return time_ns;
          },
          payload);
      NoteLongest(SystemClock().BoottimeNs() - before_ns);
      // Idle, now and then, while the others go on.
      if (random() % 2048 == 0) {
        for (int turn = 0; turn < 100; ++turn) std::this_thread::yield();
      }
    }
    running_.fetch_sub(1, std::memory_order_release);
  }
  void NoteLongest(int64_t ns) {
    int64_t longest = longest_ns_.load(std::memory_order_relaxed);
    while (ns > longest && !longest_ns_.compare_exchange_weak(longest, ns)) {
    }
  }

  HeapRings& rings_;
  const uint64_t packets_each_;
  Now& now_;
  std::atomic<int> running_;
  std::atomic<int64_t> longest_ns_{0};
  std::vector<std::thread> threads_;
};

// ------------------------------------------------------------------------------------- order

class RingStressTest : public ::testing::TestWithParam<int> {};

TEST_P(RingStressTest, AllLeaveInTheOrderOfASharedCounter) {
  constexpr uint64_t kEach = 10'000;
  const int producers = GetParam();
  HeapRings rings(producers, 16 << 10);
  Merger merger(rings.set());
  Checker checker(producers);
  SharedCounter now;
  Crowd crowd(rings, producers, kEach, now);
  Consume(
      rings, merger, checker, [&now] { return now(); }, crowd.running());
  crowd.Join();
  EXPECT_EQ(checker.complaint(), "");
  EXPECT_EQ(checker.went_back(), 0u);
  EXPECT_EQ(checker.packets(), kEach * static_cast<uint64_t>(producers));
  EXPECT_EQ(rings.set().BytesInRings(), 0u);
}

TEST_P(RingStressTest, AllLeaveInTheOrderOfTheMachinesClock) {
  constexpr uint64_t kEach = 10'000;
  const int producers = GetParam();
  HeapRings rings(producers, 64 << 10);
  Merger merger(rings.set());
  Checker checker(producers);
  Crowd crowd(rings, producers, kEach, BoottimeNs);
  Consume(rings, merger, checker, BoottimeNs, crowd.running());
  crowd.Join();
  EXPECT_EQ(checker.complaint(), "");
  EXPECT_EQ(checker.packets(), kEach * static_cast<uint64_t>(producers));
  // A machine so loaded that a producer stood still for the bound may bring something late.
  if (crowd.longest_ns() < Merger::kLateBoundNs) {
    EXPECT_EQ(checker.went_back(), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Producers, RingStressTest, ::testing::Values(1, 2, 3, 4));

TEST(RingStressLateTest, ARingThatIsAddedLaterJoinsTheOrder) {
  constexpr uint64_t kEach = 5'000;
  HeapRings rings(2, 16 << 10, /*with_rings=*/false);
  rings.AddRing(0);
  Merger merger(rings.set());
  Checker checker(2);
  SharedCounter now;
  std::atomic<int> running{2};
  const auto produce = [&](int id, uint64_t count) {
    HeapProducer producer(rings, id);
    for (uint64_t sequence = 0; sequence < count; ++sequence) {
      const std::string payload = Payload(static_cast<uint32_t>(id), sequence, 100);
      while (!producer.HasRoom(payload.size())) std::this_thread::yield();
      producer.Packet([&now] { return now(); }, payload);
    }
    running.fetch_sub(1, std::memory_order_release);
  };
  std::thread first(produce, 0, kEach);
  // As the process does it: the reader learns of the ring before the producer does.
  std::thread second([&] {
    while (LoadAcquire(&rings.cpu(0)->head) < 100'000) std::this_thread::yield();
    rings.AddRing(1);
    produce(1, kEach);
  });
  Consume(
      rings, merger, checker, [&now] { return now(); }, running);
  first.join();
  second.join();
  EXPECT_EQ(checker.complaint(), "");
  EXPECT_EQ(checker.went_back(), 0u);
  EXPECT_EQ(checker.packets(), 2 * kEach);
}

// -------------------------------------------------------------------------------------- loss

// One producer that waits for nobody against a consumer that is too slow for it.
TEST(RingStressLossTest, WhatIsLostIsToldExactly) {
  constexpr uint64_t kPackets = 100'000;
  HeapRings rings(1, 8 << 10);
  Merger merger(rings.set());
  Checker checker(1);
  SharedCounter now;
  std::atomic<int> running{1};
  uint64_t refused = 0;
  std::thread producer_thread([&] {
    HeapProducer producer(rings, 0);
    std::minstd_rand random(7);
    for (uint64_t sequence = 0; sequence < kPackets; ++sequence) {
      const auto length = static_cast<uint32_t>(random() % 700);
      if (!producer.Packet([&now] { return now(); }, Payload(0, sequence, length))) ++refused;
      if (random() % 16 == 0) std::this_thread::yield();
    }
    running.fetch_sub(1, std::memory_order_release);
  });
  Consume(
      rings, merger, checker, [&now] { return now(); }, running);
  producer_thread.join();

  const capture_cpu& cpu = *rings.cpu(0);
  EXPECT_EQ(checker.complaint(), "");
  EXPECT_EQ(checker.went_back(), 0u);
  EXPECT_EQ(cpu.lost[CAPTURE_LOST_RING_FULL], refused);
  EXPECT_GT(refused, 0u) << "the ring was never full: nothing was tested";
  EXPECT_EQ(checker.lost(0) + cpu.pending_count, refused);
  EXPECT_EQ(checker.packets() + refused, kPackets);

  // What is still pending comes with the next packet.
  HeapProducer producer(rings, 0);
  EXPECT_TRUE(producer.Packet([&now] { return now(); }, Payload(0, kPackets, 50)));
  merger.ObserveAll();
  merger.Drain(checker);
  EXPECT_EQ(checker.complaint(), "");
  EXPECT_EQ(checker.lost(0), refused);
  EXPECT_EQ(checker.next(0), kPackets + 1);
}

// The same with several rings: a merger each, because a loss does not say whose it is.
TEST(RingStressLossTest, WhatIsLostIsToldExactlyInEachOfThreeRings) {
  constexpr uint64_t kPackets = 30'000;
  constexpr int kProducers = 3;
  HeapRings rings(kProducers, 4 << 10);
  SharedCounter now;
  std::atomic<int> running{kProducers};
  std::vector<uint64_t> refused(kProducers);
  std::vector<std::thread> threads;
  threads.reserve(kProducers);
  for (int id = 0; id < kProducers; ++id) {
    threads.emplace_back([&, id] {
      HeapProducer producer(rings, id);
      for (uint64_t sequence = 0; sequence < kPackets; ++sequence) {
        const std::string payload =
            Payload(static_cast<uint32_t>(id), sequence, static_cast<uint32_t>(sequence % 600));
        if (!producer.Packet([&now] { return now(); }, payload)) ++refused[id];
        if (sequence % 16 == 0) std::this_thread::yield();
      }
      running.fetch_sub(1, std::memory_order_release);
    });
  }
  // Counts of losses over all rings, and whether each packet is whole and in its place.
  struct Sums {
    bool OnPacket(const RecordView& view) {
      Stamp stamp;
      std::memcpy(&stamp, view.payload, sizeof(stamp));
      const std::string expected = Payload(stamp.producer, stamp.sequence, stamp.length);
      if (view.length != expected.size() ||
          std::memcmp(view.payload, expected.data(), expected.size()) != 0) {
        ++torn;
      } else if (stamp.sequence < next[stamp.producer]) {
        ++out_of_order;
      } else {
        next[stamp.producer] = stamp.sequence + 1;
      }
      ++packets;
      return true;
    }
    bool OnLoss(uint64_t, const capture_loss& loss) {
      lost += loss.count;
      return true;
    }
    bool OnStep(uint64_t, const capture_step&) { return true; }
    bool OnSettings(uint64_t, const capture_settings&) { return true; }
    uint64_t packets = 0, lost = 0, torn = 0, out_of_order = 0;
    uint64_t next[kProducers] = {};
  } sums;
  Merger merger(rings.set());
  while (running.load(std::memory_order_acquire) > 0) {
    merger.Observe(static_cast<int64_t>(now()));
    merger.Drain(sums);
    MoveTails(rings, merger);
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  merger.ObserveAll();
  merger.Drain(sums);

  uint64_t all_refused = 0;
  uint64_t pending = 0;
  for (int id = 0; id < kProducers; ++id) {
    EXPECT_EQ(rings.cpu(id)->lost[CAPTURE_LOST_RING_FULL], refused[id]);
    all_refused += refused[id];
    pending += rings.cpu(id)->pending_count;
  }
  EXPECT_EQ(sums.torn, 0u);
  EXPECT_EQ(sums.out_of_order, 0u);
  EXPECT_EQ(sums.lost + pending, all_refused);
  EXPECT_EQ(sums.packets + all_refused, kPackets * kProducers);
}

// ------------------------------------------------------------------------------- wrap-around

// A record of every length begins at every place of a small ring; those near the end run over into
// the slack. Another stands before and behind it.
TEST(RingWrapTest, RecordsOfEveryLengthAtEveryOffset) {
  constexpr uint64_t kRing = 1024;
  HeapRings rings(1, kRing);
  HeapProducer producer(rings, 0);
  Merger merger(rings.set());
  Checker checker(1);
  uint64_t sequence = 0;
  uint64_t time_ns = 1;
  uint64_t begun_at[kRing / CAPTURE_RECORD_ALIGN] = {};
  const auto put = [&](uint32_t length) {
    ++begun_at[(rings.cpu(0)->head & (kRing - 1)) / CAPTURE_RECORD_ALIGN];
    ASSERT_TRUE(producer.PacketAt(time_ns++, Payload(0, sequence++, length)));
  };
  for (uint32_t length = sizeof(Stamp); length <= 600; ++length) {
    for (uint32_t round = 0; round < 16; ++round) {
      put(length);
      put(static_cast<uint32_t>(sizeof(Stamp) + (length * 7 + round * 64) % 300));
      merger.ObserveAll();
      ASSERT_EQ(merger.Drain(checker), DrainResult::kDrained);
      MoveTails(rings, merger);
      ASSERT_EQ(checker.complaint(), "") << "length " << length << " round " << round;
    }
  }
  EXPECT_EQ(checker.packets(), sequence);
  EXPECT_GT(*std::min_element(std::begin(begun_at), std::end(begun_at)), 0u)
      << "a place at which no record began";
}

TEST(RingWrapTest, EveryLengthAcrossTheEndFromEveryPlaceBeforeIt) {
  constexpr uint64_t kRing = 512;
  HeapRings rings(1, kRing);
  HeapProducer producer(rings, 0);
  for (uint64_t place = 0; place < kRing; place += CAPTURE_RECORD_ALIGN) {
    for (uint32_t length = sizeof(Stamp); length <= kRing - 80; length += 5) {
      SCOPED_TRACE(absl::StrCat("place ", place, " length ", length));
      rings.BeginAt(0, 7 * kRing + place);
      Merger merger(rings.set());
      Checker checker(1);
      const uint64_t time_ns = place + length + 1;  // any
      ASSERT_TRUE(
          producer.Put(time_ns, CAPTURE_RECORD_PACKET, Payload(0, 0, length).data(), length));
      ASSERT_TRUE(producer.Put(time_ns, CAPTURE_RECORD_PACKET, Payload(0, 1, 24).data(), 24));
      merger.ObserveAll();
      merger.Drain(checker);
      ASSERT_EQ(checker.complaint(), "");
      ASSERT_EQ(checker.packets(), 2u);
    }
  }
}

TEST(RingWrapTest, TheLongestRecordFitsBehindTheLastPlaceOfTheSmallestRing) {
  HeapRings rings(1, CAPTURE_RING_MIN_BYTES);
  rings.BeginAt(0, uint64_t{5} * CAPTURE_RING_MIN_BYTES - CAPTURE_RECORD_ALIGN);
  HeapProducer producer(rings, 0);
  Merger merger(rings.set());
  Checker checker(1);
  ASSERT_TRUE(producer.PacketAt(1, Payload(0, 0, CAPTURE_MAX_SNAPLEN)));
  ASSERT_TRUE(producer.PacketAt(2, Payload(0, 1, 60)));
  merger.ObserveAll();
  merger.Drain(checker);
  EXPECT_EQ(checker.complaint(), "");
  EXPECT_EQ(checker.packets(), 2u);
}

TEST(RingWrapTest, AFullRingIsRefusedFromEveryPlace) {
  constexpr uint64_t kRing = 512;
  for (uint64_t place = 0; place < kRing; place += CAPTURE_RECORD_ALIGN) {
    SCOPED_TRACE(place);
    HeapRings rings(1, kRing);
    rings.BeginAt(0, 3 * kRing + place);
    HeapProducer producer(rings, 0);
    ASSERT_TRUE(producer.PacketAt(1, Payload(0, 0, 240)));  // 256
    ASSERT_TRUE(producer.PacketAt(2, Payload(0, 1, 232)));  // 248: eight bytes are left
    ASSERT_FALSE(producer.PacketAt(3, ""));
    Merger merger(rings.set());
    Checker checker(1);
    merger.ObserveAll();
    merger.Drain(checker);
    ASSERT_EQ(checker.complaint(), "");
    ASSERT_EQ(checker.packets(), 2u);
  }
}

}  // namespace
}  // namespace dns_monitor
