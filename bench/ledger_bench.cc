// What a segment's index costs the writer: each record is told of, and the buffer's bytes are
// hashed in pieces while they lie in the nearest caches. Rows differ in what is done after the same
// copying.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstring>
#include <vector>

#include "dns_monitor/ledger/index.h"
#include "report.h"

namespace dns_monitor::bench {
namespace {

constexpr size_t kRecordBytes = 113;  // 16 of a header, 97 of a frame
constexpr size_t kPackets = 131072;   // 14 MiB: larger than L2
constexpr size_t kFileBytes = kRecordBytes * kPackets;
constexpr size_t kBufferBytes = size_t{4} << 20;  // as the writer's pool
constexpr size_t kBufferCount = 4;
constexpr size_t kPageBytes = 4096;

// Records in a row, copied one at a time to buffers that are filled in turn, as the writer does.
class Copier {
 public:
  Copier() : from_(kFileBytes, std::byte{1}), memory_((kBufferCount * kBufferBytes) + kPageBytes) {
    const auto address = reinterpret_cast<uintptr_t>(memory_.data());
    buffers_ = memory_.data() + (kPageBytes - address % kPageBytes);
  }

  // `on_record(offset)` before each record is copied, `on_bytes(span)` whenever `piece_bytes` lie
  // in a buffer behind the last ones.
  template <typename OnRecord, typename OnBytes>
  void Run(size_t piece_bytes, OnRecord on_record, OnBytes on_bytes) {
    std::byte* buffer = buffers_;
    size_t used = 0;
    size_t mark = 0;
    size_t buffer_number = 0;
    for (size_t at = 0; at < kFileBytes; at += kRecordBytes) {
      on_record(static_cast<int64_t>(at));
      if (used + kRecordBytes > kBufferBytes) {
        // The real one splits the record; the bytes left over are few.
        on_bytes({buffer + mark, used - mark});
        buffer_number = (buffer_number + 1) % kBufferCount;
        buffer = buffers_ + buffer_number * kBufferBytes;
        used = mark = 0;
      }
      std::memcpy(buffer + used, &from_[at], kRecordBytes);
      used += kRecordBytes;
      if (used - mark >= piece_bytes) {
        on_bytes({buffer + mark, used - mark});
        mark = used;
      }
    }
    on_bytes({buffer + mark, used - mark});
    benchmark::ClobberMemory();
  }

 private:
  std::vector<std::byte> from_;
  std::vector<std::byte> memory_;
  std::byte* buffers_;
};

constexpr auto kNoRecord = [](int64_t) {};
constexpr auto kNoBytes = [](absl::Span<const std::byte>) {};
constexpr int64_t kStepNs = 770;

// The ceiling: nothing but the copying.
void CeilingCopy(benchmark::State& state) {
  Copier copier;
  for (auto _ : state) copier.Run(kHashBytes, kNoRecord, kNoBytes);
  Report(state, kPackets, kFileBytes);
}
BENCHMARK(CeilingCopy)->Unit(benchmark::kMicrosecond);

// OnRecord alone.
void CopyAndCount(benchmark::State& state) {
  Copier copier;
  SegmentIndexer indexer(/*nanoseconds=*/false);
  for (auto _ : state) {
    int64_t time_ns = 0;
    copier.Run(
        kHashBytes, [&](int64_t offset) { indexer.OnRecord(offset, time_ns += kStepNs); },
        kNoBytes);
    indexer.Resume({});
  }
  Report(state, kPackets, kFileBytes);
}
BENCHMARK(CopyAndCount)->Unit(benchmark::kMicrosecond);

// All of it, hashing pieces of 16 KiB, or whole buffers, which have left the nearest caches by
// then.
void CopyAndIndex(benchmark::State& state) {
  Copier copier;
  SegmentIndexer indexer(/*nanoseconds=*/false);
  for (auto _ : state) {
    int64_t time_ns = 0;
    copier.Run(
        static_cast<size_t>(state.range(0)),
        [&](int64_t offset) { indexer.OnRecord(offset, time_ns += kStepNs); },
        [&](absl::Span<const std::byte> bytes) { indexer.OnAppended(bytes); });
    if (indexer.Finish(kFileBytes).size() != 1) state.SkipWithError("the index is wrong");
  }
  Report(state, kPackets, kFileBytes);
}
BENCHMARK(CopyAndIndex)
    ->ArgName("piece")
    ->Arg(1024)
    ->Arg(2048)
    ->Arg(kHashBytes)
    ->Arg(8192)
    ->Arg(16384)
    ->Arg(65536)
    ->Arg(kBufferBytes)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace dns_monitor::bench

BENCHMARK_MAIN();
