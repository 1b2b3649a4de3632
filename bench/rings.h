// Rings in ordinary memory that hold packets, for the benchmarks.
#pragma once

#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "absl/types/span.h"
#include "dns_monitor/ring/merger.h"
#include "support/heap_rings.h"

namespace dns_monitor::bench {

inline constexpr uint32_t kFrameBytes = 100;  // near the median of queries at a resolver
inline constexpr uint64_t kRecordBytes =
    CAPTURE_ALIGN_UP(sizeof(capture_record) + uint64_t{kFrameBytes});
// 15 MiB of records: what waits in a ring of the default size when its doorbell rings. Larger than
// L2, smaller than the L3 of most servers, as on the way from the CPU that receives.
inline constexpr uint64_t kPackets = 131072;

// `ring_count` rings that hold `packets` between them, in order of time within each. So many
// packets in a row, in the mean, went to one of the first `busy_count` rings, chosen at random each
// time. With 1 the runs that the merge can take from one ring are as short as they get. The frames
// are of kFrameBytes, or of any length up to twice that, no less than a DNS packet has.
class FilledRings {
 public:
  enum class Lengths { kOne, kAny };

  FilledRings(int ring_count, int busy_count, uint64_t packets, int mean_run = 1,
              Lengths lengths = Lengths::kOne)
      : rings_(ring_count, RingBytes(busy_count, packets)) {
    constexpr uint64_t kFirstNs = 1'000'000'000'000;
    constexpr uint64_t kStepNs = 770;  // 1.3 M packets/s
    constexpr uint32_t kLeastBytes = 60;
    const std::string frame(2 * size_t{kFrameBytes}, '\x55');
    std::minstd_rand random(1);
    std::uniform_int_distribution<int> choose(0, busy_count - 1);
    std::uniform_int_distribution<int> dice(1, mean_run);
    std::uniform_int_distribution<uint32_t> length(kLeastBytes, 2 * kFrameBytes);
    int cpu = 0;
    for (uint64_t number = 0; number < packets; ++number) {
      const uint64_t time_ns = kFirstNs + number * kStepNs;
      if (dice(random) == 1) cpu = choose(random);
      const uint32_t bytes = lengths == Lengths::kOne ? kFrameBytes : length(random);
      frame_bytes_ += bytes;
      record_bytes_ += CAPTURE_ALIGN_UP(sizeof(capture_record) + uint64_t{bytes});
      if (HeapProducer(rings_, cpu).PacketAt(time_ns, {frame.data(), bytes})) continue;
      std::fprintf(stderr, "bench: a ring is too small for its share\n");
      std::abort();
    }
  }

  const RingSet& set() { return rings_.set(); }
  uint64_t record_bytes() const { return record_bytes_; }
  uint64_t frame_bytes() const { return frame_bytes_; }
  // What the ring of a CPU holds, from its first byte on: it has not wrapped.
  absl::Span<const std::byte> content(int cpu) { return {rings_.data(cpu), rings_.cpu(cpu)->head}; }

 private:
  // Twice the mean and more, for what chance does to a ring.
  static uint64_t RingBytes(int busy_count, uint64_t packets) {
    return std::bit_ceil(3 * packets * kRecordBytes / static_cast<uint64_t>(busy_count));
  }

  uint64_t record_bytes_ = 0;
  uint64_t frame_bytes_ = 0;
  HeapRings rings_;
};

// Calls `take` with each record that lies in `content`, from front to back.
template <typename Take>
void ForEachRecord(absl::Span<const std::byte> content, Take take) {
  for (const std::byte* at = content.data(); at != content.data() + content.size();) {
    const auto* record = reinterpret_cast<const capture_record*>(at);
    const uint32_t length = record->type_and_length & 0xffffff;
    take(RecordView{.time_ns = record->time_ns,
                    .length = length,
                    .wire_length = record->wire_length,
                    .payload = at + sizeof(capture_record)});
    at += CAPTURE_ALIGN_UP(sizeof(capture_record) + length);
  }
}

}  // namespace dns_monitor::bench
