#include "dns_monitor/retention/own_segments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "dns_monitor/base/clock.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kNow = 1'000'000 * kNanosecondsPerSecond;

SegmentName Name(int minute, int ordinal = 0) {
  return {"eth0", absl::CivilSecond(2026, 1, 1, 0, minute, 0), false, ordinal};
}

StoredSegment Segment(int minute, int64_t last_ns, int64_t bytes = 1) {
  return {Name(minute), bytes, bytes, last_ns, false};
}

std::vector<int> Minutes(const OwnSegments& segments, int64_t now_ns = kNow) {
  std::vector<int> minutes;
  segments.VisitOldestFirst(now_ns, [&](const StoredSegment& segment) {
    minutes.push_back(static_cast<int>(segment.name.start.minute()));
    return true;
  });
  return minutes;
}

TEST(OwnSegments, ComeByTimeAndThenByName) {
  OwnSegments segments;
  segments.Put(Segment(3, 20));
  segments.Put(Segment(2, 10));
  segments.Put(Segment(1, 20));
  EXPECT_THAT(Minutes(segments), ElementsAre(2, 1, 3));
}

TEST(OwnSegments, ComeFirstWhenTheirTimeIsYetToCome) {
  OwnSegments segments;
  segments.Put(Segment(1, kNow));
  segments.Put(Segment(2, kNow + kClocksDifferNs));
  segments.Put(Segment(3, kNow + kClocksDifferNs + 2));
  segments.Put(Segment(4, kNow + kClocksDifferNs + 1));
  EXPECT_THAT(Minutes(segments), ElementsAre(4, 3, 1, 2));
  EXPECT_THAT(Minutes(segments, kNow + 2), ElementsAre(1, 2, 4, 3));
}

TEST(OwnSegments, CountTheBytesOfTheLastOfAName) {
  OwnSegments segments;
  segments.Put(Segment(1, 10, 100));
  segments.Put(Segment(2, 20, 30));
  segments.Put(Segment(1, 30, 50));
  EXPECT_EQ(segments.count(), 2u);
  EXPECT_EQ(segments.total_bytes(), 80);
  EXPECT_THAT(Minutes(segments), ElementsAre(2, 1));
  segments.Shrink(Name(1));
  EXPECT_EQ(segments.total_bytes(), 30);
  segments.Erase(Name(2));
  EXPECT_EQ(segments.total_bytes(), 0);
  EXPECT_THAT(Minutes(segments), ElementsAre(1)) << "shrunk, not gone";
}

TEST(OwnSegments, IgnoreWhatIsNotThere) {
  OwnSegments segments;
  segments.Put(Segment(1, 10, 100));
  segments.Erase(Name(1, 1));
  segments.Shrink(Name(2));
  EXPECT_TRUE(segments.Has(Name(1)));
  EXPECT_FALSE(segments.Has(Name(1, 1)));
  EXPECT_EQ(segments.total_bytes(), 100);
}

TEST(OwnSegments, MayGoWhileTheyAreVisited) {
  OwnSegments segments;
  for (int minute = 0; minute < 6; ++minute) segments.Put(Segment(minute, kNow + minute, 10));
  segments.Put(Segment(7, kNow + 2 * kClocksDifferNs, 10));
  std::vector<int> seen;
  segments.VisitOldestFirst(kNow, [&](const StoredSegment& segment) {
    const auto minute = static_cast<int>(segment.name.start.minute());
    seen.push_back(minute);
    if (minute == 2) {
      segments.Shrink(segment.name);
    } else {
      segments.Erase(segment.name);
    }
    return minute != 4;
  });
  EXPECT_THAT(seen, ElementsAre(7, 0, 1, 2, 3, 4));
  EXPECT_THAT(Minutes(segments), ElementsAre(2, 5));
  EXPECT_EQ(segments.total_bytes(), 10);
}

TEST(OwnSegments, TellTheNextTime) {
  OwnSegments segments;
  EXPECT_EQ(segments.EarliestAfter(0), std::nullopt);
  segments.Put(Segment(1, 10));
  segments.Put(Segment(2, 20));
  EXPECT_EQ(segments.EarliestAfter(9), 10);
  EXPECT_EQ(segments.EarliestAfter(10), 20);
  EXPECT_EQ(segments.EarliestAfter(20), std::nullopt);
  EXPECT_EQ(segments.EarliestAfter(std::numeric_limits<int64_t>::max()), std::nullopt);
}

TEST(OwnSegments, ComeAsIsOlderSays) {
  std::mt19937 random(53);
  const auto pick = [&random](int from, int to) {
    return std::uniform_int_distribution(from, to)(random);
  };
  OwnSegments segments;
  std::vector<StoredSegment> all;
  for (int minute = 0; minute < 60; ++minute) {
    all.push_back(Segment(minute, kNow + pick(-2, 2) * kClocksDifferNs + pick(0, 1)));
    segments.Put(all.back());
  }
  std::sort(all.begin(), all.end(), [](const StoredSegment& left, const StoredSegment& right) {
    return IsOlder(left, right, kNow);
  });
  std::vector<int> expected;
  for (const auto& segment : all) {
    expected.push_back(static_cast<int>(segment.name.start.minute()));
  }
  EXPECT_EQ(Minutes(segments), expected);
}

}  // namespace
}  // namespace dns_monitor
