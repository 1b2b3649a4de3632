// What the filter leaves in the ring besides packets, and what it does when there is no room:
// losses, events, the doorbell, and the end.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "dns_monitor/tap/tap.h"
#include "kernel/live_network.h"
#include "kernel/live_rows.h"
#include "support/packet_builder.h"
#include "support/ring_reader.h"

namespace dns_monitor::live {
namespace {

// ------------------------------------------------------------------------------------ full rings

uint64_t Lost(LiveTap& tap, capture_lost cause) {
  return tap.rings().Counters().lost[cause];
}

TEST(LiveFilter, AFullRingLosesExactlyWhatItTells) {
  const auto tap = LiveTap::Open(kLeft);  // sent frames are in the ring when sending returns
  ASSERT_NE(tap, nullptr);
  constexpr uint64_t kWantedLosses = 7;
  uint64_t sent = 0;
  const auto send = [&sent] {
    SendLeft(Eth4({.id = static_cast<uint16_t>(sent)}).Udp(40000, 53).Data(1000 + sent % 400));
    ++sent;
  };
  while (Lost(*tap, CAPTURE_LOST_RING_FULL) < kWantedLosses && sent < 10'000) send();
  tap->AwaitSeen(sent);
  const FilterCounters full = tap->rings().Counters();
  EXPECT_EQ(full.matched, sent);
  EXPECT_EQ(full.lost_total(), kWantedLosses);

  const std::vector<RingRecord> before = OfType(tap->Take(), CAPTURE_RECORD_PACKET);
  EXPECT_EQ(before.size() + kWantedLosses, sent);
  for (size_t i = 0; i < before.size(); ++i) {
    const Bytes frame = Eth4({.id = static_cast<uint16_t>(i)}).Udp(40000, 53).Data(1000 + i % 400);
    ASSERT_EQ(before[i].payload, frame) << i;
  }

  send();  // there is room again
  EXPECT_EQ(tap->AwaitSeen(1), kTaken);
  const std::vector<RingRecord> after = tap->Take();
  ASSERT_EQ(after.size(), 2u);
  ASSERT_EQ(after[0].type, static_cast<uint32_t>(CAPTURE_RECORD_LOSS));
  const auto loss = after[0].As<capture_loss>();
  EXPECT_EQ(loss.cause, static_cast<uint32_t>(CAPTURE_LOST_RING_FULL));
  EXPECT_EQ(loss.count, kWantedLosses);
  EXPECT_GE(loss.from_ns, before.back().time_ns);
  EXPECT_LT(loss.from_ns, loss.to_ns);
  EXPECT_LE(loss.to_ns, after[0].time_ns);
  EXPECT_EQ(after[1].type, static_cast<uint32_t>(CAPTURE_RECORD_PACKET));
  EXPECT_EQ(after[1].time_ns, after[0].time_ns);

  send();  // it is told once
  tap->AwaitSeen(1);
  EXPECT_EQ(tap->Take().size(), 1u);
  EXPECT_EQ(tap->rings().Counters().lost_total(), kWantedLosses);
}

TEST(LiveFilter, LessMemoryThanARingForEachCpuIsRefused) {
  ASSERT_TRUE(EnterNetwork().ok()) << EnterNetwork();
  TapOptions options;
  options.interface = *FindInterface(kLeft);
  options.ring_bytes = CAPTURE_RING_MIN_BYTES;
  options.ring_memory_bytes =
      OnlineCpuNumbers().size() * (CAPTURE_RING_MIN_BYTES + CAPTURE_RING_SLACK_BYTES);
  EXPECT_TRUE(Tap::Open(options).ok());
  --options.ring_memory_bytes;
  EXPECT_TRUE(absl::IsResourceExhausted(Tap::Open(options).status()))
      << Tap::Open(options).status();
}

// --------------------------------------------------------------------------------------- events

// A real one needs a kernel whose softirqs can be interrupted by each other (PREEMPT_RT); what
// marks it is in shared memory.
TEST(LiveFilter, APacketThatComesWithinAnotherIsCountedAndLeavesTheRingAlone) {
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  tap->cpu()->busy = 1;
  SendLeft(Eth4().Udp(40000, 53));
  EXPECT_EQ(tap->AwaitSeen(1), "seen, nested in another packet");
  EXPECT_TRUE(tap->Take().empty());
  EXPECT_EQ(tap->cpu()->busy, 1u) << "the packet in which it came has not ended";

  tap->cpu()->busy = 0;
  SendLeft(Eth4().Udp(40000, 53));
  EXPECT_EQ(tap->AwaitSeen(1), kTaken);
  EXPECT_EQ(tap->Take().size(), 1u);
}

TEST(LiveFilter, AChangeOfSettingsStandsBeforeThePacketThatMetIt) {
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  SendLeft(Query());
  tap->AwaitSeen(1);
  tap->Take();
  const uint32_t current = tap->cpu()->settings_generation;
  tap->cpu()->settings_generation = current + 40;  // as if the filter before had been of that one
  SendLeft(Query());
  SendLeft(Query());
  EXPECT_EQ(tap->AwaitSeen(2), "seen 2, matched 2");
  const std::vector<RingRecord> records = tap->Take();
  ASSERT_EQ(records.size(), 3u);
  ASSERT_EQ(records[0].type, static_cast<uint32_t>(CAPTURE_RECORD_SETTINGS));
  EXPECT_EQ(records[0].As<capture_settings>().old_generation, current + 40);
  EXPECT_EQ(records[0].As<capture_settings>().new_generation, current);
  EXPECT_EQ(records[1].type, static_cast<uint32_t>(CAPTURE_RECORD_PACKET));
  EXPECT_EQ(records[1].time_ns, records[0].time_ns);
}

TEST(LiveFilter, AStepOfTheClockStandsBeforeThePacketThatMetIt) {
  constexpr int64_t kStepNs = 5'000'000'000;
  constexpr int64_t kToleranceNs = 1'000'000;
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  for (const int64_t step_ns : {kStepNs, -kStepNs}) {
    SCOPED_TRACE(step_ns);
    SendLeft(Query());
    tap->AwaitSeen(1);
    tap->Take();
    // As if the clock had been elsewhere when it was told last, which is long ago.
    tap->cpu()->tai_offset_ns -= step_ns;
    tap->cpu()->offset_checked_ns = 0;
    const int64_t old_ns = tap->cpu()->tai_offset_ns;
    SendLeft(Query());
    SendLeft(Query());
    EXPECT_EQ(tap->AwaitSeen(2), "seen 2, matched 2");
    const std::vector<RingRecord> records = tap->Take();
    ASSERT_EQ(records.size(), 3u);
    ASSERT_EQ(records[0].type, static_cast<uint32_t>(CAPTURE_RECORD_STEP));
    const auto step = records[0].As<capture_step>();
    EXPECT_EQ(step.old_offset_ns, old_ns);
    EXPECT_NEAR(static_cast<double>(step.new_offset_ns - old_ns), static_cast<double>(step_ns),
                kToleranceNs);
    EXPECT_EQ(records[1].type, static_cast<uint32_t>(CAPTURE_RECORD_PACKET));
    EXPECT_EQ(records[1].time_ns, records[0].time_ns);
  }
}

// ------------------------------------------------------------------------------------- doorbell

constexpr size_t kRecordBytes = 1024;
constexpr uint64_t kQuarter = CAPTURE_RING_MIN_BYTES / 4;
constexpr size_t kHeaderBytes = sizeof(capture_record) + 14 + 20 + 8;

// A frame whose record takes so many bytes of the ring.
void SendRecord(size_t bytes) {
  SendLeft(Query(bytes - kHeaderBytes));
}

bool IsReadable(int fd) {
  pollfd entry = {.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&entry, 1, 0) == 1;
}

TEST(LiveFilter, TheDoorbellRingsWhenARingHasBecomeAQuarterFull) {
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  const int bell = tap->tap().doorbell_fd();
  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE(round);
    while (tap->rings().BytesInRings() + kRecordBytes < kQuarter) SendRecord(kRecordBytes);
    EXPECT_FALSE(IsReadable(bell));
    SendRecord(kRecordBytes);
    EXPECT_TRUE(IsReadable(bell));
    tap->tap().ClearDoorbell();
    EXPECT_FALSE(IsReadable(bell));
    for (int more = 0; more < 10; ++more) SendRecord(kRecordBytes);
    EXPECT_FALSE(IsReadable(bell)) << "it rings once";
    tap->Take();
  }
}

TEST(LiveFilter, TheDoorbellRingsAlsoWhenAnEventFillsTheQuarter) {
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  SendRecord(kRecordBytes);
  tap->Take();
  while (tap->rings().BytesInRings() + kRecordBytes < kQuarter) SendRecord(kRecordBytes);
  SendRecord(kQuarter - tap->rings().BytesInRings() - 8);
  EXPECT_EQ(tap->rings().BytesInRings(), kQuarter - 8);
  EXPECT_FALSE(IsReadable(tap->tap().doorbell_fd()));
  tap->cpu()->settings_generation += 40;  // an event stands before the next packet
  SendRecord(kRecordBytes);
  EXPECT_TRUE(IsReadable(tap->tap().doorbell_fd()));
}

// --------------------------------------------------------------------------------------- sending

// The packet sockets of this process.
std::vector<int> PacketSockets() {
  std::vector<int> found;
  for (int fd = 3; fd < 1024; ++fd) {
    int domain = 0;
    socklen_t length = sizeof(domain);
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_PACKET) {
      found.push_back(fd);
    }
  }
  return found;
}

TEST(LiveFilter, ItsSocketSendsNothing) {
  const std::vector<int> before = PacketSockets();
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  const Bytes frame = Query();
  int tried = 0;
  for (const int fd : PacketSockets()) {
    if (std::find(before.begin(), before.end(), fd) != before.end()) continue;
    ++tried;
    EXPECT_EQ(write(fd, frame.data(), frame.size()), 0);
    EXPECT_EQ(send(fd, frame.data(), frame.size(), MSG_DONTWAIT), 0);
  }
  EXPECT_EQ(tried, 1);
  SendLeft(frame);
  EXPECT_EQ(tap->AwaitSeen(1), kTaken) << "what was written came too";
}

// ------------------------------------------------------------------------------------------ stop

TEST(LiveFilter, NothingComesAfterStop) {
  const auto tap = LiveTap::Open(kLeft);
  ASSERT_NE(tap, nullptr);
  SendLeft(Query());
  tap->tap().Stop();
  SendLeft(Query());
  EXPECT_EQ(tap->AwaitSeen(1), kTaken);
  EXPECT_EQ(OfType(tap->Take(), CAPTURE_RECORD_PACKET).size(), 1u);
}

}  // namespace
}  // namespace dns_monitor::live
