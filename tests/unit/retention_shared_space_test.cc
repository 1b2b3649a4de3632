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
using ::testing::UnorderedElementsAreArray;

class SharedSpaceTest : public RetentionTest {
 protected:
  SharedSpaceTest() {
    registry_.live = {{"/a", "eth0"}, {"/a", "eth1"}, {"/b", "eth2"}};
    registry_.disks["/a"] = std::shared_ptr<FakeDisk>(std::shared_ptr<void>(), &disk_);
    registry_.disks["/b"] = other_;
    SetFree(99 * kMiB);
  }

  const std::shared_ptr<FakeDisk> other_ = std::make_shared<FakeDisk>();  // of /b
};

TEST_F(SharedSpaceTest, LeavesTheOldestToItsLiveOwner) {
  AddSegment(9, "eth1");
  AddSegment(8);
  Retention eth0 = Make(Free(100 * kMiB));
  Retention eth1 = Make(Free(100 * kMiB), "eth1");
  eth0.Enforce();
  EXPECT_THAT(Files(), SizeIs(2));
  eth1.Enforce();
  EXPECT_THAT(Files(), ElementsAre(Pcap(8)));
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

TEST_F(SharedSpaceTest, NeverTakesWhatBelongsToNoLiveCaptureWithTheLimit) {
  const std::string others[] = {
      Pcap(99, "eth3"),            // of a capture without the limit, or that has ended
      Pcap(99, "eth3") + ".json",  //
      Pcap(98, "eth2"),            // that captures into /b
      Pcap(97, "mail"),            // nobody's
      Pcap(96, "eth1") + ".part", "notes.txt",
  };
  for (const std::string& name : others) AddFile(disk_, name, 99);
  AddFile(*other_, Pcap(99), 99);  // of eth0, in the wrong directory
  AddSegment(8);
  AddSegment(9, "eth1");
  SetFree(0);
  Retention eth0 = Make(Free(100 * kMiB));
  for (int pass = 0; pass < 20; ++pass) EnforceLater(eth0);
  EXPECT_THAT(Files(), UnorderedElementsAreArray(others));
  EXPECT_THAT(FilesOf(*other_), ElementsAre(Pcap(99)));
}

TEST_F(SharedSpaceTest, LeavesAllAloneOnceTheirCaptureHasEnded) {
  AddSegment(9, "eth1");
  Retention eth0 = Make(Free(100 * kMiB));
  eth0.Enforce();
  registry_.live.erase({"/a", "eth1"});
  for (int pass = 0; pass < 20; ++pass) EnforceLater(eth0);
  EXPECT_TRUE(Has(9, "eth1"));
}

TEST_F(SharedSpaceTest, TakesWhatAnIdleOwnerLeavesAfterHalfAMinute) {
  for (int hours = 12; hours >= 9; --hours) AddSegment(hours, "eth1");
  AddSegment(8);
  const std::string oldest = Pcap(12, "eth1");
  Retention eth0 = Make(Free(100 * kMiB));
  eth0.Enforce();
  EnforceLater(eth0);
  EnforceLater(eth0);
  EXPECT_THAT(Files(), SizeIs(5));
  EnforceLater(eth0);
  EXPECT_THAT(Files(), SizeIs(4));
  EXPECT_FALSE(disk_.Exists(oldest));
  EXPECT_EQ(log_.Count("the capture of eth1 into /a removes nothing"), 1);
  // While the shortage lasts, it is not waited for again; after that it is.
  SetFree(99 * kMiB);
  EnforceLater(eth0);
  EXPECT_THAT(Files(), SizeIs(3));
  EnforceLater(eth0);
  SetFree(99 * kMiB);
  EnforceLater(eth0);
  EXPECT_THAT(Files(), SizeIs(3));
}

TEST_F(SharedSpaceTest, IsPatientForHalfAMinuteHoweverOftenItLooks) {
  AddSegment(9, "eth1");
  Retention eth0 = Make(Free(100 * kMiB));
  int seconds = 0;
  for (; Has(9, "eth1") && seconds < 100; ++seconds) {
    SetFree((99 - seconds) * kMiB);  // a little less each time
    clock_.Advance(kSecond);
    eth0.Enforce();
  }
  EXPECT_EQ(seconds, 31);  // the first of which it did not know of the shortage
}

TEST_F(SharedSpaceTest, ListsAgainOnlyWhenItHelps) {
  AddSegment(9, "eth1");
  AddSegment(8);
  Retention eth0 = Make(Free(100 * kMiB));
  eth0.Enforce();
  const int lists = other_->CountCalls("List");
  for (int look = 0; look < 9; ++look) {
    clock_.Advance(kSecond);
    eth0.Enforce();
  }
  EXPECT_EQ(other_->CountCalls("List"), lists);
  SetFree(98 * kMiB);  // more is missing
  eth0.Enforce();
  EXPECT_EQ(other_->CountCalls("List"), lists + 1);
  EXPECT_FALSE(Has(8));
}

TEST_F(SharedSpaceTest, ListsAgainWithEachFinishedSegment) {
  AddSegment(9, "eth1");
  Retention eth0 = Make(Free(100 * kMiB));
  SetFree(98 * kMiB);
  eth0.Enforce();
  AddSegment(8);
  eth0.Add({Name(8), kMiB, clock_.RealtimeNs()});
  eth0.Enforce();
  EXPECT_FALSE(Has(8));
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
  Retention eth0 = Make(Free(200 * kMiB));
  for (int pass = 0; pass < 20; ++pass) EnforceLater(eth0);
  EXPECT_THAT(Files(), SizeIs(2));
}

TEST_F(SharedSpaceTest, ConsidersOtherDirectories) {
  AddFile(*other_, Pcap(9, "eth2"), 9);
  AddSegment(8);
  Retention eth0 = Make(Free(100 * kMiB));
  Retention eth2 = Make(Free(100 * kMiB), "eth2", "/b", *other_);
  eth0.Enforce();
  EXPECT_TRUE(Has(8));
  SetFreeOf(*other_, 99 * kMiB);
  eth2.Enforce();
  EXPECT_THAT(FilesOf(*other_), IsEmpty());
  EXPECT_EQ(log_.Count("removed /b/eth2"), 1);
}

TEST_F(SharedSpaceTest, OrdersEqualTimesAndNamesByDirectoryForEverybody) {
  registry_.live.insert({"/b", "eth0"});
  AddFile(*other_, Pcap(9), 9);
  AddSegment(9);
  SetFreeOf(*other_, 99 * kMiB);
  Make(Free(100 * kMiB), "eth0", "/b", *other_).Enforce();
  EXPECT_THAT(FilesOf(*other_), SizeIs(1));
  Make(Free(100 * kMiB)).Enforce();
  EXPECT_FALSE(Has(9));  // /a comes first
}

TEST_F(SharedSpaceTest, OrdersByTimeWhateverTheZoneOfTheNames) {
  // eth1 names its segments in another zone, so that they look older.
  AddFile(disk_, Pcap(20, "eth1"), 8);
  AddSegment(9);
  Make(Free(100 * kMiB), "eth1").Enforce();
  EXPECT_TRUE(Has(20, "eth1"));
  Make(Free(100 * kMiB)).Enforce();
  EXPECT_FALSE(Has(9));
}

// Both were quiet for long, then finished at the same time: each knows the last packet of its own,
// and by that would take its own for the older one.
TEST_F(SharedSpaceTest, SeesOneOrderWhateverItKnowsOfItsOwn) {
  AddSegment(9, "eth1");
  AddSegment(9);
  Retention eth0 = Make(Free(100 * kMiB));
  Retention eth1 = Make(Free(100 * kMiB), "eth1");
  eth0.Add({Name(9), kMiB, begin_ns_ - 20 * kHour});
  eth1.Add({Name(9, "eth1"), kMiB, begin_ns_ - 20 * kHour});
  eth1.Enforce();
  EXPECT_THAT(Files(), SizeIs(2));
  eth0.Enforce();
  EXPECT_THAT(Files(), ElementsAre(Pcap(9, "eth1")));
}

TEST_F(SharedSpaceTest, CountsWhatOthersRemoveWhileItLooks) {
  AddSegment(8);
  disk_.SetHook([this](DiskOp op, const std::string&) {
    if (op == DiskOp::kList) SetFree(100 * kMiB);  // the older one went a moment before
  });
  Make(Free(100 * kMiB)).Enforce();
  EXPECT_TRUE(Has(8));
}

TEST_F(SharedSpaceTest, GoesOnBehindAForeignFileThatCannotBeRemoved) {
  AddSegment(9, "eth1");
  AddSegment(8);
  const std::string foreign = Pcap(9, "eth1");
  disk_.Fail(DiskOp::kRemove, foreign, absl::PermissionDeniedError("not yours"));
  Retention eth0 = Make(Free(100 * kMiB));
  for (int pass = 0; pass < 4; ++pass) EnforceLater(eth0);
  EXPECT_THAT(Files(), ElementsAre(foreign));
}

TEST_F(SharedSpaceTest, GoesOnWithoutADirectoryThatCannotBeListed) {
  other_->Fail(DiskOp::kList, "", absl::UnavailableError("no list"));
  AddSegment(8);
  Make(Free(100 * kMiB)).Enforce();
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_EQ(log_.Count("no list"), 1);
}

}  // namespace
}  // namespace dns_monitor
