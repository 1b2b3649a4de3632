#include "dns_monitor/base/clock.h"

#include <gtest/gtest.h>
#include <sys/timex.h>

namespace dns_monitor {
namespace {

TEST(SystemClock, ReadsTheTaiOffsetThatTheKernelHas) {
  timex state{};  // no modes: only read
  ASSERT_GE(adjtimex(&state), 0);
  EXPECT_EQ(SystemClock().TaiOffsetNs(), state.tai * kNanosecondsPerSecond);
}

}  // namespace
}  // namespace dns_monitor
