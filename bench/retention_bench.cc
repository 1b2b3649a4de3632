// What a pass of retention costs (retention/retention.h), by the segments that lie in the
// directory: those of an hour to 30 days, one a minute or one an hour, each with its ledger.
// Nothing is removed: the limits hold.

#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/system_disk.h"
#include "dns_monitor/retention/retention.h"

namespace dns_monitor::bench {
namespace {

constexpr char kInterface[] = "eth0";
constexpr int64_t kMinute = 60;
constexpr int64_t kHour = 3600;

// No other capture is alive.
class NoPeers final : public Peers {
 public:
  std::vector<PeerDirectory> Directories() override { return {}; }
};

// A directory with the finished segments of so many seconds up to now; goes with this.
class Archive {
 public:
  Archive(int64_t period_seconds, int64_t seconds) {
    std::string path = (std::filesystem::temp_directory_path() / "retention_bench.XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) return;
    path_ = path;
    const absl::Time now = absl::Now();
    for (int64_t ago = seconds; ago > 0; ago -= period_seconds) {
      SegmentName name{kInterface, absl::CivilSecond(), false, 0};
      name.start =
          absl::CivilSecond(absl::ToCivilMinute(now - absl::Seconds(ago), absl::UTCTimeZone()));
      Write(name.Pcap());
      Write(name.Pcap() + std::string(kLedgerSuffix));
    }
    auto disk = OpenSystemDisk(path_);
    if (disk.ok()) disk_ = *std::move(disk);
  }
  ~Archive() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  const std::string& path() const { return path_; }
  Disk* disk() { return disk_.get(); }

 private:
  void Write(const std::string& name) const {
    std::FILE* file = std::fopen((path_ + "/" + name).c_str(), "w");
    if (file == nullptr) return;
    std::fputs("{}\n", file);
    std::fclose(file);
  }

  std::string path_;
  std::unique_ptr<Disk> disk_;
};

// Limits on all that there are, and none that is exceeded.
RetentionConfig Config(const std::string& directory) {
  RetentionLimits limits;
  limits.max_age_ns = std::numeric_limits<int64_t>::max() / 2;
  limits.max_size_bytes = std::numeric_limits<int64_t>::max() / 2;
  limits.min_free_bytes = 1;
  return {directory, kInterface, absl::UTCTimeZone(), limits};
}

void Check(benchmark::State& state, const Retention& retention, int64_t segments) {
  state.counters["segments"] = static_cast<double>(segments);
  if (retention.segment_count() != static_cast<size_t>(segments)) {
    state.SkipWithError("segments are missing");
  }
}

// Made once, for all rows that ask about it: the largest takes seconds.
Archive& ArchiveOf(const benchmark::State& state) {
  static std::map<std::pair<int64_t, int64_t>, std::unique_ptr<Archive>> archives;
  auto& archive = archives[{state.range(0), state.range(1)}];
  if (archive == nullptr) archive = std::make_unique<Archive>(state.range(0), state.range(1));
  return *archive;
}

// Of a start: reads the directory.
void FirstPass(benchmark::State& state) {
  Archive& archive = ArchiveOf(state);
  if (archive.disk() == nullptr) return state.SkipWithError("no directory");
  NoPeers peers;
  for (auto _ : state) {
    Retention retention(Config(archive.path()), *archive.disk(), peers, SystemClock());
    retention.Enforce();
    state.PauseTiming();
    Check(state, retention, state.range(1) / state.range(0));
    state.ResumeTiming();
  }
}

// Each later one, ten seconds apart, or one when free space is watched.
void LaterPass(benchmark::State& state) {
  Archive& archive = ArchiveOf(state);
  if (archive.disk() == nullptr) return state.SkipWithError("no directory");
  NoPeers peers;
  Retention retention(Config(archive.path()), *archive.disk(), peers, SystemClock());
  retention.Enforce();
  for (auto _ : state) retention.Enforce();
  Check(state, retention, state.range(1) / state.range(0));
}

void Spans(benchmark::internal::Benchmark* rows) {
  rows->ArgNames({"period", "seconds"})->Unit(benchmark::kMicrosecond);
  for (const int64_t period : {kMinute, kHour}) {
    for (const int64_t hours : {1, 24, 7 * 24, 30 * 24}) rows->Args({period, hours * kHour});
  }
}
BENCHMARK(FirstPass)->Apply(Spans);
BENCHMARK(LaterPass)->Apply(Spans);

}  // namespace
}  // namespace dns_monitor::bench

BENCHMARK_MAIN();
