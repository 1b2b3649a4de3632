// The limit on free space, as one capture keeps it that has the disk to itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns_monitor/retention/retention.h"
#include "support/retention_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(RetentionTest, RemovesForFreeSpaceWhatIsMissing) {
  for (int hours = 5; hours >= 1; --hours) AddSegment(hours);
  SetFree(100 * kMiB);
  Retention retention = Make(Free(100 * kMiB));
  retention.Enforce();
  EXPECT_THAT(Files(), SizeIs(5));
  SetFree(98 * kMiB + kKiB);
  EnforceLater(retention);
  EXPECT_THAT(Files(), SizeIs(3));
  EXPECT_FALSE(disk_.Exists(Pcap(5)));
  EXPECT_THAT(log_.Lines()[0], HasSubstr("free space 98.0 MiB, limit 100 MiB"));
}

TEST_F(RetentionTest, TakesTheGreaterOfBothLimitsOnFreeSpace) {
  for (int hours = 5; hours >= 1; --hours) AddSegment(hours);
  SetFree(100 * kMiB);  // of 1024
  RetentionLimits limits = Free(kMiB);
  limits.min_free_fraction = 102.0 / 1024;
  Make(limits).Enforce();
  EXPECT_THAT(Files(), SizeIs(3));
  limits.min_free_bytes = 103 * kMiB;
  Make(limits).Enforce();
  EXPECT_THAT(Files(), SizeIs(2));
}

TEST_F(RetentionTest, DoesNotRemoveTwiceWhatIsFreedLate) {
  for (int hours = 5; hours >= 1; --hours) AddSegment(hours);
  SetFree(99 * kMiB);
  disk_.SetReclaims(false);
  Retention retention = Make(Free(100 * kMiB));
  for (int pass = 0; pass < 5; ++pass) retention.Enforce();
  EXPECT_THAT(Files(), SizeIs(4));
  SetFree(100 * kMiB);
  EnforceLater(retention);
  EXPECT_THAT(Files(), SizeIs(4));
}

TEST_F(RetentionTest, RefusesALimitThatTheFileSystemCannotMeet) {
  const DiskSpace space = {1024 * kMiB, 10 * kMiB, 1};
  EXPECT_TRUE(CheckLimits(Free(1024 * kMiB - 1), space).ok());
  const absl::Status whole = CheckLimits(Free(1024 * kMiB), space);
  EXPECT_TRUE(absl::IsOutOfRange(whole));
  EXPECT_EQ(whole.message(),
            "--min-free: 1.00 GiB can never be free: the file system has 1.00 GiB in all, and "
            "every file would be deleted");
  EXPECT_TRUE(absl::IsOutOfRange(CheckLimits(Free(7000 * (int64_t{1} << 50)), space)));
}

TEST_F(RetentionTest, RefusesNoOtherLimits) {
  const DiskSpace space = {kMiB, 0, 1};
  RetentionLimits limits = Size(kMiB * kMiB);
  limits.max_age_ns = kHour;
  limits.min_free_fraction = 0.999;
  EXPECT_TRUE(CheckLimits(limits, space).ok());
  EXPECT_TRUE(CheckLimits(Free(2 * kMiB), absl::UnavailableError("no figures")).ok());
}

TEST_F(RetentionTest, LooksAtTheFreeSpaceEachSecond) {
  Retention retention = Make(Free(100 * kMiB));
  EXPECT_EQ(retention.Enforce(), kSecond);
  RetentionLimits limits;
  limits.min_free_fraction = 0.01;
  EXPECT_EQ(Make(limits).Enforce(), kSecond);
}

TEST_F(RetentionTest, ComesBackWhenWhatItRemovedHasSettled) {
  for (int hours = 5; hours >= 1; --hours) AddSegment(hours);
  SetFree(99 * kMiB);
  disk_.SetReclaims(false);
  Retention retention = Make(Free(100 * kMiB));
  EXPECT_EQ(retention.Enforce(), kSecond);
  clock_.Advance(kSecond / 4);
  EXPECT_EQ(retention.Enforce(), 3 * kSecond / 4);
  EXPECT_THAT(Files(), SizeIs(4));
  clock_.Advance(3 * kSecond / 4);
  retention.Enforce();
  EXPECT_THAT(Files(), SizeIs(3));
}

TEST_F(RetentionTest, RemovesForFreeSpaceAlsoWhatCameHereByItself) {
  AddSegment(1);
  Retention retention = Make(Free(100 * kMiB));
  retention.Enforce();
  AddSegment(2);
  SetFree(99 * kMiB);
  EnforceLater(retention);
  EXPECT_THAT(Files(), ElementsAre(Pcap(1)));
  EXPECT_EQ(retention.total_bytes(), kMiB);
}

TEST_F(RetentionTest, SaysOnceThatNothingIsLeft) {
  AddSegment(1);
  SetFree(0);
  Retention retention = Make(Free(100 * kMiB));
  for (int pass = 0; pass < 5; ++pass) EnforceLater(retention);
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_EQ(log_.Count("no finished segment is left"), 1);
}

TEST_F(RetentionTest, SaysOnceThatTheSpaceIsNotKnown) {
  AddSegment(1);
  disk_.Fail(DiskOp::kSpace, "", absl::UnavailableError("no figures"));
  Retention retention = Make(Free(100 * kMiB));
  for (int pass = 0; pass < 5; ++pass) EnforceLater(retention);
  EXPECT_TRUE(Files().size() == 1);
  EXPECT_EQ(log_.Count("no figures"), 1);
}

}  // namespace
}  // namespace dns_monitor
