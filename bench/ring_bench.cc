// Reading the rings and merging them by time; the sink looks at each record and keeps nothing.

#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "dns_monitor/ring/merger.h"
#include "dns_monitor/writer/buffer_pool.h"
#include "report.h"
#include "rings.h"

namespace dns_monitor::bench {
namespace {

// Reads both lines of each frame, as whoever takes it would.
struct TouchingSink {
  uint64_t sum = 0;
  uint64_t packets = 0;

  bool OnPacket(const RecordView& record) {
    uint64_t first = 0;
    uint64_t last = 0;
    std::memcpy(&first, record.payload, sizeof(first));
    std::memcpy(&last, record.payload + record.length - sizeof(last), sizeof(last));
    sum += first ^ last ^ record.time_ns;
    ++packets;
    return true;
  }
  bool OnLoss(int, uint64_t, const capture_loss&) { return true; }
  bool OnStep(uint64_t, const capture_step&) { return true; }
  bool OnSettings(uint64_t, const capture_settings&) { return true; }
};

// Arguments: rings, how many of them have packets, and how many in a row (see FilledRings).
void MergeRings(benchmark::State& state) {
  FilledRings rings(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), kPackets,
                    static_cast<int>(state.range(2)));
  for (auto _ : state) {
    Merger merger(rings.set());
    merger.ObserveAll();
    TouchingSink sink;
    merger.Drain(sink);
    benchmark::DoNotOptimize(sink.sum);
    if (sink.packets != kPackets) state.SkipWithError("packets are missing");
  }
  Report(state, kPackets, rings.record_bytes());
}
BENCHMARK(MergeRings)
    ->ArgNames({"rings", "busy", "run"})
    ->Args({1, 1, 1})
    ->Args({2, 2, 1})
    ->Args({2, 2, 16})
    ->Args({4, 4, 1})
    ->Args({8, 8, 1})
    ->Args({8, 8, 16})
    ->Args({64, 64, 1})
    ->Args({64, 64, 16})
    ->Args({64, 1, 1})
    ->Unit(benchmark::kMicrosecond);

// What a wake-up of the writer costs when there is nothing to take.
void ObserveIdleRings(benchmark::State& state) {
  FilledRings rings(static_cast<int>(state.range(0)), 1, 1);
  Merger merger(rings.set());
  merger.ObserveAll();
  TouchingSink sink;
  merger.Drain(sink);
  for (auto _ : state) {
    benchmark::DoNotOptimize(merger.Observe(0));
    merger.Drain(sink);
  }
}
BENCHMARK(ObserveIdleRings)->ArgName("rings")->Arg(2)->Arg(64);

// Ceiling: one ring, read from front to back, with neither merge nor horizon.
void CeilingWalk(benchmark::State& state) {
  FilledRings rings(1, 1, kPackets);
  for (auto _ : state) {
    TouchingSink sink;
    ForEachRecord(rings.content(0), [&](const RecordView& record) { sink.OnPacket(record); });
    benchmark::DoNotOptimize(sink.sum);
  }
  Report(state, kPackets, rings.record_bytes());
}
BENCHMARK(CeilingWalk)->Unit(benchmark::kMicrosecond);

// Ceiling: the same bytes to where the writer would put them, in pieces as large as its buffers.
void CeilingMemcpy(benchmark::State& state) {
  FilledRings rings(1, 1, kPackets);
  const absl::Span<const std::byte> content = rings.content(0);
  std::vector<std::byte> buffers(kBufferBytes * kBufferCount);
  for (auto _ : state) {
    for (size_t from = 0; from < content.size(); from += kBufferBytes) {
      const absl::Span<const std::byte> piece = content.subspan(from, kBufferBytes);
      std::memcpy(buffers.data() + from % buffers.size(), piece.data(), piece.size());
    }
    benchmark::ClobberMemory();
  }
  Report(state, kPackets, rings.record_bytes());
}
BENCHMARK(CeilingMemcpy)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace dns_monitor::bench

BENCHMARK_MAIN();
