// Producers and the consumer at once, over the lines that the filter runs (bpf/ring_produce.h):
// what leaves the rings is whole, complete and in order. Meant for ThreadSanitizer; true without
// it, too.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "dns_monitor/base/clock.h"
#include "dns_monitor/ring/merger.h"
#include "support/heap_rings.h"
#include "support/ring_checker.h"

namespace dns_monitor {
namespace {

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
      const std::string payload = StampedPayload(static_cast<uint32_t>(id), sequence,
                                                 static_cast<uint32_t>(random() % 900));
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

class RingStressTest : public ::testing::TestWithParam<int> {};

TEST_P(RingStressTest, AllLeaveInTheOrderOfASharedCounter) {
  constexpr uint64_t kEach = 10'000;
  const int producers = GetParam();
  HeapRings rings(producers, 16 << 10);
  Merger merger(rings.set());
  RingChecker checker(producers);
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
  RingChecker checker(producers);
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
  RingChecker checker(2);
  SharedCounter now;
  std::atomic<int> running{2};
  const auto produce = [&](int id, uint64_t count) {
    HeapProducer producer(rings, id);
    for (uint64_t sequence = 0; sequence < count; ++sequence) {
      const std::string payload = StampedPayload(static_cast<uint32_t>(id), sequence, 100);
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

}  // namespace
}  // namespace dns_monitor
