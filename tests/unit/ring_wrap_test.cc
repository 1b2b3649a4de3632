// Records around the end of a ring, where they run over into the slack.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "dns_monitor/ring/merger.h"
#include "support/heap_rings.h"
#include "support/ring_checker.h"

namespace dns_monitor {
namespace {

// A record of every length begins at every place of a small ring; those near the end run over into
// the slack. Another stands before and behind it.
TEST(RingWrapTest, RecordsOfEveryLengthAtEveryOffset) {
  constexpr uint64_t kRing = 1024;
  HeapRings rings(1, kRing);
  HeapProducer producer(rings, 0);
  Merger merger(rings.set());
  RingChecker checker(1);
  uint64_t sequence = 0;
  uint64_t time_ns = 1;
  uint64_t begun_at[kRing / CAPTURE_RECORD_ALIGN] = {};
  const auto put = [&](uint32_t length) {
    ++begun_at[(rings.cpu(0)->head & (kRing - 1)) / CAPTURE_RECORD_ALIGN];
    ASSERT_TRUE(producer.PacketAt(time_ns++, StampedPayload(0, sequence++, length)));
  };
  for (uint32_t length = sizeof(Stamp); length <= 600; ++length) {
    for (uint32_t round = 0; round < 16; ++round) {
      put(length);
      put(static_cast<uint32_t>(sizeof(Stamp) + (length * 7 + round * 64) % 300));
      merger.ObserveAll();
      ASSERT_EQ(merger.Drain(checker), DrainResult::kDrained);
      MoveTails(rings, merger);
      ASSERT_EQ(checker.complaint(), "") << "length " << length << " round " << round;
    }
  }
  EXPECT_EQ(checker.packets(), sequence);
  EXPECT_GT(*std::min_element(std::begin(begun_at), std::end(begun_at)), 0u)
      << "a place at which no record began";
}

TEST(RingWrapTest, EveryLengthAcrossTheEndFromEveryPlaceBeforeIt) {
  constexpr uint64_t kRing = 512;
  HeapRings rings(1, kRing);
  HeapProducer producer(rings, 0);
  for (uint64_t place = 0; place < kRing; place += CAPTURE_RECORD_ALIGN) {
    for (uint32_t length = sizeof(Stamp); length <= kRing - 80; length += 5) {
      SCOPED_TRACE(absl::StrCat("place ", place, " length ", length));
      rings.BeginAt(0, 7 * kRing + place);
      Merger merger(rings.set());
      RingChecker checker(1);
      const uint64_t time_ns = place + length + 1;  // any
      ASSERT_TRUE(producer.Put(time_ns, CAPTURE_RECORD_PACKET, StampedPayload(0, 0, length).data(),
                               length));
      ASSERT_TRUE(
          producer.Put(time_ns, CAPTURE_RECORD_PACKET, StampedPayload(0, 1, 24).data(), 24));
      merger.ObserveAll();
      merger.Drain(checker);
      ASSERT_EQ(checker.complaint(), "");
      ASSERT_EQ(checker.packets(), 2u);
    }
  }
}

TEST(RingWrapTest, TheLongestRecordFitsBehindTheLastPlaceOfTheSmallestRing) {
  HeapRings rings(1, CAPTURE_RING_MIN_BYTES);
  rings.BeginAt(0, uint64_t{5} * CAPTURE_RING_MIN_BYTES - CAPTURE_RECORD_ALIGN);
  HeapProducer producer(rings, 0);
  Merger merger(rings.set());
  RingChecker checker(1);
  ASSERT_TRUE(producer.PacketAt(1, StampedPayload(0, 0, CAPTURE_MAX_SNAPLEN)));
  ASSERT_TRUE(producer.PacketAt(2, StampedPayload(0, 1, 60)));
  merger.ObserveAll();
  merger.Drain(checker);
  EXPECT_EQ(checker.complaint(), "");
  EXPECT_EQ(checker.packets(), 2u);
}

TEST(RingWrapTest, AFullRingIsRefusedFromEveryPlace) {
  constexpr uint64_t kRing = 512;
  for (uint64_t place = 0; place < kRing; place += CAPTURE_RECORD_ALIGN) {
    SCOPED_TRACE(place);
    HeapRings rings(1, kRing);
    rings.BeginAt(0, 3 * kRing + place);
    HeapProducer producer(rings, 0);
    ASSERT_TRUE(producer.PacketAt(1, StampedPayload(0, 0, 240)));  // 256
    ASSERT_TRUE(producer.PacketAt(2, StampedPayload(0, 1, 232)));  // 248: eight bytes are left
    ASSERT_FALSE(producer.PacketAt(3, ""));
    Merger merger(rings.set());
    RingChecker checker(1);
    merger.ObserveAll();
    merger.Drain(checker);
    ASSERT_EQ(checker.complaint(), "");
    ASSERT_EQ(checker.packets(), 2u);
  }
}

}  // namespace
}  // namespace dns_monitor
