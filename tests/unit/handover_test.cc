#include "src/capture/handover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/heap_rings.h"

namespace dns_monitor {
namespace {

using ::testing::Optional;

constexpr uint64_t kRing = CAPTURE_RING_MIN_BYTES;
constexpr int64_t kSecond = 1'000'000'000;

class BridgeEstimateTest : public testing::Test {
 protected:
  // So many bytes have come into the ring of each CPU since they were made.
  void SampleAt(int64_t now_ns, uint64_t first, uint64_t second) {
    rings_.cpu(0)->head = first;
    rings_.cpu(1)->head = second;
    bridge_.Sample(now_ns, rings_.set());
  }

  // In seconds, rounded: it is an estimate.
  std::optional<int64_t> Bridged() const {
    const std::optional<int64_t> bridged_ns = bridge_.BridgedNs();
    if (!bridged_ns) return std::nullopt;
    return (*bridged_ns + kSecond / 2) / kSecond;
  }

  HeapRings rings_{2, kRing};
  BridgeEstimate bridge_;
};

TEST_F(BridgeEstimateTest, KnowsNothingBeforeTwoSamples) {
  EXPECT_EQ(Bridged(), std::nullopt);
  SampleAt(5 * kSecond, kRing / 2, 0);
  EXPECT_EQ(Bridged(), std::nullopt) << "nobody knows since when";
}

TEST_F(BridgeEstimateTest, TellsHowLongARingLasts) {
  SampleAt(5 * kSecond, 1000, 1000);
  SampleAt(6 * kSecond, 1000 + kRing / 8, 1000);
  EXPECT_THAT(Bridged(), Optional(8));
}

TEST_F(BridgeEstimateTest, GoesByTheCpuToWhichMostComes) {
  SampleAt(5 * kSecond, kRing * 100, 0);  // long ago
  SampleAt(7 * kSecond, kRing * 100 + kRing / 16, kRing / 2);
  EXPECT_THAT(Bridged(), Optional(4));
}

TEST_F(BridgeEstimateTest, GoesByTheLastTwoSamples) {
  SampleAt(0 * kSecond, 0, 0);
  SampleAt(1 * kSecond, kRing, 0);
  EXPECT_THAT(Bridged(), Optional(1));
  SampleAt(2 * kSecond, kRing + kRing / 4, 0);
  EXPECT_THAT(Bridged(), Optional(4));
  SampleAt(3 * kSecond, kRing + kRing / 4, 0);
  EXPECT_EQ(Bridged(), std::nullopt) << "nothing comes";
}

TEST_F(BridgeEstimateTest, IsNotMisledByTwoSamplesAtOneTime) {
  SampleAt(1 * kSecond, 0, 0);
  SampleAt(2 * kSecond, kRing / 4, 0);
  SampleAt(2 * kSecond, kRing / 4 + 8, 0);
  EXPECT_THAT(Bridged(), Optional(4));
}

// --- What this process has to account for ---

TEST(Handover, CountsAllWithoutAProcessBefore) {
  HeapRings rings(1, kRing);
  rings.cpu(0)->seen = 9;
  rings.cpu(0)->matched = 4;
  const Notifier nobody;
  const Handover handover(&nobody, {});
  EXPECT_FALSE(handover.before().has_value());
  EXPECT_FALSE(handover.holds());
  EXPECT_FALSE(handover.Known({.interface = "eth0", .start = {}}).has_value());
  EXPECT_EQ(CountedSince(rings.set(), handover.before()).seen, 9u);
  EXPECT_EQ(CountedSince(rings.set(), handover.before()).matched, 4u);
}

}  // namespace
}  // namespace dns_monitor
