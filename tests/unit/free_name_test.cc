#include "dns_monitor/archive/free_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_disk.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;

class FreeNameTest : public testing::Test {
 protected:
  FreeNameTest() { disk_.AddFile(name_.Part(), 1); }

  FakeDisk disk_;
  SegmentName name_{"eth0", absl::CivilSecond(2026, 11, 23, 21, 10, 0), false, 0};
};

TEST_F(FreeNameTest, IsTheOwnOneWhenNobodyHasIt) {
  EXPECT_FALSE(NameIsTaken(disk_, name_));
  EXPECT_TRUE(RenameToFreeName(disk_, &name_).ok());
  EXPECT_TRUE(NameIsTaken(disk_, name_));
  EXPECT_THAT(disk_.Names(), ElementsAre("eth0.20261123_2110.pcap"));
}

TEST_F(FreeNameTest, IsTheNextThatNobodyHasCompressedOrNot) {
  disk_.AddFile("eth0.20261123_2110.pcap", 7);
  disk_.AddFile("eth0.20261123_2110-1.pcap.zst", 8);
  EXPECT_TRUE(RenameToFreeName(disk_, &name_).ok());
  EXPECT_EQ(name_.Pcap(), "eth0.20261123_2110-2.pcap");
  EXPECT_EQ(disk_.Content("eth0.20261123_2110.pcap").size(), 7u);
  EXPECT_EQ(disk_.Content("eth0.20261123_2110-2.pcap").size(), 1u);
}

TEST_F(FreeNameTest, IsTheNextWhenSomebodyTakesItMeanwhile) {
  disk_.Fail(DiskOp::kRename, name_.Part(), absl::AlreadyExistsError("taken"), 2);
  EXPECT_TRUE(RenameToFreeName(disk_, &name_).ok());
  EXPECT_EQ(name_.ordinal, 2);
}

TEST_F(FreeNameTest, IsNotLookedForAfterAnError) {
  disk_.AddFile(name_.Pcap(), 7);
  disk_.Fail(DiskOp::kRename, name_.Part(), absl::DataLossError("Input/output error"));
  EXPECT_EQ(RenameToFreeName(disk_, &name_).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(name_.ordinal, 0) << "it is still called so";
}

}  // namespace
}  // namespace dns_monitor
