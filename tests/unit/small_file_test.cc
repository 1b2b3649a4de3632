#include "dns_monitor/archive/small_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_disk.h"

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;

TEST(SmallFile, IsReadAsAWhole) {
  FakeDisk disk;
  disk.AddContent("a", std::string("x\0y", 3));
  disk.AddFile("empty", 0);
  disk.AddFile("large", kMostSmallFileBytes + 1);
  EXPECT_EQ(*ReadSmallFile(disk, "a"), std::string("x\0y", 3));
  EXPECT_EQ(*ReadSmallFile(disk, "empty"), "");
  EXPECT_EQ(ReadSmallFile(disk, "none").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ReadSmallFile(disk, "large").status().code(), StatusCode::kOutOfRange);
  disk.Fail(DiskOp::kReadAt, "a", absl::DataLossError("Input/output error"));
  EXPECT_EQ(ReadSmallFile(disk, "a").status().code(), StatusCode::kDataLoss);
}

TEST(SmallFile, IsReplacedInTheOrderThatSurvivesACrash) {
  FakeDisk disk;
  disk.AddContent("a", "old");
  disk.AddContent("a.new", "of a crash, and longer than the new one");
  ASSERT_TRUE(ReplaceSmallFile(disk, "a", "new", 0604, 42).ok());
  EXPECT_EQ(disk.Content("a"), "new");
  EXPECT_EQ(disk.Mode("a"), 0604u);
  EXPECT_EQ(disk.Group("a"), 42);
  EXPECT_THAT(disk.Names(), ElementsAre("a"));
  EXPECT_THAT(disk.Calls(),
              ElementsAre("Create a.new", "Remove a.new", "Create a.new", "SetAccess a.new",
                          "WriteAt a.new", "SyncFile a.new", "Replace a.new", "SyncDirectory"));
  ASSERT_TRUE(ReplaceSmallFile(disk, "b", "", 0600).ok());
  EXPECT_EQ(disk.Content("b"), "");
}

struct Fault {
  DiskOp op;
  const char* name;
  bool replaced;  // all the same
};

class SmallFileFaultTest : public testing::TestWithParam<Fault> {};

TEST_P(SmallFileFaultTest, LeavesTheOldContentOrTheNewOne) {
  FakeDisk disk;
  disk.AddContent("a", "old");
  disk.Fail(GetParam().op, "", absl::ResourceExhaustedError("No space left on device"));
  const absl::Status status = ReplaceSmallFile(disk, "a", "new", 0600);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(disk.Content("a"), GetParam().replaced ? "new" : "old");
  EXPECT_THAT(disk.Names(), ElementsAre("a"));
}

INSTANTIATE_TEST_SUITE_P(EachStep, SmallFileFaultTest,
                         testing::Values(Fault{DiskOp::kCreate, "Create", false},
                                         Fault{DiskOp::kSetAccess, "SetAccess", true},
                                         Fault{DiskOp::kWriteAt, "WriteAt", false},
                                         Fault{DiskOp::kSyncFile, "SyncFile", false},
                                         Fault{DiskOp::kReplace, "Replace", false},
                                         Fault{DiskOp::kSyncDirectory, "SyncDirectory", true}),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace dns_monitor
