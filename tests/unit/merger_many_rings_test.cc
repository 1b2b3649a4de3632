// Many rings against a sort: the merger takes turns and runs in different ways.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "dns_monitor/ring/merger.h"
#include "support/heap_rings.h"

namespace dns_monitor {
namespace {

constexpr uint64_t kFirstNs = 5'000'000'000;

// Says which record it got, and whether the merger's cursors stand where they are to.
class Numbers {
 public:
  explicit Numbers(const Merger& merger) : merger_(merger) {}

  bool OnPacket(const RecordView& view) {
    if (room_ == 0) return false;
    --room_;
    Record record{.time_ns = view.time_ns};
    std::memcpy(&record.cpu, view.payload, sizeof(record.cpu));
    std::memcpy(&record.position, view.payload + sizeof(record.cpu), sizeof(record.position));
    EXPECT_EQ(merger_.cursors()[record.cpu], record.position) << "cursors stand at the record";
    taken_.push_back(record);
    return true;
  }
  bool OnLoss(int, uint64_t, const capture_loss&) { return true; }
  bool OnStep(uint64_t, const capture_step&) { return true; }
  bool OnSettings(uint64_t, const capture_settings&) { return true; }

  struct Record {
    uint64_t time_ns = 0;
    uint32_t cpu = 0;
    uint64_t position = 0;
    bool operator==(const Record&) const = default;
  };
  void Limit(size_t count) { room_ = count; }
  const std::vector<Record>& taken() const { return taken_; }

 private:
  const Merger& merger_;
  size_t room_ = 0;
  std::vector<Record> taken_;
};

// Of lanes that take turns, or have long runs, or both in turn; some idle, some with far more than
// others; with equal times; and a sink that refuses now and then.
class ManyRingsTest : public ::testing::TestWithParam<int> {
 protected:
  static constexpr uint64_t kBytes = 1 << 18;

  void Put(uint32_t cpu, uint64_t time_ns) {
    char payload[100] = {};
    const uint64_t position = rings_.cpu(static_cast<int>(cpu))->head;
    std::memcpy(payload, &cpu, sizeof(cpu));
    std::memcpy(payload + sizeof(cpu), &position, sizeof(position));
    const auto length = static_cast<size_t>(Random(12, sizeof(payload)));
    ASSERT_TRUE(HeapProducer(rings_, static_cast<int>(cpu)).PacketAt(time_ns, {payload, length}));
    sent_.push_back({.time_ns = time_ns, .cpu = cpu, .position = position});
  }
  // `count` packets, of this mean run, on a quarter of the rings, another one each time.
  void Send(int count, int mean_run) {
    const auto busy = static_cast<uint32_t>((GetParam() + 3) / 4);
    const uint64_t first = Random(0, static_cast<uint64_t>(GetParam()) - 1);
    uint64_t cpu = first;
    for (int i = 0; i < count; ++i) {
      if (Random(1, static_cast<uint64_t>(mean_run)) == 1) cpu = first + Random(0, busy - 1);
      now_ns_ += Random(0, 3);
      Put(static_cast<uint32_t>(cpu % static_cast<uint64_t>(GetParam())), now_ns_);
    }
  }
  uint64_t Random(uint64_t from, uint64_t to) {
    return std::uniform_int_distribution<uint64_t>(from, to)(random_);
  }
  // In portions.
  void Drain() {
    do {
      numbers_.Limit(Random(0, 300));
    } while (merger_.Drain(numbers_) == DrainResult::kBlocked);
  }
  // All that was sent, in order of time, and of each ring in its order.
  void ExpectAllTaken() {
    EXPECT_TRUE(std::is_sorted(numbers_.taken().begin(), numbers_.taken().end(),
                               [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; }));
    const auto sorted = [](std::vector<Numbers::Record> records) {
      std::stable_sort(records.begin(), records.end(),
                       [](const auto& a, const auto& b) { return a.cpu < b.cpu; });
      return records;
    };
    EXPECT_TRUE(sorted(numbers_.taken()) == sorted(sent_));
  }

  HeapRings rings_{GetParam(), kBytes};
  Merger merger_{rings_.set()};
  Numbers numbers_{merger_};
  std::minstd_rand random_{static_cast<uint32_t>(GetParam())};
  uint64_t now_ns_ = kFirstNs;
  std::vector<Numbers::Record> sent_;
};

TEST_P(ManyRingsTest, AreTakenInOrderWhateverTheirRuns) {
  for (int round = 0; round < 60; ++round) {
    for (const int mean_run : {1, 40}) Send(static_cast<int>(Random(0, 400)), mean_run);
    // Part of what is there is younger than the horizon, at times.
    merger_.Observe(static_cast<int64_t>(now_ns_) + static_cast<int64_t>(Random(9'700, 10'001)));
    Drain();
    for (int cpu = 0; cpu < GetParam(); ++cpu) {
      StoreRelease(&rings_.cpu(cpu)->tail, merger_.cursors()[cpu]);
    }
  }
  merger_.ObserveAll();
  Drain();
  ExpectAllTaken();
  for (int cpu = 0; cpu < GetParam(); ++cpu) {
    EXPECT_EQ(merger_.cursors()[cpu], rings_.cpu(cpu)->head);
  }
}

INSTANTIATE_TEST_SUITE_P(Rings, ManyRingsTest, ::testing::Values(1, 2, 3, 5, 8, 64, 67));

}  // namespace
}  // namespace dns_monitor
