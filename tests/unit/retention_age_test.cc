// The limit on age: what counts as the age of a segment, and when it is over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "dns_monitor/retention/retention.h"
#include "support/retention_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(RetentionTest, RemovesWhatIsTooOldWithItsCompanions) {
  AddSegment(30);
  AddFile(disk_, Pcap(30) + ".json", 30, kKiB);
  AddFile(disk_, Pcap(28) + ".zst", 28);
  AddFile(disk_, Pcap(28) + ".zst.json", 28, kKiB);
  AddSegment(2);
  AddFile(disk_, Pcap(2) + ".json", 2, kKiB);
  Retention retention = Make(Age(24));
  retention.Enforce();
  EXPECT_THAT(Files(), ElementsAre(Pcap(2), Pcap(2) + ".json"));
  EXPECT_EQ(retention.total_bytes(), kMiB + kKiB);
  EXPECT_THAT(log_.Lines(),
              ElementsAre(absl::StrCat("removed /a/", Pcap(30), " (1.00 MiB): age 1d 5h, limit 1d"),
                          absl::StrCat("removed /a/", Pcap(28), ".zst (1.00 MiB): age 1d 3h, ",
                                       "limit 1d")));
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
  EXPECT_THAT(Files(), IsEmpty());
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
  EXPECT_THAT(Files(), ElementsAre(Pcap(23)));
}

TEST_F(RetentionTest, LooksBehindAFileThatWasTouched) {
  AddSegment(30);
  AddSegment(29);
  disk_.SetModified(Pcap(30), clock_.RealtimeNs());
  Make(Age(24)).Enforce();
  EXPECT_THAT(Files(), ElementsAre(Pcap(30)));
}

TEST_F(RetentionTest, KeepsWhatIsYoungWhenTheClockStepsBack) {
  AddSegment(3);
  Retention retention = Make(Age(24));
  clock_.Step(-1000 * kHour);
  EXPECT_EQ(retention.Enforce(), kInterval);
  EXPECT_THAT(Files(), SizeIs(1));
}

}  // namespace
}  // namespace dns_monitor
