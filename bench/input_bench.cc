// Reading captures: blocks and their records, by one thread and by two. All rows read a file of
// --mib=N (500) of generated DNS, which is made in $TMPDIR once a run and lies in the page cache
// then, and count the bytes of its packets.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/compress/frame_encoder.h"
#include "dns_monitor/compress/seek_table.h"
#include "dns_monitor/input/block_source.h"
#include "dns_monitor/input/record_cursor.h"
#include "dns_monitor/ledger/index.h"
#include "messages.h"

namespace dns_monitor::bench {
namespace {

constexpr size_t kPartBytes = 32 << 20;  // generated; the file repeats it
constexpr size_t kFrameBytes = 1 << 20;  // as --compress

int64_t wanted_bytes = int64_t{500} << 20;

// The same packets, stored in three ways. Compressed files take a fifth of the part's repetitions.
class Captures {
 public:
  static const Captures& Get() {
    static const Captures captures;
    return captures;
  }
  ~Captures() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  Captures(const Captures&) = delete;
  Captures& operator=(const Captures&) = delete;

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  const std::string& part() const { return part_; }
  const std::vector<IndexEntry>& index() const { return index_; }
  int64_t plain_bytes() const { return plain_bytes_; }
  uint64_t plain_packets() const { return plain_packets_; }

 private:
  Captures() {
    const char* const temporary = getenv("TMPDIR");
    directory_ = absl::StrCat(temporary == nullptr ? "/tmp" : temporary, "/input_bench.XXXXXX");
    if (mkdtemp(directory_.data()) == nullptr) abort();
    Messages messages;
    const auto part_bytes = std::min(static_cast<int64_t>(kPartBytes), wanted_bytes);
    while (static_cast<int64_t>(part_.size()) < part_bytes) messages.Append(1000, &part_);
    const auto times = std::max<int64_t>(1, wanted_bytes / part_bytes);
    WritePlain(times);
    WriteSeekable(std::max<int64_t>(1, times / 5));
    WriteGzip(std::max<int64_t>(1, times / 5));
  }

  static std::string Header() {
    const PcapFileHeader header{.snaplen = 262144, .link_type = 1};
    return {reinterpret_cast<const char*>(&header), sizeof(header)};
  }
  void WritePlain(int64_t times) {
    std::ofstream file(Path("plain.pcap"), std::ios::binary);
    file << Header();
    SegmentIndexer indexer(/*nanoseconds=*/false);
    auto offset = static_cast<int64_t>(sizeof(PcapFileHeader));
    for (int64_t i = 0; i < times; ++i) {
      file << part_;
      for (size_t at = 0; at < part_.size();) {
        PcapRecordHeader header;
        memcpy(&header, part_.data() + at, sizeof(header));
        indexer.OnRecord(offset, header.seconds * kNanosecondsPerSecond);
        const size_t size = sizeof(header) + header.captured_length;
        at += size;
        offset += static_cast<int64_t>(size);
        ++plain_packets_;
      }
    }
    plain_bytes_ = offset;
    // Only what is needed of the entries: nobody looks at the checksums here.
    index_.assign(indexer.entries().begin(), indexer.entries().end());
    for (IndexEntry& entry : index_) entry.first_ns = entry.last_ns = 1;
  }
  void WriteSeekable(int64_t times) {
    std::ofstream file(Path("seekable.zst"), std::ios::binary);
    const std::string content = Header() + part_;
    FrameEncoder encoder;
    std::vector<std::byte> room(FrameEncoder::Bound(kFrameBytes));
    std::vector<FrameSize> frames;
    for (int64_t i = 0; i < times; ++i) {
      for (size_t at = i == 0 ? 0 : sizeof(PcapFileHeader); at < content.size();) {
        const size_t size = std::min(kFrameBytes, content.size() - at);
        const size_t stored = encoder.Encode(
            kUsualLevel, {reinterpret_cast<const std::byte*>(content.data()) + at, size},
            absl::MakeSpan(room));
        file.write(reinterpret_cast<const char*>(room.data()),
                   static_cast<std::streamsize>(stored));
        frames.push_back({static_cast<uint32_t>(stored), static_cast<uint32_t>(size)});
        at += size;
      }
    }
    file << FormatSeekTable(frames);
  }
  void WriteGzip(int64_t times) {
    const gzFile file = gzopen(Path("one.pcap.gz").c_str(), "wb6");
    const std::string header = Header();
    gzwrite(file, header.data(), static_cast<unsigned>(header.size()));
    for (int64_t i = 0; i < times; ++i) {
      gzwrite(file, part_.data(), static_cast<unsigned>(part_.size()));
    }
    gzclose(file);
  }

  std::string directory_;
  std::string part_;
  std::vector<IndexEntry> index_;
  int64_t plain_bytes_ = 0;
  uint64_t plain_packets_ = 0;
};

struct Totals {
  uint64_t packets = 0;
  uint64_t bytes = 0;
};

Totals Walk(BlockSource* source) {
  Totals totals;
  RecordBlock block;
  while (true) {
    const absl::StatusOr<bool> more = source->Next(&block);
    if (!more.ok() || !*more) return totals;
    RecordCursor cursor(block);
    CapturedRecord record;
    while (cursor.Next(&record)) {
      ++totals.packets;
      totals.bytes += record.bytes.size();
    }
  }
}

// per_packet: of the time that passed. content: bytes of records a second.
void Report(benchmark::State& state, const Totals& totals) {
  const auto packets = static_cast<double>(totals.packets);
  state.counters["packets"] = packets;
  state.counters["per_packet"] = benchmark::Counter(
      packets, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["content"] = benchmark::Counter(
      static_cast<double>(totals.bytes) + packets * sizeof(PcapRecordHeader),
      benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1024);
}

void ReadPlan(benchmark::State& state, const InputPlan& plan) {
  const auto threads = static_cast<size_t>(state.range(0));
  Totals totals;
  for (auto _ : state) {
    auto source = BlockSource::Open(plan, {}).value();
    std::vector<Totals> each(threads);
    std::vector<std::thread> others;
    for (size_t i = 1; i < threads; ++i) {
      others.emplace_back([&, i] { each[i] = Walk(source.get()); });
    }
    each[0] = Walk(source.get());
    for (std::thread& other : others) other.join();
    totals = {};
    for (const Totals& part : each) {
      totals.packets += part.packets;
      totals.bytes += part.bytes;
    }
  }
  if (totals.packets == 0) state.SkipWithError("no packets");
  Report(state, totals);
}

void ReadFile(benchmark::State& state, const std::string& name) {
  ReadPlan(state, PlanInput({.paths = {Captures::Get().Path(name)}}).value());
}

void BlocksWalked(benchmark::State& state) {
  ReadFile(state, "plain.pcap");
}
// The same with a ledger: borders come from its index.
void BlocksByIndex(benchmark::State& state) {
  const Captures& captures = Captures::Get();
  InputPlan plan = PlanInput({.paths = {captures.Path("plain.pcap")}}).value();
  plan.files[0].ledger = PlannedLedger{.packets = captures.plain_packets(),
                                       .length_bytes = captures.plain_bytes(),
                                       .index = captures.index()};
  // The first record's time is looked at; any will do.
  for (IndexEntry& entry : plan.files[0].ledger->index) {
    entry.first_ns = 0;
    entry.last_ns = INT64_MAX;
  }
  ReadPlan(state, plan);
}
void SeekableZstd(benchmark::State& state) {
  ReadFile(state, "seekable.zst");
}
void OneGzip(benchmark::State& state) {
  ReadFile(state, "one.pcap.gz");
}
BENCHMARK(BlocksWalked)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(BlocksByIndex)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(SeekableZstd)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(OneGzip)->ArgName("threads")->Arg(1)->UseRealTime()->MeasureProcessCPUTime()->Unit(
    benchmark::kMillisecond);

// What the cursor itself takes, of a block that lies in the cache.
void CursorInCache(benchmark::State& state) {
  const std::string& part = Captures::Get().part();
  RecordBlock block;
  block.layout = {.unit_ns = 1000, .header_bytes = 16, .most_captured = 262144, .link_type = 1};
  size_t bytes = 0;
  Totals totals;
  while (bytes < std::min<size_t>(256 << 10, part.size())) {
    PcapRecordHeader header;
    memcpy(&header, part.data() + bytes, sizeof(header));
    bytes += sizeof(header) + header.captured_length;
  }
  block.bytes = {reinterpret_cast<const uint8_t*>(part.data()), bytes};
  for (auto _ : state) {
    totals = {};
    RecordCursor cursor(block);
    CapturedRecord record;
    while (cursor.Next(&record)) {
      ++totals.packets;
      totals.bytes += record.bytes.size();
      benchmark::DoNotOptimize(record);
    }
  }
  Report(state, totals);
}
BENCHMARK(CursorInCache);

// Ceiling: one thread goes from header to header of the mapped file, and does nothing else.
void CeilingHeaders(benchmark::State& state) {
  const Captures& captures = Captures::Get();
  const Fd fd(open(captures.Path("plain.pcap").c_str(), O_RDONLY | O_CLOEXEC));
  const auto bytes = static_cast<size_t>(captures.plain_bytes());
  Totals totals;
  for (auto _ : state) {
    totals = {};
    void* const mapped = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd.get(), 0);
    const auto* at = static_cast<const uint8_t*>(mapped) + sizeof(PcapFileHeader);
    const uint8_t* const end = static_cast<const uint8_t*>(mapped) + bytes;
    while (at < end) {
      uint32_t captured;
      memcpy(&captured, at + 8, sizeof(captured));
      at += sizeof(PcapRecordHeader) + captured;
      ++totals.packets;
      totals.bytes += captured;
    }
    munmap(mapped, bytes);
  }
  Report(state, totals);
}
BENCHMARK(CeilingHeaders)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

// Takes --mib=N out of the arguments.
bool TakeArguments(int* argc, char** argv) {
  int kept = 1;
  for (int index = 1; index < *argc; ++index) {
    absl::string_view argument = argv[index];
    int64_t mib = 0;
    if (!absl::ConsumePrefix(&argument, "--mib=")) {
      argv[kept++] = argv[index];
    } else if (!absl::SimpleAtoi(argument, &mib) || mib < 1) {
      fprintf(stderr, "input_bench: --mib= wants a number\n");
      return false;
    } else {
      wanted_bytes = mib << 20;
    }
  }
  *argc = kept;
  return true;
}

}  // namespace
}  // namespace dns_monitor::bench

int main(int argc, char** argv) {
  if (!dns_monitor::bench::TakeArguments(&argc, argv)) return 2;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}
