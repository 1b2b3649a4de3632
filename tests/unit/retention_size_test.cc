// The limit on total size: what is counted to it, and in which order segments go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "dns_monitor/retention/retention.h"
#include "support/retention_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(RetentionTest, RemovesTheOldestUntilTheSizeFits) {
  for (int hours = 5; hours >= 1; --hours) AddSegment(hours);
  Retention retention = Make(Size(2 * kMiB + kKiB));
  retention.Enforce();
  EXPECT_THAT(Files(), ElementsAre(Pcap(2), Pcap(1)));
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
  EXPECT_THAT(Files(), SizeIs(2));
  Make(Size(2 * kMiB - 1)).Enforce();
  EXPECT_THAT(Files(), ElementsAre(Pcap(1)));
}

TEST_F(RetentionTest, CountsCompanionsToTheSize) {
  for (const int hours : {2, 1}) {
    AddSegment(hours);
    AddFile(disk_, Pcap(hours) + ".json", hours, kKiB);
  }
  Make(Size(2 * kMiB + kKiB)).Enforce();
  EXPECT_THAT(Files(), ElementsAre(Pcap(1), Pcap(1) + ".json"));
}

TEST_F(RetentionTest, RemovesEvenTheNewestThatAloneIsTooLarge) {
  Retention retention = Make(Size(kMiB));
  retention.Enforce();
  AddSegment(1);
  retention.Add({Name(1), kMiB + 1, clock_.RealtimeNs()});
  retention.Enforce();
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_EQ(retention.total_bytes(), 0);
}

TEST_F(RetentionTest, OrdersByTimeAndNotByName) {
  // Summer time ended: the second quarter of an hour that begins at 2:00 is the newer one.
  SegmentName second = Name(30);
  const SegmentName first = {second.interface, second.start + 15 * 60, false, 0};
  second.ordinal = 1;
  disk_.AddFile(first.Pcap(), kMiB, begin_ns_ - 29 * kHour);
  disk_.AddFile(second.Pcap(), kMiB, begin_ns_ - 28 * kHour);
  Make(Size(kMiB)).Enforce();
  EXPECT_THAT(Files(), ElementsAre(second.Pcap()));
}

TEST_F(RetentionTest, OrdersWhatItFinishedByTheLastPacket) {
  Retention retention = Make(Size(kMiB));
  retention.Enforce();
  AddSegment(3);
  AddSegment(2);
  retention.Add({Name(3), kMiB, clock_.RealtimeNs()});
  retention.Add({Name(2), kMiB, clock_.RealtimeNs() - kSecond});
  retention.Enforce();
  EXPECT_THAT(Files(), ElementsAre(Pcap(3)));
}

TEST_F(RetentionTest, DropsWhatAWrongClockPutIntoTheFutureBeforeAllThatCame) {
  for (int hours = -1000; hours <= -998; ++hours) AddSegment(hours);
  Retention retention = Make(Size(4 * kMiB));
  retention.Enforce();
  const std::string kept = Pcap(2);
  for (int hours = 4; hours >= 2; --hours) {
    AddSegment(hours);
    retention.Add({Name(hours), kMiB, begin_ns_ - (hours - 1) * kHour});
    retention.Enforce();
  }
  EXPECT_THAT(Files(), SizeIs(4));
  EXPECT_FALSE(Has(-998));
  EXPECT_FALSE(Has(-999));
  EXPECT_TRUE(disk_.Exists(kept));
}

TEST_F(RetentionTest, GivesNothingOnANameInTheFuture) {
  disk_.AddFile(Pcap(-1000), kMiB, begin_ns_ - 2 * kHour);  // finished when the clock was right
  AddSegment(5);
  AddSegment(1);
  Make(Size(kMiB)).Enforce();
  EXPECT_THAT(Files(), ElementsAre(Pcap(1)));
}

TEST_F(RetentionTest, TakesTheClockOfAFileServerForOurOwn) {
  AddSegment(5);
  disk_.AddFile(Pcap(1), kMiB, begin_ns_ + 60 * kSecond);
  Make(Size(kMiB)).Enforce();
  EXPECT_THAT(Files(), ElementsAre(Pcap(1)));
}

TEST_F(RetentionTest, OrdersNewSegmentsBehindOldOnesWhileTheClockIsBehind) {
  AddSegment(5);
  AddSegment(1);
  Retention retention = Make(Size(2 * kMiB));
  const std::string name = Pcap(9000);
  clock_.Step(-8999 * kHour);
  AddSegment(9000);
  retention.Add({Name(9000), kMiB, clock_.RealtimeNs()});
  retention.Enforce();
  EXPECT_THAT(Files(), ElementsAre(name, Pcap(1)));
}

TEST_F(RetentionTest, OrdersOrdinalsAsNumbers) {
  SegmentName name = Name(3);
  for (const int ordinal : {0, 2, 10}) {
    name.ordinal = ordinal;
    disk_.AddFile(name.Pcap(), kMiB);
  }
  Make(Size(kMiB)).Enforce();
  EXPECT_THAT(Files(), ElementsAre(name.Pcap()));  // -10, not -2
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

}  // namespace
}  // namespace dns_monitor
