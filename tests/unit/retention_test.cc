// Which files retention takes for segments of its interface and their companions, and how it
// follows what others do to them.
#include "dns_monitor/retention/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "support/retention_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(RetentionTest, KeepsEverythingWithoutLimits) {
  AddSegment(1000);
  SetFree(0);
  Retention retention = Make({});
  EXPECT_EQ(retention.Enforce(), kInterval);
  EXPECT_TRUE(Has(1000));
  EXPECT_FALSE(RetentionLimits().any());
  EXPECT_TRUE(Age(1).any());
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

TEST_F(RetentionTest, RemovesTheSealAfterItsSegment) {
  AddSegment(30);
  AddFile(disk_, Pcap(30) + ".json", 30);
  AddFile(disk_, Pcap(30) + ".sha256", 30);
  // A removal was broken off, and a seal stayed.
  AddFile(disk_, Pcap(40) + ".sha256", 40);
  Make(Age(24)).Enforce();
  EXPECT_THAT(Files(), IsEmpty());
  const auto calls = disk_.Calls();
  const auto at = [&](const std::string& call) {
    return std::find(calls.begin(), calls.end(), call) - calls.begin();
  };
  EXPECT_LT(at("Remove " + Pcap(30)), at("Remove " + Pcap(30) + ".sha256"));
  EXPECT_LT(at("Remove " + Pcap(30) + ".sha256"), at("Remove " + Pcap(30) + ".json"));
}

TEST_F(RetentionTest, CountsSeals) {
  for (const int hours : {3, 2}) AddSegment(hours);
  disk_.AddFile(Pcap(2) + ".sha256", 99);
  Retention retention = Make(Size(2 * kMiB));
  retention.Enforce();
  EXPECT_THAT(Files(), ElementsAre(Pcap(2), Pcap(2) + ".sha256"));
  EXPECT_EQ(retention.total_bytes(), kMiB + 99);
}

TEST_F(RetentionTest, ListsOnce) {
  AddSegment(30);
  Retention retention = Make(Age(48));
  for (int pass = 0; pass < 5; ++pass) EnforceLater(retention);
  EXPECT_EQ(disk_.CountCalls("List"), 1);
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
  EXPECT_THAT(Files(), SizeIs(std::size(others)));
}

TEST_F(RetentionTest, AVlanDoesNotTouchItsParent) {
  AddSegment(98);
  AddSegment(98, "eth0.100");
  Make(Age(1), "eth0.100").Enforce();
  EXPECT_THAT(Files(), ElementsAre(Pcap(98)));
}

TEST_F(RetentionTest, LeavesTheLedgerOfWhatIsBeingWritten) {
  disk_.AddFile(Pcap(99) + ".part", kMiB, 0);
  disk_.AddFile(Pcap(99) + ".json", kKiB, 0);
  Make(Age(1)).Enforce();
  EXPECT_THAT(Files(), SizeIs(2));
}

TEST_F(RetentionTest, RemovesALedgerWhoseSegmentIsGone) {
  disk_.AddFile(Pcap(99) + ".json", kKiB, 0);
  Retention retention = Make(Age(1));
  retention.Enforce();
  EXPECT_THAT(Files(), IsEmpty());
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
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(RetentionTest, NeitherAgeNorSizeTouchesOthers) {
  AddSegment(99, "eth1");
  RetentionLimits limits = Age(1);
  limits.max_size_bytes = 1;
  Make(limits).Enforce();
  EXPECT_TRUE(Has(99, "eth1"));
}

}  // namespace
}  // namespace dns_monitor
