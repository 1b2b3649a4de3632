// The fixture of the writer's tests: rings in memory, files on a real disk, real threads.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "dns_monitor/writer/writer.h"
#include "support/capture_directory.h"
#include "support/heap_rings.h"
#include "support/log_capture.h"
#include "support/numbered_payload.h"
#include "support/pcap_content.h"

namespace dns_monitor {

inline constexpr int64_t kDeadlineNs = 60 * kNanosecondsPerSecond;
inline constexpr uint64_t kSmallRing = 1 << 20;

// Until `condition` holds. False when it does not for far longer than it can take.
template <typename Condition>
bool Await(Condition condition) {
  const int64_t end_ns = SystemClock().BoottimeNs() + kDeadlineNs;
  while (!condition()) {
    if (SystemClock().BoottimeNs() > end_ns) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

inline bool IsReadable(int fd) {
  pollfd state{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&state, 1, 0) > 0;
}

// What a packet of this length takes of its ring.
inline size_t RecordBytes(size_t payload) {
  return CAPTURE_ALIGN_UP(sizeof(capture_record) + payload);
}

// The writer on a real directory, once with io_uring and once with pwrite. Whether io_uring can be
// had here is the machine's; without, both rounds test the same.
class WriterTest : public testing::TestWithParam<bool> {
 protected:
  WriterTest() {
    signal(SIGPIPE, SIG_IGN);  // as capture does
    options_.allow_uring = GetParam();
    options_.segments.nanoseconds = true;
    options_.finisher.interface = "eth0";
    options_.finisher.zone = absl::UTCTimeZone();
    options_.finisher.on_opened = [this](const SegmentFacts&) { ++opened_; };
    options_.finisher.on_finished = [this](const SegmentFacts& facts) {
      const std::lock_guard lock(mutex_);
      finished_.push_back(facts);
    };
  }

  void MakeRings(int cpus, uint64_t ring_bytes = kSmallRing) {
    rings_ = std::make_unique<HeapRings>(cpus, ring_bytes);
  }
  void StartOn(Disk* disk, const Clock* clock = &SystemClock()) {
    auto writer = Writer::Create(options_, clock, &rings_->set(), disk);
    ASSERT_TRUE(writer.ok()) << writer.status();
    writer_ = *std::move(writer);
    writer_->Start();
  }
  void Start() { StartOn(directory_.disk()); }

  // Puts a numbered packet; waits for room in the ring.
  void Produce(int cpu, uint32_t number, size_t length) {
    while (!Producer(cpu).HasRoom(length)) std::this_thread::yield();
    EXPECT_TRUE(TryProduce(cpu, number, length));
  }
  // The same without waiting: false when there is no room, and then it is lost.
  bool TryProduce(int cpu, uint32_t number, size_t length) {
    return Producer(cpu).Packet([] { return SystemClock().BoottimeNs(); },
                                NumberedPayload({static_cast<uint32_t>(cpu), number}, length));
  }
  // Of the first CPU, on a clock that a test moves.
  bool ProduceAt(int64_t time_ns, uint32_t number, size_t length) {
    return Producer(0).PacketAt(static_cast<uint64_t>(time_ns),
                                NumberedPayload({0, number}, length));
  }
  HeapProducer Producer(int cpu) { return {*rings_, cpu}; }

  std::vector<SegmentFacts> Finished() const {
    const std::lock_guard lock(mutex_);
    return finished_;
  }

  // Holds the finished files, in their order, against what was sent: `count` numbered packets of
  // each CPU, once, whole, and in order of time over all.
  void ExpectAllInFiles(const std::vector<uint32_t>& count) {
    std::vector<uint32_t> next(count.size());
    int64_t last_ns = 0;
    const std::vector<SegmentFacts> finished = Finished();
    EXPECT_THAT(directory_.Names(), testing::SizeIs(finished.size()));
    for (const SegmentFacts& facts : finished) {
      const std::string name = facts.name.Pcap();
      const std::optional<std::string> bytes = directory_.Read(name);
      ASSERT_TRUE(bytes.has_value()) << name;
      EXPECT_EQ(facts.length_bytes, static_cast<int64_t>(bytes->size())) << name;
      ExpectNext(name, ParsePcap(*bytes), &next, &last_ns);
    }
    EXPECT_EQ(next, count);
  }
  static void ExpectNext(const std::string& name, const PcapContent& content,
                         std::vector<uint32_t>* next, int64_t* last_ns) {
    ASSERT_TRUE(content.has_header) << name;
    EXPECT_EQ(content.rest_bytes, 0u) << name;
    for (const PcapPacket& packet : content.packets) {
      const auto number = ReadNumberedPayload(packet.payload);
      ASSERT_TRUE(number.has_value()) << name << ": torn";
      ASSERT_LT(number->cpu, next->size());
      ASSERT_EQ(number->number, (*next)[number->cpu]) << name;
      ++(*next)[number->cpu];
      ASSERT_GE(packet.time_ns, *last_ns) << name;
      *last_ns = packet.time_ns;
    }
  }

  void ExpectStopsWell(uint64_t packets) {
    const WriterResult result = writer_->Stop();
    EXPECT_EQ(result.packets_written, packets);
    EXPECT_EQ(result.packets_lost, 0u);
    EXPECT_TRUE(result.status.ok()) << result.status;
    EXPECT_EQ(rings_->set().BytesInRings(), 0u);
  }

  // How many packets the files hold by now.
  size_t PacketsToSee() const {
    size_t packets = 0;
    for (const std::string& content : directory_.Contents()) {
      packets += ParsePcap(content).packets.size();
    }
    return packets;
  }

  LogCapture log_;
  CaptureDirectory directory_;
  WriterOptions options_;
  std::atomic<int> opened_{0};
  std::unique_ptr<HeapRings> rings_;
  std::unique_ptr<Writer> writer_;

 private:
  mutable std::mutex mutex_;
  std::vector<SegmentFacts> finished_;
};

inline std::string BackendName(const testing::TestParamInfo<bool>& allow_uring) {
  return allow_uring.param ? "Uring" : "Pwrite";
}

}  // namespace dns_monitor
