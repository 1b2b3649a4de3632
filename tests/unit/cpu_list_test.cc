#include "src/tap/cpu_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(CpuList, TakesNumbersAndRanges) {
  EXPECT_THAT(ParseCpuList("0").value(), ElementsAre(0));
  EXPECT_THAT(ParseCpuList("0-3").value(), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(ParseCpuList("0-1,3,5-6").value(), ElementsAre(0, 1, 3, 5, 6));
  EXPECT_THAT(ParseCpuList("7-7").value(), ElementsAre(7));
}

TEST(CpuList, TakesTheNewlineOfTheFile) {
  EXPECT_THAT(ParseCpuList("0-1\n").value(), ElementsAre(0, 1));
}

TEST(CpuList, TellsWhatIsNone) {
  for (const char* text :
       {"", "a", "1-", "-1", "3-1", "0,,2", "0-1-2", "0,", "1.5", "99999999999"}) {
    const auto cpus = ParseCpuList(text);
    EXPECT_EQ(cpus.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(cpus.status().message()), HasSubstr(text));
  }
}

TEST(CpuList, KnowsThisMachine) {
  for (const char* path : {kOnlineCpus, kPresentCpus}) {
    const auto file = CpuListFile::Open(path);
    ASSERT_TRUE(file.ok()) << file.status();
    for (int time = 0; time < 2; ++time) {
      const auto cpus = file->Read();
      ASSERT_TRUE(cpus.ok()) << cpus.status();
      EXPECT_THAT(*cpus, Not(IsEmpty()));
      EXPECT_TRUE(std::is_sorted(cpus->begin(), cpus->end()));
    }
  }
  EXPECT_TRUE(absl::IsNotFound(CpuListFile::Open("/sys/devices/system/cpu/none").status()));
}

}  // namespace
}  // namespace dns_monitor
