#include "src/tap/near_memory.h"

#include <gtest/gtest.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "support/capture_directory.h"

namespace dns_monitor {
namespace {

int Policy() {
  int mode = -1;
  EXPECT_EQ(syscall(SYS_get_mempolicy, &mode, nullptr, 0, nullptr, 0), 0);
  return mode;
}

// The policy is one thread's, so each test has one for itself.
template <typename Test>
void InThread(Test test) {
  std::thread(test).join();
}

TEST(NodeOfCpu, IsNamedInItsDirectory) {
  const CaptureDirectory sys;
  std::filesystem::create_directories(sys.path() + "/cpu3/node1");
  std::filesystem::create_directories(sys.path() + "/cpu3/topology");
  std::filesystem::create_directories(sys.path() + "/cpu10/node12");
  EXPECT_EQ(NodeOfCpu(3, sys.path()), 1);
  EXPECT_EQ(NodeOfCpu(10, sys.path()), 12);
}

TEST(NodeOfCpu, IsNoneWhereTheKernelKnowsNone) {
  const CaptureDirectory sys;
  std::filesystem::create_directories(sys.path() + "/cpu0/topology");
  std::filesystem::create_directories(sys.path() + "/cpu1/nodes");
  EXPECT_EQ(NodeOfCpu(0, sys.path()), std::nullopt);
  EXPECT_EQ(NodeOfCpu(1, sys.path()), std::nullopt);
  EXPECT_EQ(NodeOfCpu(2, sys.path()), std::nullopt) << "there is no such CPU";
}

TEST(NearMemory, ComesFromTheNodeUntilItEnds) {
  InThread([] {
    {
      const NearMemory near(0);
      EXPECT_EQ(Policy(), MPOL_PREFERRED);
    }
    EXPECT_EQ(Policy(), MPOL_DEFAULT);
  });
}

TEST(NearMemory, LeavesThePolicyThatTheUserChose) {
  InThread([] {
    const unsigned long first_node = 1;
    ASSERT_EQ(syscall(SYS_set_mempolicy, MPOL_BIND, &first_node, sizeof(first_node) * 8), 0);
    {
      const NearMemory near(0);
      EXPECT_EQ(Policy(), MPOL_BIND);
    }
    EXPECT_EQ(Policy(), MPOL_BIND);
  });
}

TEST(NearMemory, ChoosesNothingWithoutANode) {
  InThread([] {
    const NearMemory near(std::nullopt);
    EXPECT_EQ(Policy(), MPOL_DEFAULT);
  });
}

}  // namespace
}  // namespace dns_monitor
