// The limit on free space where several captures fill one disk: who removes what, and when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "dns_monitor/retention/retention.h"
#include "support/retention_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SharedSpaceTest : public RetentionTest {
 protected:
  SharedSpaceTest() {
    peers_.live = {{"/a", "eth0"}, {"/a", "eth1"}, {"/b", "eth2"}};
    SetFree(99 * kMiB);
  }
};

TEST_F(SharedSpaceTest, LeavesTheOldestToItsLiveOwner) {
  AddSegment(9, "eth1");
  AddSegment(8);
  Retention eth0 = Make(Free(100 * kMiB));
  Retention eth1 = Make(Free(100 * kMiB), "eth1");
  eth0.Enforce();
  EXPECT_THAT(disk_.Names(), SizeIs(2));
  eth1.Enforce();
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap(8)));
  eth0.Enforce();
  EXPECT_TRUE(Has(8));
}

TEST_F(SharedSpaceTest, EachRemovesItsShareInOnePass) {
  for (int hours = 9; hours >= 1; --hours) AddSegment(hours, hours % 2 == 0 ? "eth0" : "eth1");
  SetFree(96 * kMiB);
  Retention eth0 = Make(Free(100 * kMiB));
  Retention eth1 = Make(Free(100 * kMiB), "eth1");
  eth0.Enforce();
  EXPECT_FALSE(Has(8));
  EXPECT_FALSE(Has(6));
  EXPECT_TRUE(Has(4));
  eth1.Enforce();
  EXPECT_FALSE(Has(9, "eth1"));
  EXPECT_FALSE(Has(7, "eth1"));
  EXPECT_TRUE(Has(5, "eth1"));
  EXPECT_EQ(disk_.Space()->available_bytes, 100 * kMiB);
}

TEST_F(SharedSpaceTest, TakesAtOnceWhatHasNoLiveOwner) {
  peers_.live.erase({"/a", "eth1"});
  AddSegment(9, "eth1");
  AddFile(disk_, Pcap(9, "eth1") + ".json", 9, kKiB);
  AddSegment(8);
  Make(Free(100 * kMiB)).Enforce();
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap(8)));
}

TEST_F(SharedSpaceTest, TakesWhatAnIdleOwnerLeavesAfterThreeIntervals) {
  for (int hours = 12; hours >= 9; --hours) AddSegment(hours, "eth1");
  AddSegment(8);
  const std::string oldest = Pcap(12, "eth1");
  Retention eth0 = Make(Free(100 * kMiB));
  eth0.Enforce();
  EnforceLater(eth0);
  EnforceLater(eth0);
  EXPECT_THAT(disk_.Names(), SizeIs(5));
  EnforceLater(eth0);
  EXPECT_THAT(disk_.Names(), SizeIs(4));
  EXPECT_FALSE(disk_.Exists(oldest));
  EXPECT_EQ(log_.Count("the capture of eth1 into /a removes nothing"), 1);
  // While the shortage lasts, it is not waited for again; after that it is.
  SetFree(99 * kMiB);
  EnforceLater(eth0);
  EXPECT_THAT(disk_.Names(), SizeIs(3));
  EnforceLater(eth0);
  SetFree(99 * kMiB);
  EnforceLater(eth0);
  EXPECT_THAT(disk_.Names(), SizeIs(3));
}

TEST_F(SharedSpaceTest, GivesAnOwnerThatActsAllTheTime) {
  for (int hours = 20; hours >= 9; --hours) AddSegment(hours, "eth1");
  AddSegment(8);
  const std::string own = Pcap(8);
  Retention eth0 = Make(Free(100 * kMiB));
  Retention eth1 = Make(Free(100 * kMiB), "eth1");
  for (int pass = 0; pass < 8; ++pass) {
    SetFree(99 * kMiB);  // filled up again each time
    EnforceLater(eth0);
    eth1.Enforce();
  }
  EXPECT_EQ(log_.Count("removes nothing"), 0);
  EXPECT_EQ(log_.Count("removed /a/eth1"), 8);
  EXPECT_TRUE(disk_.Exists(own));
}

TEST_F(SharedSpaceTest, NeverTakesWhatALiveOneIsWriting) {
  disk_.AddFile(Pcap(9, "eth1") + ".part", kMiB, 0);
  disk_.AddFile(Pcap(9, "eth1") + ".json", kMiB, 0);
  peers_.live.clear();
  Make(Free(200 * kMiB)).Enforce();
  EXPECT_THAT(disk_.Names(), SizeIs(2));
}

TEST_F(SharedSpaceTest, ConsidersOtherDirectories) {
  auto other = std::make_shared<FakeDisk>();
  AddFile(*other, Pcap(9, "eth2"), 9);
  AddFile(*other, "notes.txt", 9);
  AddSegment(8);
  peers_.directories = {{"/b", other}};
  Retention retention = Make(Free(100 * kMiB));
  retention.Enforce();
  EXPECT_TRUE(Has(8));
  peers_.live.erase({"/b", "eth2"});
  EnforceLater(retention);
  EXPECT_THAT(other->Names(), ElementsAre("notes.txt"));
  EXPECT_THAT(disk_.Names(), SizeIs(1));
  EXPECT_EQ(log_.Count("removed /b/eth2"), 1);
}

TEST_F(SharedSpaceTest, OrdersEqualNamesByDirectoryForEverybody) {
  auto other = std::make_shared<FakeDisk>();
  AddFile(*other, Pcap(9), 9);
  AddSegment(9);
  peers_.live.insert({"/b", "eth0"});
  peers_.directories = {{"/b", other}};
  Make(Free(100 * kMiB), "eth0", "/c", disk_).Enforce();
  EXPECT_TRUE(Has(9));  // /b comes first
  Make(Free(100 * kMiB)).Enforce();
  EXPECT_FALSE(Has(9));  // /a comes first
}

TEST_F(SharedSpaceTest, GoesOnBehindAForeignFileThatCannotBeRemoved) {
  peers_.live.erase({"/a", "eth1"});
  AddSegment(9, "eth1");
  AddSegment(8);
  disk_.Fail(DiskOp::kRemove, Pcap(9, "eth1"), absl::PermissionDeniedError("not yours"));
  Make(Free(100 * kMiB)).Enforce();
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap(9, "eth1")));
}

TEST_F(SharedSpaceTest, GoesOnWithoutADirectoryThatCannotBeListed) {
  auto other = std::make_shared<FakeDisk>();
  other->Fail(DiskOp::kList, "", absl::UnavailableError("no list"));
  AddSegment(8);
  peers_.directories = {{"/b", other}};
  Make(Free(100 * kMiB)).Enforce();
  EXPECT_THAT(disk_.Names(), IsEmpty());
  EXPECT_EQ(log_.Count("no list"), 1);
}

TEST_F(SharedSpaceTest, AsksOnceAPassWhoIsLive) {
  for (int hours = 20; hours >= 9; --hours) AddSegment(hours, "eth1");
  SetFree(90 * kMiB);
  Make(Free(100 * kMiB)).Enforce();
  EXPECT_EQ(peers_.questions, 1);
}

}  // namespace
}  // namespace dns_monitor
