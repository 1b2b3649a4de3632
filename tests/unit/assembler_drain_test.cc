// Packets as the writer takes them, many in one go, against the same ones handed over one by one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "dns_monitor/writer/assembler.h"
#include "support/segment_checks.h"

namespace dns_monitor {
namespace {

using absl::Hours;
using absl::Minutes;
using ::testing::SizeIs;

struct Event {
  int64_t since_start_ns = 0;
  std::string payload;
  uint32_t wire_length = 0;
  std::optional<capture_loss> loss;  // instead of a packet
};

class Script {
 public:
  explicit Script(unsigned seed) : random_(seed) {}

  std::vector<Event> Make(size_t count) {
    std::vector<Event> events(count);
    for (Event& event : events) {
      event.since_start_ns = NextTime();
      if (OneIn(500)) {
        event.loss = capture_loss{
            .cause = 0, .reserved = 0, .count = Below(9) + 1, .from_ns = 1'000, .to_ns = 2'000};
        continue;
      }
      event.payload = NumberedPayload({0, number_++}, Length());
      event.wire_length = static_cast<uint32_t>(event.payload.size() + (OneIn(20) ? 100 : 0));
    }
    return events;
  }
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  bool OneIn(uint32_t bound) { return Below(bound) == 0; }

 private:
  int64_t NextTime() {
    if (OneIn(100)) return now_ns_ - Below(2'000'000);  // late
    if (OneIn(2'000)) now_ns_ += absl::ToInt64Nanoseconds(Minutes(20));
    return now_ns_ += Below(1'000);
  }
  // Those at which the ways part, and of each side.
  size_t Length() {
    if (OneIn(1'000)) return 100'000 + Below(150'000);
    if (OneIn(50)) return 500 + Below(3'000);
    if (OneIn(10)) return kMinNumberedBytes + Below(30);
    return OneIn(10) ? 505 + Below(16) : 30 + Below(200);
  }

  std::minstd_rand random_;
  uint32_t number_ = 0;
  int64_t now_ns_ = 0;
};

struct Outcome {
  std::deque<FinishedFile> files;
  std::vector<Checkpoint> checkpoints;
  uint64_t packets = 0;
  uint64_t late = 0;
};

Outcome End(SegmentRig* rig) {
  rig->clock().Advance(absl::ToInt64Nanoseconds(Hours(1000)));  // all of the script has been
  Outcome outcome;
  outcome.files = rig->Finish();
  outcome.checkpoints = rig->checkpoints();
  outcome.packets = rig->assembler().packets();
  outcome.late = rig->assembler().late();
  return outcome;
}

Outcome OneByOne(const SegmentOptions& options, const std::vector<Event>& events) {
  SegmentRig rig(options, Utc(kNoon));
  const int64_t start_ns = rig.clock().BoottimeNs();
  for (const Event& event : events) {
    if (rig.assembler().limit_reached()) break;
    const int64_t time_ns = start_ns + event.since_start_ns;
    if (event.loss) {
      rig.assembler().OnLoss(0, static_cast<uint64_t>(time_ns), *event.loss);
      rig.cursor() += CAPTURE_ALIGN_UP(sizeof(capture_record) + sizeof(capture_loss));
    } else {
      rig.Put(time_ns, event.payload, event.wire_length);
    }
  }
  return End(&rig);
}

bool Store(const Event& event, int64_t time_ns, HeapProducer producer) {
  const auto length = static_cast<uint32_t>(event.payload.size());
  if (!producer.HasRoom(event.loss ? sizeof(capture_loss) : length)) return false;
  if (event.loss) {
    return producer.Put(time_ns, CAPTURE_RECORD_LOSS, &*event.loss, sizeof(capture_loss));
  }
  return producer.Put(time_ns, CAPTURE_RECORD_PACKET, event.payload.data(), length,
                      event.wire_length);
}

Outcome ManyAtOnce(const SegmentOptions& options, const std::vector<Event>& events,
                   Script* script) {
  SegmentRig rig(options, Utc(kNoon));
  const int64_t start_ns = rig.clock().BoottimeNs();
  for (const Event& event : events) {
    while (!Store(event, start_ns + event.since_start_ns, rig.Producer())) {
      rig.Drain();
      if (rig.assembler().limit_reached()) return End(&rig);
    }
    if (script->OneIn(300)) rig.Drain();
  }
  rig.Drain();
  return End(&rig);
}

void ExpectSameFile(const FinishedFile& file, const FinishedFile& same) {
  EXPECT_TRUE(file.bytes == same.bytes) << file.bytes.size() << " bytes, " << same.bytes.size();
  EXPECT_EQ(file.from_ns, same.from_ns);
  EXPECT_EQ(file.to_ns, same.to_ns);
  EXPECT_EQ(file.facts.length_bytes, same.facts.length_bytes);
  EXPECT_EQ(file.facts.packets, same.facts.packets);
  EXPECT_EQ(file.facts.clipped, same.facts.clipped);
  EXPECT_EQ(file.facts.late, same.facts.late);
  EXPECT_EQ(file.facts.losses, same.facts.losses);
  EXPECT_EQ(file.facts.first_packet_ns, same.facts.first_packet_ns);
  EXPECT_EQ(file.facts.last_packet_ns, same.facts.last_packet_ns);
  EXPECT_EQ(file.facts.index, same.facts.index);
}

void ExpectSame(const Outcome& outcome, const Outcome& same) {
  EXPECT_EQ(outcome.packets, same.packets);
  EXPECT_EQ(outcome.late, same.late);
  ASSERT_THAT(outcome.files, SizeIs(same.files.size()));
  for (size_t index = 0; index < same.files.size(); ++index) {
    SCOPED_TRACE(same.files[index].facts.name.Pcap());
    ExpectSameFile(outcome.files[index], same.files[index]);
  }
  ASSERT_THAT(outcome.checkpoints, SizeIs(same.checkpoints.size()));
  for (size_t index = 0; index < same.checkpoints.size(); ++index) {
    EXPECT_EQ(outcome.checkpoints[index].packets, same.checkpoints[index].packets);
    EXPECT_EQ(outcome.checkpoints[index].length_bytes, same.checkpoints[index].length_bytes);
    EXPECT_EQ(outcome.checkpoints[index].tails, same.checkpoints[index].tails);
  }
}

void ExpectSameBothWays(const SegmentOptions& options, unsigned seed, size_t count) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Script script(seed);
  const std::vector<Event> events = script.Make(count);
  const Outcome one_by_one = OneByOne(options, events);
  ASSERT_GT(one_by_one.packets, 0u);
  ExpectSame(ManyAtOnce(options, events, &script), one_by_one);
}

TEST(AssemblerDrain, MakesTheSameFilesAsPacketByPacket) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    SegmentOptions options = Every(Hours(1));
    options.nanoseconds = seed % 2 == 0;
    ExpectSameBothWays(options, seed, 30'000);
  }
}

TEST(AssemblerDrain, RotatesBySizeAtTheSamePackets) {
  for (unsigned seed = 11; seed <= 16; ++seed) {
    SegmentOptions options = Every(Hours(1));
    options.max_segment_bytes = 300'000 + seed;
    ExpectSameBothWays(options, seed, 10'000);
  }
}

TEST(AssemblerDrain, EndsAtTheSamePacket) {
  for (unsigned seed = 21; seed <= 26; ++seed) {
    SegmentOptions options = Every(Hours(1));
    options.max_packets = 1'000 + seed;
    ExpectSameBothWays(options, seed, 3'000);
  }
}

// More than one stretch of the index.
TEST(AssemblerDrain, MakesTheSameIndexOfALongFile) {
  ExpectSameBothWays(Every(Hours(24 * 365)), 31, 150'000);
}

TEST(AssemblerDrain, TellsOfTheOldestThatIsNotFlushed) {
  SegmentRig rig(Every(Hours(1)), Utc(kNoon));
  const auto begin_ns = static_cast<uint64_t>(rig.clock().BoottimeNs());
  rig.assembler().OnFlushed();
  for (const uint64_t later_ns : {500, 600, 700}) {
    rig.Producer().PacketAt(begin_ns + later_ns, Numbered(static_cast<uint32_t>(later_ns)));
  }
  rig.Drain();
  EXPECT_EQ(rig.assembler().oldest_unflushed_ns(), begin_ns + 500);
  rig.assembler().OnFlushed();
  rig.Producer().PacketAt(begin_ns + 800, Numbered(800));
  rig.Drain();
  EXPECT_EQ(rig.assembler().oldest_unflushed_ns(), begin_ns + 800);
  rig.Finish();
}

}  // namespace
}  // namespace dns_monitor
