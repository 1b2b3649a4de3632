// In which order the writer does things and tells of them, and what wakes it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "dns_monitor/base/event_fd.h"
#include "dns_monitor/writer/writer.h"
#include "support/steady_clock.h"
#include "support/writer_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kHourNs = 3600 * kNanosecondsPerSecond;

// A reader that comes at any moment finds every packet that the ring has been told to forget,
// nothing torn, and no zeros.
TEST_P(WriterTest, MovesTailsOnlyBehindWhatIsInTheFiles) {
  constexpr uint32_t kPackets = 8000;
  const auto length_of = [](uint32_t number) { return 12 + number * 271 % 2500; };
  std::vector<uint64_t> record_end(1, 0);
  for (uint32_t number = 0; number < kPackets; ++number) {
    record_end.push_back(record_end.back() + RecordBytes(length_of(number)));
  }
  options_.flush_ns = 5 * kNanosecondsPerMillisecond;
  options_.segments.max_segment_bytes = 4 << 20;
  MakeRings(1);
  Start();
  std::atomic<bool> produced{false};
  std::atomic<uint32_t> looks{0};
  std::thread producer([&] {
    for (uint32_t number = 0; number < kPackets; ++number) {
      while (number / 250 > looks) std::this_thread::yield();  // looked at in between, often enough
      Produce(0, number, length_of(number));
    }
    produced = true;
  });
  for (bool last = false; !last; ++looks) {
    last = produced;
    const uint64_t tail = LoadAcquire(&rings_->cpu(0)->tail);  // before the files are looked at
    const auto safe =
        std::upper_bound(record_end.begin(), record_end.end(), tail) - record_end.begin() - 1;
    EXPECT_EQ(record_end[static_cast<size_t>(safe)], tail) << "at the border of a record";
    std::vector<bool> found(kPackets);
    for (const std::string& bytes : directory_.Contents()) {
      const PcapContent content = ParsePcap(bytes);
      EXPECT_LT(content.rest_bytes, sizeof(PcapRecordHeader) + 2600) << "a hole, or zeros";
      for (const PcapPacket& packet : content.packets) {
        const auto number = ReadNumberedPayload(packet.payload);
        if (!number) ADD_FAILURE() << "a torn packet";
        if (number) found[number->number] = true;
      }
    }
    EXPECT_GE(std::find(found.begin(), found.end(), false) - found.begin(), safe);
  }
  producer.join();
  ExpectStopsWell(kPackets);
  ExpectAllInFiles({kPackets});
}

TEST_P(WriterTest, ShowsPacketsWithoutWaitingForMore) {
  SteadyFakeClock clock;
  MakeRings(1);
  StartOn(directory_.disk(), &clock);
  for (uint32_t number = 0; number < 3; ++number) {
    ASSERT_TRUE(ProduceAt(clock.BoottimeNs(), number, 100));
    clock.Advance(options_.flush_ns);  // and not a moment more
    EXPECT_TRUE(Await([&] { return PacketsToSee() == number + 1; }));
    EXPECT_TRUE(Await([&] { return rings_->set().BytesInRings() == 0; }));
    EXPECT_EQ(writer_->status().packets_written.load(), number + 1);
  }
  ExpectStopsWell(3);
}

TEST_P(WriterTest, RotatesByTheClockWithoutPackets) {
  SteadyFakeClock clock;
  options_.segments.schedule =
      RotationSchedule::Create(absl::Hours(1), absl::UTCTimeZone()).value();
  MakeRings(1);
  StartOn(directory_.disk(), &clock);
  for (size_t hour = 1; hour <= 3; ++hour) {
    clock.Advance(kHourNs);
    EXPECT_TRUE(Await([&] { return Finished().size() == hour; }));
  }
  ExpectStopsWell(0);
  EXPECT_THAT(directory_.Names(),
              ElementsAre("eth0.20231114_2213.pcap", "eth0.20231114_2300.pcap",
                          "eth0.20231115_0000.pcap", "eth0.20231115_0100.pcap"));
}

TEST_P(WriterTest, WakesWhenTheDoorbellRings) {
  const Fd doorbell = MakeEventFd();
  std::atomic<int> cleared{0};
  options_.doorbell_fd = doorbell.get();
  options_.clear_doorbell = [&] {
    Clear(doorbell.get());
    ++cleared;
  };
  MakeRings(1);
  Start();
  Raise(doorbell.get());
  EXPECT_TRUE(Await([&] { return cleared > 0 && !IsReadable(doorbell.get()); }));
  ExpectStopsWell(0);
}

INSTANTIATE_TEST_SUITE_P(Backends, WriterTest, testing::Bool(), BackendName);

}  // namespace
}  // namespace dns_monitor
