#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

#include "dns_monitor/base/thread.h"

namespace dns_monitor {
namespace {

// Of the calling thread.
cpu_set_t Allowed() {
  cpu_set_t cpus;
  EXPECT_EQ(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
  return cpus;
}

cpu_set_t Without(cpu_set_t cpus, int cpu) {
  CPU_CLR(static_cast<size_t>(cpu), &cpus);
  return cpus;
}

// What is allowed is one thread's, so each test has one for itself.
template <typename Test>
void InThread(Test test) {
  std::thread(test).join();
}

TEST(CpuAvoider, LeavesOneCpuAndThenAnother) {
  InThread([] {
    const cpu_set_t all = Allowed();
    if (CPU_COUNT(&all) < 2) GTEST_SKIP() << "needs two CPUs";
    CpuAvoider avoider;
    for (int time = 0; time < 3; ++time) {
      const int cpu = sched_getcpu();
      avoider.Avoid(cpu);
      const cpu_set_t now = Allowed();
      const cpu_set_t expected = Without(all, cpu);
      EXPECT_TRUE(CPU_EQUAL(&now, &expected));
      EXPECT_NE(sched_getcpu(), cpu);
    }
  });
}

TEST(CpuAvoider, StaysWhereThereIsNoOther) {
  InThread([] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(sched_getcpu()), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    CpuAvoider avoider;
    avoider.Avoid(sched_getcpu());
    const cpu_set_t now = Allowed();
    EXPECT_TRUE(CPU_EQUAL(&now, &one));
  });
}

TEST(CpuAvoider, TakesNoCpuThatWasNotAllowed) {
  InThread([] {
    const cpu_set_t all = Allowed();
    if (CPU_COUNT(&all) < 2) GTEST_SKIP() << "needs two CPUs";
    const int first = sched_getcpu();
    const cpu_set_t others = Without(all, first);
    ASSERT_EQ(sched_setaffinity(0, sizeof(others), &others), 0);
    CpuAvoider avoider;
    avoider.Avoid(first);
    const cpu_set_t now = Allowed();
    EXPECT_TRUE(CPU_EQUAL(&now, &others));
  });
}

TEST(CpuAvoider, IgnoresWhatIsNoCpu) {
  InThread([] {
    const cpu_set_t all = Allowed();
    CpuAvoider avoider;
    avoider.Avoid(-1);
    avoider.Avoid(CPU_SETSIZE);
    const cpu_set_t now = Allowed();
    EXPECT_TRUE(CPU_EQUAL(&now, &all));
  });
}

}  // namespace
}  // namespace dns_monitor
