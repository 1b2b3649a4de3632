#include "src/tap/ring_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bpf/capture_abi.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;

constexpr uint64_t kMiB = uint64_t{1} << 20;

TEST(RingPlan, GivesEachPresentCpuARing) {
  const auto plan = PlanRings({0, 1}, {0, 1, 2, 3}, 64 * kMiB, 1024 * kMiB);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->ring_bytes, 64 * kMiB);
  EXPECT_THAT(plan->cpus, ElementsAre(0, 1, 2, 3));
}

TEST(RingPlan, GivesOnlineCpusTheirsFirst) {
  const auto plan = PlanRings({1, 3}, {0, 1, 2, 3}, 4 * kMiB, 3 * RingMapBytes(4 * kMiB));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->ring_bytes, 4 * kMiB) << "no ring is made smaller for a CPU that is offline";
  EXPECT_THAT(plan->cpus, ElementsAre(1, 3, 0));
}

TEST(RingPlan, MakesRingsSmallerUntilAllOnlineCpusHaveOne) {
  const auto plan = PlanRings({0, 1}, {0, 1, 2}, 4 * kMiB, 2 * RingMapBytes(2 * kMiB));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->ring_bytes, 2 * kMiB);
  EXPECT_THAT(plan->cpus, ElementsAre(0, 1));
}

TEST(RingPlan, RefusesLessThanOnlineCpusNeed) {
  const uint64_t least = 2 * RingMapBytes(CAPTURE_RING_MIN_BYTES);
  EXPECT_TRUE(PlanRings({0, 1}, {0, 1, 2}, kMiB, least).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(PlanRings({0, 1}, {0, 1}, kMiB, least - 1).status()));
}

}  // namespace
}  // namespace dns_monitor
