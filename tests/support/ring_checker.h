// Packets that carry their producer and number, and the consumer that holds what leaves the rings
// against them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/ring/merger.h"
#include "support/heap_rings.h"

namespace dns_monitor {

// What each payload begins with; bytes counting up from `sequence` follow.
struct Stamp {
  uint64_t sequence;
  uint64_t time_ns;
  uint32_t producer;
  uint32_t length;
};

inline std::string StampedPayload(uint32_t producer, uint64_t sequence, uint32_t length) {
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
class RingChecker {
 public:
  explicit RingChecker(int producers) : next_(producers) {}

  bool OnPacket(const RecordView& view) {
    Stamp stamp;
    if (view.length < sizeof(stamp)) return Fail(absl::StrCat("length ", view.length));
    std::memcpy(&stamp, view.payload, sizeof(stamp));
    if (stamp.producer >= next_.size()) return Fail("no such producer");
    const std::string expected =
        StampedPayload(stamp.producer, next_[stamp.producer], stamp.length);
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
  // For one producer only: a loss does not say whose it is.
  bool OnLoss(int, uint64_t time_ns, const capture_loss& loss) {
    CheckOrder(time_ns);
    if (loss.cause != CAPTURE_LOST_RING_FULL || loss.count == 0) return Fail("not a loss");
    if (loss.from_ns > loss.to_ns || loss.to_ns > time_ns) return Fail("times of a loss");
    if (loss.from_ns < last_loss_to_ns_) return Fail("losses overlap");
    last_loss_to_ns_ = loss.to_ns;
    lost_ += loss.count;
    next_[0] += loss.count;
    return true;
  }
  bool OnStep(uint64_t, const capture_step&) { return Fail("a step"); }
  bool OnSettings(uint64_t, const capture_settings&) { return Fail("settings"); }

  uint64_t packets() const { return packets_; }
  uint64_t next(int producer) const { return next_[producer]; }
  uint64_t lost() const { return lost_; }
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
  uint64_t packets_ = 0;
  uint64_t lost_ = 0;
  uint64_t last_loss_to_ns_ = 0;
  uint64_t last_ns_ = 0;
  uint64_t went_back_ = 0;
  std::string complaint_;
};

// The writer's part: gives back what was taken.
inline void MoveTails(HeapRings& rings, const Merger& merger) {
  for (int cpu = 0; cpu < rings.set().cpu_count(); ++cpu) {
    StoreRelease(&rings.cpu(cpu)->tail, merger.cursors()[cpu]);
  }
}

// Takes until `producing` threads are done, then the rest.
template <typename Now>
void Consume(HeapRings& rings, Merger& merger, RingChecker& checker, Now now,
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

}  // namespace dns_monitor
