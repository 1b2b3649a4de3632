// Producers that wait for nobody and a consumer that is too slow for them: what is lost is told
// exactly, and the rest leaves whole and in order. Meant for ThreadSanitizer; true without it, too.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "dns_monitor/ring/merger.h"
#include "support/heap_rings.h"
#include "support/ring_checker.h"

namespace dns_monitor {
namespace {

// One producer that waits for nobody against a consumer that is too slow for it.
TEST(RingStressLossTest, WhatIsLostIsToldExactly) {
  constexpr uint64_t kPackets = 100'000;
  HeapRings rings(1, 8 << 10);
  Merger merger(rings.set());
  RingChecker checker(1);
  SharedCounter now;
  std::atomic<int> running{1};
  uint64_t refused = 0;
  std::thread producer_thread([&] {
    HeapProducer producer(rings, 0);
    std::minstd_rand random(7);
    for (uint64_t sequence = 0; sequence < kPackets; ++sequence) {
      const auto length = static_cast<uint32_t>(random() % 700);
      if (!producer.Packet([&now] { return now(); }, StampedPayload(0, sequence, length)))
        ++refused;
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
  EXPECT_EQ(checker.lost() + cpu.pending_count, refused);
  EXPECT_EQ(checker.packets() + refused, kPackets);

  // What is still pending comes with the next packet.
  HeapProducer producer(rings, 0);
  EXPECT_TRUE(producer.Packet([&now] { return now(); }, StampedPayload(0, kPackets, 50)));
  merger.ObserveAll();
  merger.Drain(checker);
  EXPECT_EQ(checker.complaint(), "");
  EXPECT_EQ(checker.lost(), refused);
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
        const std::string payload = StampedPayload(static_cast<uint32_t>(id), sequence,
                                                   static_cast<uint32_t>(sequence % 600));
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
      const std::string expected = StampedPayload(stamp.producer, stamp.sequence, stamp.length);
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
    bool OnLoss(int, uint64_t, const capture_loss& loss) {
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

}  // namespace
}  // namespace dns_monitor
