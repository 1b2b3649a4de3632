// Making pcap records of ring records, into the writer's buffers; a back end that takes each buffer
// at once stands where the disk would be.

#include <benchmark/benchmark.h>

#include <cstring>
#include <utility>
#include <vector>

#include "dns_monitor/writer/assembler.h"
#include "report.h"
#include "rings.h"

namespace dns_monitor::bench {
namespace {

constexpr uint64_t kPcapBytes = sizeof(PcapRecordHeader) + uint64_t{kFrameBytes};

uint64_t FileBytes(const FilledRings& rings) {
  return sizeof(PcapFileHeader) + kPackets * sizeof(PcapRecordHeader) + rings.frame_bytes();
}

class AcceptingBackend final : public IoBackend {
 public:
  const char* name() const override { return "nothing"; }
  int wait_fd() const override { return -1; }
  void Start(const IoRequest& request) override {
    bytes_ += request.length;
    result_ = static_cast<int64_t>(request.length);
  }
  std::optional<int64_t> Finished() override { return std::exchange(result_, std::nullopt); }
  uint64_t bytes() const { return bytes_; }

 private:
  std::optional<int64_t> result_;
  uint64_t bytes_ = 0;
};

class NoObserver final : public WriteObserver {
 public:
  void OnCheckpoint(const Checkpoint&) override {}
  void OnSegmentWritten(Segment*) override {}
};

// What one segment needs, from its file header to its last buffer. A stream: no finisher, no file.
class Framing {
 public:
  explicit Framing(const RingSet& rings) : rings_(rings), pool_(rings.cpu_count()) {}

  // Calls `feed` with an assembler that has begun; returns the bytes that reached the back end.
  template <typename Feed>
  uint64_t Run(absl::Span<const uint64_t> cursors, const SegmentOptions& options, Feed feed) {
    AcceptingBackend backend;
    WriteQueue queue(&backend, &SystemClock(), &pool_, &observer_);
    Assembler assembler(options, &SystemClock(), &rings_, &pool_, &queue);
    assembler.BeginStream(/*stream_fd=*/-1, /*wall_offset_ns=*/1'700'000'000'000'000'000);
    assembler.set_cursors(cursors);
    feed(&assembler);
    assembler.End();
    return backend.bytes();
  }

 private:
  const RingSet& rings_;
  BufferPool pool_;
  NoObserver observer_;
};

// The record's way through OnPacket, as a call: no merge, one record as good as the next.
void Frame(benchmark::State& state) {
  FilledRings rings(1, 1, kPackets);
  const std::vector<uint64_t> cursors(1);
  SegmentOptions options;
  options.nanoseconds = state.range(0) != 0;
  Framing framing(rings.set());
  const uint64_t expected_bytes = FileBytes(rings);
  for (auto _ : state) {
    const uint64_t bytes = framing.Run(cursors, options, [&](Assembler* assembler) {
      ForEachRecord(rings.content(0),
                    [=](const RecordView& record) { assembler->OnPacket(record); });
    });
    if (bytes != expected_bytes) state.SkipWithError("bytes are missing");
  }
  Report(state, kPackets, expected_bytes);
}
BENCHMARK(Frame)->ArgName("nanoseconds")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

// All that the writer's thread does for a packet: merge and framing in one loop.
void MergeAndFrame(benchmark::State& state) {
  const auto ring_count = static_cast<int>(state.range(0));
  FilledRings rings(ring_count, ring_count, kPackets, static_cast<int>(state.range(1)),
                    static_cast<FilledRings::Lengths>(state.range(2)));
  Framing framing(rings.set());
  const uint64_t expected_bytes = FileBytes(rings);
  for (auto _ : state) {
    Merger merger(rings.set());
    merger.ObserveAll();
    const uint64_t bytes = framing.Run(
        merger.cursors(), {}, [&](Assembler* assembler) { assembler->DrainFrom(&merger); });
    if (bytes != expected_bytes) state.SkipWithError("bytes are missing");
  }
  Report(state, kPackets, expected_bytes);
}
BENCHMARK(MergeAndFrame)
    ->ArgNames({"rings", "run", "any_length"})
    ->Args({1, 1, 0})
    ->Args({1, 1, 1})
    ->Args({2, 1, 0})
    ->Args({2, 16, 0})
    ->Args({4, 1, 0})
    ->Args({8, 1, 0})
    ->Args({8, 1, 1})
    ->Args({8, 16, 0})
    ->Args({64, 1, 0})
    ->Args({64, 16, 0})
    ->Unit(benchmark::kMicrosecond);

// Ceilings: the same bytes into the same buffers, in pieces of a buffer or of a record.
void CeilingMemcpy(benchmark::State& state) {
  constexpr uint64_t kBytes = sizeof(PcapFileHeader) + kPackets * kPcapBytes;
  const auto piece_bytes = static_cast<uint64_t>(state.range(0));
  const std::vector<std::byte> from(kBytes, std::byte{1});
  BufferPool pool(1);
  const std::vector<iovec> buffers = pool.Iovecs();
  for (auto _ : state) {
    size_t buffer = 0;
    size_t used = 0;
    for (size_t at = 0; at + piece_bytes <= from.size(); at += piece_bytes) {
      if (used + piece_bytes > kBufferBytes) {
        buffer = (buffer + 1) % buffers.size();
        used = 0;
      }
      std::memcpy(static_cast<std::byte*>(buffers[buffer].iov_base) + used, &from[at], piece_bytes);
      used += piece_bytes;
    }
    benchmark::ClobberMemory();
  }
  Report(state, kPackets, kBytes / piece_bytes * piece_bytes);
}
BENCHMARK(CeilingMemcpy)
    ->ArgName("piece")
    ->Arg(kBufferBytes)
    ->Arg(kPcapBytes)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace dns_monitor::bench

BENCHMARK_MAIN();
