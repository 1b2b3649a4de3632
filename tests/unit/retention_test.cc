#include "dns_monitor/retention/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "support/fake_clock.h"
#include "support/fake_disk.h"
#include "support/log_capture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kSecond = kNanosecondsPerSecond;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kInterval = 10 * kSecond;
constexpr int64_t kKiB = 1024;
constexpr int64_t kMiB = 1024 * kKiB;

class FakePeers final : public Peers {
 public:
  std::vector<PeerDirectory> Directories() override { return directories; }
  bool IsLive(const std::string& directory, const std::string& interface) override {
    ++questions;
    return live.count({directory, interface}) != 0;
  }

  std::vector<PeerDirectory> directories;
  std::set<std::pair<std::string, std::string>> live;
  int questions = 0;
};

class RetentionTest : public testing::Test {
 protected:
  // The name of the segment of `interface` that began so many hours before the test did.
  SegmentName Name(int hours_ago, const std::string& interface = "eth0") const {
    const absl::Time start = absl::FromUnixNanos(begin_ns_ - hours_ago * kHour);
    return {interface, absl::CivilSecond(absl::ToCivilMinute(start, zone_)), false, 0};
  }
  std::string Pcap(int hours_ago, const std::string& interface = "eth0") const {
    return Name(hours_ago, interface).Pcap();
  }
  // An hour long, so that it was finished an hour after its start.
  void AddFile(FakeDisk& disk, const std::string& name, int hours_ago, int64_t size_bytes = kMiB) {
    disk.AddFile(name, size_bytes, begin_ns_ - (hours_ago - 1) * kHour);
  }
  void AddSegment(int hours_ago, const std::string& interface = "eth0") {
    AddFile(disk_, Pcap(hours_ago, interface), hours_ago);
  }
  void SetFree(int64_t bytes) { disk_.SetSpace({1024 * kMiB, bytes, 1}); }
  bool Has(int hours_ago, const std::string& interface = "eth0") {
    return disk_.Exists(Pcap(hours_ago, interface));
  }

  Retention Make(RetentionLimits limits, const std::string& interface = "eth0") {
    return Make(limits, interface, "/a", disk_);
  }
  Retention Make(RetentionLimits limits, const std::string& interface, const std::string& directory,
                 FakeDisk& disk) {
    return Retention({directory, interface, zone_, limits, kInterval}, disk, peers_, clock_);
  }
  RetentionLimits Age(int64_t hours) const {
    RetentionLimits limits;
    limits.max_age_ns = hours * kHour;
    return limits;
  }
  RetentionLimits Size(int64_t bytes) const {
    RetentionLimits limits;
    limits.max_size_bytes = bytes;
    return limits;
  }
  RetentionLimits Free(int64_t bytes) const {
    RetentionLimits limits;
    limits.min_free_bytes = bytes;
    return limits;
  }
  // The next look at the free space.
  void EnforceLater(Retention& retention) {
    clock_.Advance(kInterval);
    retention.Enforce();
  }

  absl::TimeZone zone_ = absl::FixedTimeZone(5 * 3600 + 45 * 60);
  FakeClock clock_;
  const int64_t begin_ns_ = clock_.RealtimeNs();
  FakeDisk disk_;
  FakePeers peers_;
  LogCapture log_;
};

TEST_F(RetentionTest, KeepsEverythingWithoutLimits) {
  AddSegment(1000);
  SetFree(0);
  Retention retention = Make({});
  EXPECT_EQ(retention.Enforce(), kInterval);
  EXPECT_TRUE(Has(1000));
  EXPECT_FALSE(RetentionLimits().any());
  EXPECT_TRUE(Age(1).any());
}

TEST_F(RetentionTest, RemovesWhatIsTooOldWithItsCompanions) {
  AddSegment(30);
  AddFile(disk_, Pcap(30) + ".json", 30, kKiB);
  AddFile(disk_, Pcap(28) + ".zst", 28);
  AddFile(disk_, Pcap(28) + ".zst.json", 28, kKiB);
  AddSegment(2);
  AddFile(disk_, Pcap(2) + ".json", 2, kKiB);
  Retention retention = Make(Age(24));
  retention.Enforce();
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap(2), Pcap(2) + ".json"));
  EXPECT_EQ(retention.total_bytes(), kMiB + kKiB);
  EXPECT_THAT(log_.Lines(),
              ElementsAre(absl::StrCat("removed /a/", Pcap(30), " (1.00 MiB): age 1d 5h, limit 1d"),
                          absl::StrCat("removed /a/", Pcap(28), ".zst (1.00 MiB): age 1d 3h, ",
                                       "limit 1d")));
}

TEST_F(RetentionTest, RemovesTheSegmentBeforeItsLedger) {
  AddSegment(30);
  AddFile(disk_, Pcap(30) + ".json", 30);
  Make(Age(24)).Enforce();
  const auto calls = disk_.Calls();
  const auto at = [&](const std::string& call) {
    return std::find(calls.begin(), calls.end(), call) - calls.begin();
  };
  EXPECT_LT(at("Remove " + Pcap(30)), at("Remove " + Pcap(30) + ".json"));
  EXPECT_LT(at("Remove " + Pcap(30) + ".json"), static_cast<int64_t>(calls.size()));
}

TEST_F(RetentionTest, CountsAgeFromTheLastPacket) {
  Retention retention = Make(Age(24));
  retention.Enforce();
  AddSegment(30);
  AddSegment(29);
  retention.Add({Name(30), kMiB, clock_.RealtimeNs() - 24 * kHour + kSecond});
  retention.Add({Name(29), kMiB, clock_.RealtimeNs() - 24 * kHour});
  EXPECT_EQ(retention.Enforce(), kSecond);
  EXPECT_TRUE(Has(30));
  EXPECT_FALSE(Has(29));
  clock_.Advance(kSecond - 1);
  EXPECT_EQ(retention.Enforce(), 1);
  clock_.Advance(1);
  EXPECT_EQ(retention.Enforce(), kInterval);
  EXPECT_THAT(disk_.Names(), IsEmpty());
}

TEST_F(RetentionTest, TakesASegmentWithoutPacketsForAsOldAsNow) {
  Retention retention = Make(Age(24));
  retention.Enforce();
  const std::string name = Pcap(30);
  AddSegment(30);
  retention.Add({Name(30), kMiB, 0});
  clock_.Advance(24 * kHour - 1);
  retention.Enforce();
  EXPECT_TRUE(disk_.Exists(name));
  clock_.Advance(1);
  retention.Enforce();
  EXPECT_FALSE(disk_.Exists(name));
}

TEST_F(RetentionTest, NeverTakesASegmentForOlderThanItsName) {
  disk_.AddFile(Pcap(23), kMiB, 0);  // copied here with a time of 1970
  disk_.AddFile(Pcap(26), kMiB, 0);
  Make(Age(24)).Enforce();
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap(23)));
}

TEST_F(RetentionTest, LooksBehindAFileThatWasTouched) {
  AddSegment(30);
  AddSegment(29);
  disk_.SetModified(Pcap(30), clock_.RealtimeNs());
  Make(Age(24)).Enforce();
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap(30)));
}

TEST_F(RetentionTest, KeepsWhatIsYoungWhenTheClockStepsBack) {
  AddSegment(3);
  Retention retention = Make(Age(24));
  clock_.Step(-1000 * kHour);
  EXPECT_EQ(retention.Enforce(), kInterval);
  EXPECT_THAT(disk_.Names(), SizeIs(1));
}

TEST_F(RetentionTest, RemovesTheOldestUntilTheSizeFits) {
  for (int hours = 5; hours >= 1; --hours) AddSegment(hours);
  Retention retention = Make(Size(2 * kMiB + kKiB));
  retention.Enforce();
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap(2), Pcap(1)));
  EXPECT_EQ(retention.total_bytes(), 2 * kMiB);
  EXPECT_EQ(retention.segment_count(), 2u);
  EXPECT_THAT(log_.Lines(), SizeIs(3));
  EXPECT_EQ(log_.Lines()[0], absl::StrCat("removed /a/", Pcap(5),
                                          " (1.00 MiB): total size 5.00 MiB, limit 2.00 MiB"));
}

TEST_F(RetentionTest, AllowsExactlyTheSize) {
  AddSegment(2);
  AddSegment(1);
  Make(Size(2 * kMiB)).Enforce();
  EXPECT_THAT(disk_.Names(), SizeIs(2));
  Make(Size(2 * kMiB - 1)).Enforce();
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap(1)));
}

TEST_F(RetentionTest, CountsCompanionsToTheSize) {
  for (const int hours : {2, 1}) {
    AddSegment(hours);
    AddFile(disk_, Pcap(hours) + ".json", hours, kKiB);
  }
  Make(Size(2 * kMiB + kKiB)).Enforce();
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap(1), Pcap(1) + ".json"));
}

TEST_F(RetentionTest, RemovesEvenTheNewestThatAloneIsTooLarge) {
  Retention retention = Make(Size(kMiB));
  retention.Enforce();
  AddSegment(1);
  retention.Add({Name(1), kMiB + 1, clock_.RealtimeNs()});
  retention.Enforce();
  EXPECT_THAT(disk_.Names(), IsEmpty());
  EXPECT_EQ(retention.total_bytes(), 0);
}

TEST_F(RetentionTest, OrdersOrdinalsAsNumbers) {
  SegmentName name = Name(3);
  for (const int ordinal : {0, 2, 10}) {
    name.ordinal = ordinal;
    disk_.AddFile(name.Pcap(), kMiB);
  }
  Make(Size(kMiB)).Enforce();
  EXPECT_THAT(disk_.Names(), ElementsAre(name.Pcap()));  // -10, not -2
}

TEST_F(RetentionTest, ReplacesWhatIsAddedAgain) {
  Retention retention = Make(Size(10 * kMiB));
  retention.Enforce();
  retention.Add({Name(1), 4 * kMiB, clock_.RealtimeNs()});
  retention.Add({Name(1), kMiB, clock_.RealtimeNs()});
  EXPECT_EQ(retention.total_bytes(), kMiB);
  EXPECT_EQ(retention.segment_count(), 1u);
}

TEST_F(RetentionTest, CountsOnceWhatIsAddedBeforeItLooks) {
  AddSegment(1);
  Retention retention = Make(Size(10 * kMiB));
  retention.Add({Name(1), 3 * kMiB, clock_.RealtimeNs()});
  retention.Enforce();
  EXPECT_EQ(retention.total_bytes(), 3 * kMiB);
}

TEST_F(RetentionTest, ListsOnce) {
  AddSegment(30);
  Retention retention = Make(Age(48));
  for (int pass = 0; pass < 5; ++pass) EnforceLater(retention);
  EXPECT_EQ(disk_.CountCalls("List"), 1);
}

TEST_F(RetentionTest, ListsAgainAfterAFailureAndSaysItOnce) {
  AddSegment(30);
  disk_.Fail(DiskOp::kList, "", absl::UnavailableError("no list"), 3);
  Retention retention = Make(Age(24));
  for (int pass = 0; pass < 3; ++pass) EnforceLater(retention);
  EXPECT_EQ(log_.Count("no list"), 1);
  EXPECT_THAT(disk_.Names(), SizeIs(1));
  EnforceLater(retention);
  EXPECT_THAT(disk_.Names(), IsEmpty());
}

TEST_F(RetentionTest, TouchesOnlyFinishedFilesOfItsInterface) {
  const std::string others[] = {
      Pcap(99) + ".part",
      Pcap(98, "eth0.100"),
      Pcap(98, "eth0.100") + ".json",
      Pcap(97, "eth01"),
      Pcap(96, "veth0"),
      Name(95).Stem() + ".pcapng",
      Name(94).Stem() + ".pcap.gz",
      Name(93).Stem() + "-01.pcap",
      Name(92).Stem(),
      "eth0.pcap",
      ".eth0.lock",
      "notes.txt",
  };
  for (const std::string& name : others) disk_.AddFile(name, kMiB, 0);
  disk_.AddFile(Pcap(90), kMiB, 0);
  RetentionLimits limits = Age(1);
  limits.max_size_bytes = 1;
  Retention retention = Make(limits);
  retention.Enforce();
  EXPECT_FALSE(Has(90));
  for (const std::string& name : others) EXPECT_TRUE(disk_.Exists(name)) << name;
  retention.Add({Name(98, "eth0.100"), kMiB, 1});
  EnforceLater(retention);
  EXPECT_THAT(disk_.Names(), SizeIs(std::size(others)));
}

TEST_F(RetentionTest, AVlanDoesNotTouchItsParent) {
  AddSegment(98);
  AddSegment(98, "eth0.100");
  Make(Age(1), "eth0.100").Enforce();
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap(98)));
}

TEST_F(RetentionTest, LeavesTheLedgerOfWhatIsBeingWritten) {
  disk_.AddFile(Pcap(99) + ".part", kMiB, 0);
  disk_.AddFile(Pcap(99) + ".json", kKiB, 0);
  Make(Age(1)).Enforce();
  EXPECT_THAT(disk_.Names(), SizeIs(2));
}

TEST_F(RetentionTest, RemovesALedgerWhoseSegmentIsGone) {
  disk_.AddFile(Pcap(99) + ".json", kKiB, 0);
  Retention retention = Make(Age(1));
  retention.Enforce();
  EXPECT_THAT(disk_.Names(), IsEmpty());
  EXPECT_EQ(log_.Count(Pcap(99) + ".json"), 1);
}

TEST_F(RetentionTest, DropsQuietlyWhatSomebodyElseRemoved) {
  AddSegment(30);
  AddSegment(29);
  Retention retention = Make(Age(48));
  retention.Enforce();
  disk_.DropFile(Pcap(30));
  disk_.DropFile(Pcap(29));
  clock_.Advance(48 * kHour);
  retention.Enforce();
  EXPECT_THAT(log_.Lines(), IsEmpty());
  EXPECT_EQ(retention.segment_count(), 0u);
  EXPECT_EQ(retention.total_bytes(), 0);
}

TEST_F(RetentionTest, RemovesACompressedOneThatItKnewUncompressed) {
  AddSegment(30);
  AddFile(disk_, Pcap(30) + ".json", 30, kKiB);
  const std::string name = Pcap(30);
  Retention retention = Make(Age(48));
  retention.Enforce();
  disk_.DropFile(name);
  disk_.DropFile(name + ".json");
  AddFile(disk_, name + ".zst", 30);
  AddFile(disk_, name + ".zst.json", 30);
  clock_.Advance(48 * kHour);
  retention.Enforce();
  EXPECT_THAT(disk_.Names(), IsEmpty());
}

TEST_F(RetentionTest, GoesOnBehindAFileThatCannotBeRemoved) {
  for (int hours = 33; hours >= 30; --hours) AddSegment(hours);
  AddFile(disk_, Pcap(33) + ".json", 33);
  disk_.Fail(DiskOp::kRemove, Pcap(33), absl::PermissionDeniedError("immutable"));
  Make(Age(24)).Enforce();
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap(33), Pcap(33) + ".json"));
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
  EXPECT_THAT(disk_.Names(), IsEmpty());
  EXPECT_EQ(retention.segment_count(), 0u);
}

TEST_F(RetentionTest, StopsWhenItsTimeIsOver) {
  for (int hours = 33; hours >= 30; --hours) AddSegment(hours);
  Retention retention = Make(Age(24));
  disk_.SetHook([&](DiskOp op, const std::string&) {
    if (op == DiskOp::kRemove) retention.EndBy(clock_.BoottimeNs());
  });
  retention.Enforce();
  EXPECT_THAT(disk_.Names(), SizeIs(3));
}

TEST_F(RetentionTest, RemovesForFreeSpaceWhatIsMissing) {
  for (int hours = 5; hours >= 1; --hours) AddSegment(hours);
  SetFree(100 * kMiB);
  Retention retention = Make(Free(100 * kMiB));
  retention.Enforce();
  EXPECT_THAT(disk_.Names(), SizeIs(5));
  SetFree(98 * kMiB + kKiB);
  EnforceLater(retention);
  EXPECT_THAT(disk_.Names(), SizeIs(3));
  EXPECT_FALSE(disk_.Exists(Pcap(5)));
  EXPECT_THAT(log_.Lines()[0], HasSubstr("free space 98.0 MiB, limit 100 MiB"));
}

TEST_F(RetentionTest, TakesTheGreaterOfBothLimitsOnFreeSpace) {
  for (int hours = 5; hours >= 1; --hours) AddSegment(hours);
  SetFree(100 * kMiB);  // of 1024
  RetentionLimits limits = Free(kMiB);
  limits.min_free_fraction = 102.0 / 1024;
  Make(limits).Enforce();
  EXPECT_THAT(disk_.Names(), SizeIs(3));
  limits.min_free_bytes = 103 * kMiB;
  Make(limits).Enforce();
  EXPECT_THAT(disk_.Names(), SizeIs(2));
}

TEST_F(RetentionTest, DoesNotRemoveTwiceWhatIsFreedLate) {
  for (int hours = 5; hours >= 1; --hours) AddSegment(hours);
  SetFree(99 * kMiB);
  disk_.SetReclaims(false);
  Retention retention = Make(Free(100 * kMiB));
  for (int pass = 0; pass < 5; ++pass) retention.Enforce();
  EXPECT_THAT(disk_.Names(), SizeIs(4));
  SetFree(100 * kMiB);
  EnforceLater(retention);
  EXPECT_THAT(disk_.Names(), SizeIs(4));
}

TEST_F(RetentionTest, SaysOnceThatNothingIsLeft) {
  AddSegment(1);
  SetFree(0);
  Retention retention = Make(Free(100 * kMiB));
  for (int pass = 0; pass < 5; ++pass) EnforceLater(retention);
  EXPECT_THAT(disk_.Names(), IsEmpty());
  EXPECT_EQ(log_.Count("no finished segment is left"), 1);
}

TEST_F(RetentionTest, SaysOnceThatTheSpaceIsNotKnown) {
  AddSegment(1);
  disk_.Fail(DiskOp::kSpace, "", absl::UnavailableError("no figures"));
  Retention retention = Make(Free(100 * kMiB));
  for (int pass = 0; pass < 5; ++pass) EnforceLater(retention);
  EXPECT_TRUE(disk_.Names().size() == 1);
  EXPECT_EQ(log_.Count("no figures"), 1);
}

TEST_F(RetentionTest, NeitherAgeNorSizeTouchesOthers) {
  AddSegment(99, "eth1");
  RetentionLimits limits = Age(1);
  limits.max_size_bytes = 1;
  Make(limits).Enforce();
  EXPECT_TRUE(Has(99, "eth1"));
}

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
