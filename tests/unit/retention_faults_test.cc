// Retention where listing or removing fails, or takes too long.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dns_monitor/retention/retention.h"
#include "support/retention_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(RetentionTest, ListsAgainAfterAFailureAndSaysItOnce) {
  AddSegment(30);
  disk_.Fail(DiskOp::kList, "", absl::UnavailableError("no list"), 3);
  Retention retention = Make(Age(24));
  for (int pass = 0; pass < 3; ++pass) EnforceLater(retention);
  EXPECT_EQ(log_.Count("no list"), 1);
  EXPECT_THAT(Files(), SizeIs(1));
  EnforceLater(retention);
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(RetentionTest, GoesOnBehindAFileThatCannotBeRemoved) {
  for (int hours = 33; hours >= 30; --hours) AddSegment(hours);
  AddFile(disk_, Pcap(33) + ".json", 33);
  disk_.Fail(DiskOp::kRemove, Pcap(33), absl::PermissionDeniedError("immutable"));
  Make(Age(24)).Enforce();
  EXPECT_THAT(Files(), ElementsAre(Pcap(33), Pcap(33) + ".json"));
}

TEST_F(RetentionTest, RetriesAFailureWithLongerAndLongerPauses) {
  AddSegment(30);
  const std::string name = Pcap(30);
  disk_.Fail(DiskOp::kRemove, name, absl::PermissionDeniedError("immutable"));
  Retention retention = Make(Age(24));
  EXPECT_EQ(retention.Enforce(), kInterval);  // does not spin
  EXPECT_EQ(retention.Enforce(), kInterval);
  EXPECT_EQ(disk_.CountCalls("Remove " + name), 1);
  EnforceLater(retention);  // 10 s
  EXPECT_EQ(disk_.CountCalls("Remove " + name), 2);
  EnforceLater(retention);  // 20 s
  EXPECT_EQ(disk_.CountCalls("Remove " + name), 2);
  EnforceLater(retention);
  EXPECT_EQ(disk_.CountCalls("Remove " + name), 3);
  for (int pass = 0; pass < 24 * 360; ++pass) EnforceLater(retention);
  EXPECT_LT(disk_.CountCalls("Remove " + name), 40);  // hourly at last
  EXPECT_GT(disk_.CountCalls("Remove " + name), 24);
  EXPECT_EQ(log_.Count("immutable"), 1);
  disk_.ClearFailures();
  clock_.Advance(kHour);
  retention.Enforce();
  EXPECT_FALSE(disk_.Exists(name));
}

TEST_F(RetentionTest, SaysOnceThatAWholeDirectoryRefuses) {
  for (int hours = 50; hours >= 30; --hours) AddSegment(hours);
  disk_.Fail(DiskOp::kRemove, "", absl::FailedPreconditionError("read-only"));
  Retention retention = Make(Age(24));
  for (int pass = 0; pass < 10; ++pass) EnforceLater(retention);
  EXPECT_EQ(log_.Count("read-only"), 1);
  EXPECT_EQ(retention.segment_count(), 21u);
}

TEST_F(RetentionTest, RetriesALedgerThatStayedBehind) {
  AddSegment(30);
  AddFile(disk_, Pcap(30) + ".json", 30, kKiB);
  disk_.Fail(DiskOp::kRemove, Pcap(30) + ".json", absl::PermissionDeniedError("immutable"), 1);
  Retention retention = Make(Age(24));
  retention.Enforce();
  EXPECT_FALSE(Has(30));
  EXPECT_EQ(retention.total_bytes(), 0);
  EnforceLater(retention);
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_EQ(retention.segment_count(), 0u);
}

TEST_F(RetentionTest, StopsWhenItsTimeIsOver) {
  for (int hours = 33; hours >= 30; --hours) AddSegment(hours);
  Retention retention = Make(Age(24));
  disk_.SetHook([&](DiskOp op, const std::string&) {
    if (op == DiskOp::kRemove) retention.EndBy(clock_.BoottimeNs());
  });
  retention.Enforce();
  EXPECT_THAT(Files(), SizeIs(3));
}

}  // namespace
}  // namespace dns_monitor
