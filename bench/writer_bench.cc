// Bringing full buffers into a file: the writer's queue over each of its back ends, and bare system
// calls as the ceiling. All rows write files of --mib=N (256) under --dir=DIR (the current one).
//
// bytes_per_second includes fdatasync(2) at the end, so that buffered and direct rows can be
// compared; before_sync is the rate at which the writer was rid of the bytes, and cpu_s_per_MiB
// what the process, with io_uring's workers, spent on it.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "dns_monitor/writer/write_queue.h"

namespace dns_monitor::bench {
namespace {

constexpr int64_t kAllocationStepBytes = 64 << 20;  // as write_queue.cc

std::string directory = ".";
int64_t file_bytes = 256 << 20;

double Seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// A new file, gone with its last descriptor. -1, with errno, when it is refused.
Fd MakeFile(int flags) {
  std::string path = directory + "/writer_bench.XXXXXX";
  Fd file(mkostemp(path.data(), flags | O_CLOEXEC));
  if (file.valid()) unlink(path.c_str());
  return file;
}

// The same file once more, with its own flags.
Fd Reopen(const Fd& file, int flags) {
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  return Fd(open(path.c_str(), O_RDWR | O_CLOEXEC | flags));
}

// Bytes that neither a disk nor its host can take for nothing.
void FillWithNoise(const std::vector<iovec>& buffers) {
  std::minstd_rand random(1);
  for (const iovec& buffer : buffers) {
    auto* words = static_cast<uint32_t*>(buffer.iov_base);
    std::generate(words, words + buffer.iov_len / sizeof(uint32_t), std::ref(random));
  }
}

// Measures `write`, which returns an errno, over a file that `prepare` opened.
void Measure(benchmark::State& state, const std::function<Fd()>& prepare,
             const std::function<int(const Fd&)>& write) {
  double before_sync_seconds = 0;
  double cpu_seconds = 0;
  for (auto _ : state) {
    const Fd file = prepare();
    if (!file.valid()) {
      state.SkipWithError(strerror(errno));
      return;
    }
    const double cpu_start = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    const double start = Seconds(CLOCK_MONOTONIC);
    const int error = write(file);
    const double written = Seconds(CLOCK_MONOTONIC);
    cpu_seconds += Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
    if (error != 0) {
      state.SkipWithError(strerror(error));
      return;
    }
    fdatasync(file.get());  // EINVAL of /dev/null
    before_sync_seconds += written - start;
    state.SetIterationTime(Seconds(CLOCK_MONOTONIC) - start);
  }
  const double bytes = static_cast<double>(state.iterations()) * static_cast<double>(file_bytes);
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
  state.counters["before_sync"] = benchmark::Counter(
      bytes / before_sync_seconds, benchmark::Counter::kDefaults, benchmark::Counter::kIs1024);
  state.counters["cpu_s_per_MiB"] = cpu_seconds / (bytes / (1 << 20));
}

class NoObserver final : public WriteObserver {
 public:
  void OnCheckpoint(const Checkpoint&) override {}
  void OnSegmentWritten(Segment*) override {}
};

// Sleeps until the back end has something to tell, as the writer does.
void WaitFor(const IoBackend& backend) {
  pollfd ready{.fd = backend.wait_fd(), .events = POLLIN, .revents = 0};
  if (ready.fd >= 0) poll(&ready, 1, 1000);
}

int WriteThrough(WriteQueue* queue, IoBackend* backend, BufferPool* pool, Segment* segment) {
  for (int64_t offset = 0; offset < file_bytes; offset += kBufferBytes) {
    while (pool->available() == 0) {
      WaitFor(*backend);
      queue->Pump();
      if (queue->failing()) return EIO;
    }
    Buffer* buffer = pool->Take(segment, offset);
    buffer->used = kBufferBytes;
    queue->Seal(buffer);
  }
  while (!queue->idle()) {
    WaitFor(*backend);
    queue->Pump();
    if (queue->failing()) return EIO;
  }
  return 0;
}

enum BackendKind { kUring, kPwrite };

// The writer's queue: its buffers, one write under way, blocks allocated ahead.
void Queue(benchmark::State& state, BackendKind kind, bool direct) {
  BufferPool pool(1);
  const std::vector<iovec> buffers = pool.Iovecs();
  FillWithNoise(buffers);
  absl::StatusOr<std::unique_ptr<IoBackend>> backend =
      kind == kUring ? MakeUringBackend(buffers) : MakePwriteBackend();
  if (!backend.ok()) {
    state.SkipWithError(std::string(backend.status().message()).c_str());
    return;
  }
  Measure(
      state, [] { return MakeFile(0); },
      [&](const Fd& file) {
        NoObserver observer;
        WriteQueue queue(backend->get(), &SystemClock(), &pool, &observer);
        Segment segment;
        segment.opened = true;
        segment.buffered = Reopen(file, 0);
        if (direct) segment.direct = Reopen(file, O_DIRECT);
        if (direct && !segment.direct.valid()) return errno;
        return WriteThrough(&queue, backend->get(), &pool, &segment);
      });
}
BENCHMARK_CAPTURE(Queue, uring_direct, kUring, true)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Queue, pwrite_direct, kPwrite, true)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Queue, uring_buffered, kUring, false)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Queue, pwrite_buffered, kPwrite, false)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// One pool of noise for all rows that need no queue.
const std::vector<iovec>& NoiseBuffers() {
  static BufferPool pool(1);
  static const std::vector<iovec> buffers = pool.Iovecs();
  [[maybe_unused]] static const bool filled = (FillWithNoise(buffers), true);
  return buffers;
}

int PwriteAll(const Fd& file) {
  const std::vector<iovec>& buffers = NoiseBuffers();
  for (int64_t offset = 0; offset < file_bytes; offset += kBufferBytes) {
    const iovec& buffer = buffers[static_cast<size_t>(offset) / kBufferBytes % buffers.size()];
    const ssize_t written = pwrite(file.get(), buffer.iov_base, buffer.iov_len, offset);
    if (written != static_cast<ssize_t>(kBufferBytes)) return written < 0 ? errno : EIO;
  }
  return 0;
}

Fd PreallocatedFile() {
  Fd file = MakeFile(O_DIRECT);
  if (!file.valid() || fallocate(file.get(), 0, 0, file_bytes) != 0) return {};
  return file;
}

// Ceilings: O_DIRECT pwrite(2) of a buffer, into blocks that exist or that even hold data already;
// and the system calls alone.
void CeilingPreallocated(benchmark::State& state) {
  NoiseBuffers();
  Measure(state, PreallocatedFile, PwriteAll);
}
BENCHMARK(CeilingPreallocated)->UseManualTime()->Unit(benchmark::kMillisecond);

void CeilingOverwritten(benchmark::State& state) {
  const auto prepare = [] {
    Fd file = PreallocatedFile();
    if (file.valid() && PwriteAll(file) != 0) return Fd();
    fdatasync(file.get());
    return file;
  };
  Measure(state, prepare, PwriteAll);
}
BENCHMARK(CeilingOverwritten)->UseManualTime()->Unit(benchmark::kMillisecond);

void CeilingDevNull(benchmark::State& state) {
  NoiseBuffers();
  Measure(
      state, [] { return Fd(open("/dev/null", O_WRONLY | O_CLOEXEC)); }, PwriteAll);
}
BENCHMARK(CeilingDevNull)->UseManualTime()->Unit(benchmark::kMillisecond);

// Would several writes under way at once be faster? Bare io_uring with registered buffers,
// O_DIRECT, writes of 1 MiB that extend the file into blocks allocated ahead (as the writer's),
// `depth` at a time.
class InFlight {
 public:
  InFlight(unsigned depth, bool linked) : depth_(depth), linked_(linked) {
    if (io_uring_queue_init(kPieces, &ring_, 0) < 0) return;
    open_ = true;
    io_uring_register_buffers(&ring_, buffers_.data(), static_cast<unsigned>(buffers_.size()));
  }
  ~InFlight() {
    if (open_) io_uring_queue_exit(&ring_);
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

  int Write(const Fd& file) {
    if (!open_) return ENOSYS;
    allocated_ = 0;
    int64_t offset = 0;
    unsigned under_way = 0;
    while (offset < file_bytes || under_way > 0) {
      // Linked writes end their chain at each submission, so a chain is waited for as a whole.
      const unsigned room = linked_ && under_way > 0 ? 0 : depth_ - under_way;
      const int64_t left = (file_bytes - offset) / kPieceBytes;
      const auto count = static_cast<unsigned>(std::min<int64_t>(room, left));
      for (unsigned i = 0; i < count; ++i, offset += kPieceBytes) {
        if (const int error = Prepare(file, offset, linked_ && i + 1 < count)) return error;
      }
      under_way += count;
      if (io_uring_submit_and_wait(&ring_, linked_ ? under_way : 1) < 0) return EIO;
      if (const int error = Reap(&under_way)) return error;
    }
    return 0;
  }

 private:
  static constexpr int64_t kPieceBytes = 1 << 20;
  static constexpr int64_t kPiecesOfBuffer = kBufferBytes / kPieceBytes;
  static constexpr int64_t kPieces = kPiecesOfBuffer * kBufferCount;

  int Prepare(const Fd& file, int64_t offset, bool linked) {
    if (offset + kPieceBytes > allocated_) {
      if (fallocate(file.get(), FALLOC_FL_KEEP_SIZE, allocated_, kAllocationStepBytes) != 0) {
        return errno;
      }
      allocated_ += kAllocationStepBytes;
    }
    const int64_t piece = offset / kPieceBytes % kPieces;
    const auto buffer = static_cast<int>(piece / kPiecesOfBuffer);
    auto* memory = static_cast<std::byte*>(buffers_[buffer].iov_base);
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    io_uring_prep_write_fixed(sqe, file.get(), memory + piece % kPiecesOfBuffer * kPieceBytes,
                              kPieceBytes, static_cast<__u64>(offset), buffer);
    if (linked) io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
    return 0;
  }

  int Reap(unsigned* under_way) {
    io_uring_cqe* cqe = nullptr;
    while (io_uring_peek_cqe(&ring_, &cqe) == 0) {
      const int result = cqe->res;
      io_uring_cqe_seen(&ring_, cqe);
      --*under_way;
      if (result != int{kPieceBytes}) return result < 0 ? -result : EIO;
    }
    return 0;
  }

  const unsigned depth_;
  const bool linked_;
  const std::vector<iovec>& buffers_ = NoiseBuffers();
  io_uring ring_{};
  bool open_ = false;
  int64_t allocated_ = 0;
};

// Into a file that grows, or (`extending` false) into one that has its length already.
void SeveralInFlight(benchmark::State& state) {
  InFlight writes(static_cast<unsigned>(state.range(0)), state.range(1) != 0);
  const bool extending = state.range(2) != 0;
  Measure(
      state, [extending] { return extending ? MakeFile(O_DIRECT) : PreallocatedFile(); },
      [&](const Fd& file) { return writes.Write(file); });
}
BENCHMARK(SeveralInFlight)
    ->ArgNames({"depth", "linked", "extending"})
    ->Args({1, 0, 1})
    ->Args({2, 0, 1})
    ->Args({4, 0, 1})
    ->Args({8, 0, 1})
    ->Args({2, 1, 1})
    ->Args({4, 1, 1})
    ->Args({8, 1, 1})
    ->Args({1, 0, 0})
    ->Args({4, 0, 0})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Takes our own flags out of the arguments. False, with a message, for a bad one.
bool TakeFlags(int* argc, char** argv) {
  int kept = 1;
  for (int index = 1; index < *argc; ++index) {
    absl::string_view argument = argv[index];
    int64_t mib = 0;
    if (absl::ConsumePrefix(&argument, "--dir=")) {
      directory = std::string(argument);
    } else if (absl::ConsumePrefix(&argument, "--mib=")) {
      constexpr int64_t kBufferMib = kBufferBytes >> 20;
      if (!absl::SimpleAtoi(argument, &mib) || mib < 1 || mib % kBufferMib != 0) {
        fprintf(stderr, "writer_bench: --mib= wants a multiple of %d\n", int{kBufferMib});
        return false;
      }
      file_bytes = mib << 20;
    } else {
      argv[kept++] = argv[index];
    }
  }
  *argc = kept;
  return true;
}

}  // namespace
}  // namespace dns_monitor::bench

int main(int argc, char** argv) {
  if (!dns_monitor::bench::TakeFlags(&argc, argv)) return 2;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
