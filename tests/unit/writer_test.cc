// Everything that went into a ring is in a file, once, whatever ends the file or the capture.
#include "dns_monitor/writer/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <thread>

#include "dns_monitor/base/event_fd.h"
#include "support/writer_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::SizeIs;

TEST_P(WriterTest, MakesAFileAlsoOfNothing) {
  MakeRings(1);
  Start();
  ExpectStopsWell(0);
  ASSERT_THAT(Finished(), SizeIs(1));
  EXPECT_EQ(directory_.Read(Finished()[0].name.Pcap())->size(), sizeof(PcapFileHeader));
  EXPECT_EQ(directory_.Mode(Finished()[0].name.Pcap()), 0640u);
}

TEST_P(WriterTest, LosesNothingWhenAskedToRotate) {
  constexpr uint32_t kPackets = 20'000;
  MakeRings(2);
  Start();
  std::thread other([this] {
    for (uint32_t number = 0; number < kPackets; ++number) Produce(1, number, 12 + number % 200);
  });
  for (uint32_t number = 0; number < kPackets; ++number) {
    Produce(0, number, 12 + number % 1400);
    if (number % 4000 == 2000) writer_->RotateSoon();
  }
  other.join();
  ExpectStopsWell(2 * kPackets);
  EXPECT_GE(Finished().size(), 2u);
  EXPECT_LE(Finished().size(), 6u);
  EXPECT_EQ(writer_->status().packets_late.load(), 0u);
  ExpectAllInFiles({kPackets, kPackets});
}

TEST_P(WriterTest, LosesNothingWhenItRotatesBySize) {
  constexpr uint32_t kPackets = 6000;
  constexpr int64_t kLimit = 1'500'000;
  options_.segments.max_segment_bytes = kLimit;
  MakeRings(2);
  Start();
  std::thread other([this] {
    for (uint32_t number = 0; number < kPackets; ++number) Produce(1, number, 12 + number % 60);
  });
  for (uint32_t number = 0; number < kPackets; ++number) Produce(0, number, 1500);
  other.join();
  ExpectStopsWell(2 * kPackets);
  EXPECT_GE(Finished().size(), 6u);
  for (const SegmentFacts& facts : Finished()) EXPECT_LE(facts.length_bytes, kLimit);
  ExpectAllInFiles({kPackets, kPackets});
}

TEST_P(WriterTest, TakesTheLargestRecordsFromTheSmallestRing) {
  constexpr uint32_t kPackets = 150;
  MakeRings(1);
  Start();
  for (uint32_t number = 0; number < kPackets; ++number) {
    const size_t length = number % 3 == 0 ? CAPTURE_MAX_SNAPLEN : 12 + number * 1733 % 200'000;
    Produce(0, number, length);
  }
  ExpectStopsWell(kPackets);
  ExpectAllInFiles({kPackets});
}

TEST_P(WriterTest, DrainsTheRingsWhenItStops) {
  MakeRings(2, 4 * kSmallRing);
  uint32_t count = 0;
  Start();
  for (const int cpu : {0, 1}) {
    count = 0;
    while (Producer(cpu).HasRoom(150) && count < 15'000) Produce(cpu, count++, 150);
  }
  const WriterResult result = writer_->Stop();
  EXPECT_EQ(result.packets_lost, 0u);
  EXPECT_EQ(rings_->set().BytesInRings(), 0u);
  EXPECT_GT(result.packets_written, 15'000u);
}

TEST_P(WriterTest, TellsWhatTheRingHadNoRoomFor) {
  MakeRings(1);
  uint32_t count = 0;
  while (Producer(0).HasRoom(1000)) Produce(0, count++, 1000);
  for (int lost = 0; lost < 5; ++lost) EXPECT_FALSE(TryProduce(0, count, 1000));
  Start();
  Produce(0, count++, 1000);
  ExpectStopsWell(count);
  uint64_t told = 0;
  for (const SegmentFacts& facts : Finished()) {
    for (const Loss& loss : facts.losses) told += loss.count;
  }
  EXPECT_EQ(told, 5u);
  ExpectAllInFiles({count});
}

TEST_P(WriterTest, TellsALossThatNoPacketCameAfter) {
  MakeRings(2);
  Start();
  Produce(0, 0, 100);
  for (int lost = 0; lost < 3; ++lost) Producer(0).Lose(SystemClock().BoottimeNs());
  Producer(1).Lose(SystemClock().BoottimeNs());
  ExpectStopsWell(1);
  ASSERT_THAT(Finished(), SizeIs(1));
  const std::vector<Loss> losses = Finished()[0].losses;
  ASSERT_THAT(losses, SizeIs(2));
  EXPECT_EQ(losses[0].cpu, 0u);
  EXPECT_EQ(losses[0].count, 3u);
  EXPECT_EQ(losses[1].cpu, 1u);
  EXPECT_EQ(losses[1].count, 1u);
}

TEST_P(WriterTest, EndsAfterSoManyPackets) {
  const Fd done = MakeEventFd();
  options_.done_fd = done.get();
  options_.segments.max_packets = 1000;
  options_.flush_ns = 20 * kNanosecondsPerMillisecond;
  MakeRings(1);
  Start();
  for (uint32_t number = 0; number < 999; ++number) Produce(0, number, 100);
  EXPECT_TRUE(Await([&] { return writer_->status().packets_written.load() == 999; }));
  EXPECT_FALSE(IsReadable(done.get()));
  for (uint32_t number = 999; number < 1500; ++number) Produce(0, number, 100);
  EXPECT_TRUE(Await([&] { return IsReadable(done.get()); }));
  EXPECT_TRUE(writer_->status().count_reached.load());
  const WriterResult result = writer_->Stop();
  EXPECT_EQ(result.packets_written, 1000u);
  EXPECT_EQ(result.packets_lost, 0u);
  EXPECT_EQ(rings_->set().BytesInRings(), 500 * RecordBytes(100));
  ExpectAllInFiles({1000});
}

INSTANTIATE_TEST_SUITE_P(Backends, WriterTest, testing::Bool(), BackendName);

}  // namespace
}  // namespace dns_monitor
