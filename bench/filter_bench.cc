// The filter by BPF_PROG_TEST_RUN: nanoseconds a packet as the kernel reports them, which is the
// program alone, without the packet socket around it. Needs root.

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "capture.skel.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/ring/ring_set.h"
#include "empty.skel.h"
#include "src/tap/filter_object.h"

namespace dns_monitor::bench {
namespace {

constexpr uint32_t kRingBytes = 64u << 20;
// Runs of one system call: less than what rings the doorbell.
constexpr uint32_t kBatch = 65536;
constexpr uint32_t kFrameBytes = 100;
constexpr uint16_t kDnsPort = 53;
constexpr uint16_t kOtherPort = 443;

using Frame = std::vector<uint8_t>;

void Put16(Frame* frame, uint16_t value) {
  frame->push_back(static_cast<uint8_t>(value >> 8));
  frame->push_back(static_cast<uint8_t>(value));
}

Frame Ethernet(uint16_t ethertype) {
  Frame frame(12, 0x02);
  Put16(&frame, ethertype);
  return frame;
}

Frame Padded(Frame frame) {
  frame.resize(kFrameBytes, 0x55);
  return frame;
}

Frame WithIpv4(Frame frame, uint8_t protocol, uint16_t port) {
  Put16(&frame, 0x4500);
  Put16(&frame, static_cast<uint16_t>(kFrameBytes - frame.size() + 2));
  const uint8_t rest[] = {0, 0, 0x40, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1};
  frame.insert(frame.end(), std::begin(rest), std::end(rest));
  Put16(&frame, 40000);
  Put16(&frame, port);
  return Padded(std::move(frame));
}

Frame WithIpv6(Frame frame, uint8_t protocol, uint16_t port) {
  Put16(&frame, 0x6000);
  Put16(&frame, 0);
  Put16(&frame, static_cast<uint16_t>(kFrameBytes - frame.size() - 36));
  Put16(&frame, static_cast<uint16_t>(protocol << 8 | 64));
  frame.resize(frame.size() + 32, 0x20);
  Put16(&frame, 40000);
  Put16(&frame, port);
  return Padded(std::move(frame));
}

Frame WithTag(Frame frame) {
  const uint8_t tag[] = {0x81, 0x00, 0x00, 0x64};
  frame.insert(frame.begin() + 12, std::begin(tag), std::end(tag));
  return frame;
}

// Runs the program over the frame; returns the mean in nanoseconds, or a negative errno.
int RunBatch(int program_fd, const Frame& frame) {
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = frame.data();
  options.data_size_in = static_cast<uint32_t>(frame.size());
  options.repeat = kBatch;
  const int error = bpf_prog_test_run_opts(program_fd, &options);
  return error != 0 ? error : static_cast<int>(options.duration);
}

void ReportInstructions(benchmark::State& state, int program_fd) {
  bpf_prog_info info{};
  uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(program_fd, &info, &length) != 0) return;
  constexpr auto kInstructionBytes = static_cast<double>(sizeof(bpf_insn));
  state.counters["xlated_insns"] = info.xlated_prog_len / kInstructionBytes;
  state.counters["jited_bytes"] = info.jited_prog_len;
}

// The filter with its maps, one ring for the CPU that this runs on.
class LoadedFilter {
 public:
  // nullptr, with errno, when the kernel refuses.
  static std::unique_ptr<LoadedFilter> Load(SocketReading reading, uint32_t port_count, int cpu);
  ~LoadedFilter() { capture_bpf__destroy(skeleton_); }
  LoadedFilter(const LoadedFilter&) = delete;
  LoadedFilter& operator=(const LoadedFilter&) = delete;

  // What a socket runs, and what tcx does.
  int on_socket_fd() const { return bpf_program__fd(skeleton_->progs.capture_classifier); }
  int on_tcx_fd() const { return bpf_program__fd(skeleton_->progs.capture_ingress); }
  FilterCounters Counters() const { return rings_->Counters(); }
  // As if the writer had taken all, or nothing for a whole round of the ring.
  void SetFree(uint64_t bytes) {
    capture_cpu* cpu = rings_->cpu(cpu_);
    StoreRelease(&cpu->tail, LoadRelaxed(&cpu->head) + bytes - kRingBytes);
  }

 private:
  LoadedFilter(SocketReading reading, uint32_t port_count, int cpu);
  bool MakeMaps();

  capture_bpf* skeleton_;
  const int cpu_;
  const int cpu_count_;
  std::unique_ptr<RingSet> rings_;
};

LoadedFilter::LoadedFilter(SocketReading reading, uint32_t port_count, int cpu)
    : skeleton_(OpenFilterObject(reading)), cpu_(cpu), cpu_count_(libbpf_num_possible_cpus()) {
  if (skeleton_ == nullptr) return;
  auto* settings = skeleton_->rodata;
  settings->ring_bytes = kRingBytes;
  // The port that counts is the last: the most comparisons for a packet that is taken.
  for (uint32_t i = 0; i + 1 < port_count; ++i)
    settings->ports[i] = htons(static_cast<uint16_t>(5353 + i));
  settings->ports[port_count - 1] = htons(kDnsPort);
  bpf_map__set_max_entries(skeleton_->maps.control, ControlCells(cpu_count_));
  bpf_map__set_max_entries(skeleton_->maps.rings, static_cast<uint32_t>(cpu_count_));
  bpf_map__set_value_size(bpf_map__inner_map(skeleton_->maps.rings),
                          kRingBytes + CAPTURE_RING_SLACK_BYTES);
  bpf_program__set_autoload(skeleton_->progs.capture_entry, false);
  bpf_program__set_autoload(skeleton_->progs.capture_finish, false);
}

bool LoadedFilter::MakeMaps() {
  const size_t bytes = size_t{ControlCells(cpu_count_)} * CAPTURE_CELL_BYTES;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                      bpf_map__fd(skeleton_->maps.control), 0);
  if (memory == MAP_FAILED) return false;
  auto* control = static_cast<capture_control*>(memory);  // mapped until the process ends
  timespec tai{};
  clock_gettime(CLOCK_TAI, &tai);
  timespec boot{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  const int64_t tai_offset_ns =
      (tai.tv_sec - boot.tv_sec) * 1'000'000'000 + tai.tv_nsec - boot.tv_nsec;
  FormatControl(control, cpu_count_, kRingBytes, skeleton_->rodata->settings_generation,
                tai_offset_ns);
  rings_ = std::make_unique<RingSet>(control);
  bpf_map_create_opts options{};
  options.sz = sizeof(options);
  options.map_flags = BPF_F_MMAPABLE;
  const Fd ring(bpf_map_create(BPF_MAP_TYPE_ARRAY, "bench_ring", sizeof(uint32_t),
                               kRingBytes + CAPTURE_RING_SLACK_BYTES, 1, &options));
  const int ring_fd = ring.get();
  return ring.valid() &&
         bpf_map_update_elem(bpf_map__fd(skeleton_->maps.rings), &cpu_, &ring_fd, BPF_ANY) == 0;
}

std::unique_ptr<LoadedFilter> LoadedFilter::Load(SocketReading reading, uint32_t port_count,
                                                 int cpu) {
  std::unique_ptr<LoadedFilter> filter(new LoadedFilter(reading, port_count, cpu));
  if (filter->skeleton_ == nullptr || capture_bpf__load(filter->skeleton_) != 0) return nullptr;
  return filter->MakeMaps() ? std::move(filter) : nullptr;
}

uint64_t Stored(const FilterCounters& counters) {
  return counters.matched - counters.lost_total();
}
uint64_t Lost(const FilterCounters& counters) {
  return counters.lost[CAPTURE_LOST_RING_FULL];
}
uint64_t NotDns(const FilterCounters& counters) {
  return counters.not_dns;
}

// How the program reads the headers.
struct Way {
  const char* name;
  SocketReading reading;
  bool on_tcx;
};
constexpr Way kWays[] = {{"FilterLoaded", SocketReading::kLoaded, false},
                         {"FilterByKernel", SocketReading::kByKernel, false},
                         {"FilterOnTcx", SocketReading::kLoaded, true}};

struct Case {
  const char* name;
  Frame frame;
  uint64_t free_bytes;                       // of the ring, before each batch
  uint64_t (*count)(const FilterCounters&);  // where each packet has to be counted
};

std::vector<Case> Cases() {
  const Frame dns = WithIpv4(Ethernet(0x0800), IPPROTO_UDP, kDnsPort);
  return {
      {"dns_stored", dns, kRingBytes, Stored},
      {"dns_ring_full", dns, 0, Lost},
      {"dns_ipv6", WithIpv6(Ethernet(0x86dd), IPPROTO_UDP, kDnsPort), kRingBytes, Stored},
      {"dns_vlan", WithTag(dns), kRingBytes, Stored},
      {"udp", WithIpv4(Ethernet(0x0800), IPPROTO_UDP, kOtherPort), kRingBytes, NotDns},
      {"tcp", WithIpv4(Ethernet(0x0800), IPPROTO_TCP, kOtherPort), kRingBytes, NotDns},
      {"tcp_ipv6", WithIpv6(Ethernet(0x86dd), IPPROTO_TCP, kOtherPort), kRingBytes, NotDns},
      {"arp", Padded(Ethernet(0x0806)), kRingBytes, NotDns},
  };
}

void RunFilter(benchmark::State& state, LoadedFilter* filter, int program_fd, const Case& test) {
  for (auto _ : state) {
    filter->SetFree(test.free_bytes);
    const uint64_t before = test.count(filter->Counters());
    const int mean_ns = RunBatch(program_fd, test.frame);
    if (mean_ns < 0) {
      state.SkipWithError(strerror(-mean_ns));
      return;
    }
    if (test.count(filter->Counters()) - before != kBatch) {
      state.SkipWithError("the filter counted this packet as something else");
      return;
    }
    state.SetIterationTime(mean_ns * 1e-9);
  }
  ReportInstructions(state, program_fd);
}

void RunEmpty(benchmark::State& state, int program_fd) {
  const Frame frame = Padded(Ethernet(0x0800));
  for (auto _ : state) {
    const int mean_ns = RunBatch(program_fd, frame);
    if (mean_ns < 0) {
      state.SkipWithError(strerror(-mean_ns));
      return;
    }
    state.SetIterationTime(mean_ns * 1e-9);
  }
  ReportInstructions(state, program_fd);
}

// Each call measures kBatch packets, so a few are enough.
template <typename Function>
void Register(const std::string& name, Function function) {
  benchmark::RegisterBenchmark(name.c_str(), function)
      ->UseManualTime()
      ->Iterations(10)
      ->Unit(benchmark::kNanosecond);
}

// Stays on one CPU: only that one has a ring.
int PinToThisCpu() {
  const int cpu = std::max(sched_getcpu(), 0);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof(set), &set);
  return cpu;
}

int Main() {
  const int cpu = PinToThisCpu();
  empty_bpf* empty = empty_bpf__open_and_load();
  if (empty == nullptr) {
    std::fprintf(stderr, "filter_bench: SKIPPED: the kernel refuses eBPF (%s): needs root\n",
                 strerror(errno));
    return errno == EPERM ? 0 : 1;
  }
  Register("CeilingEmptyProgram", [fd = bpf_program__fd(empty->progs.empty_classifier)](
                                      benchmark::State& state) { RunEmpty(state, fd); });
  const std::vector<Case> cases = Cases();
  std::vector<std::unique_ptr<LoadedFilter>> filters;
  for (const uint32_t port_count : {1u, CAPTURE_MAX_PORTS}) {
    for (const Way& way : kWays) {
      filters.push_back(LoadedFilter::Load(way.reading, port_count, cpu));
      LoadedFilter* filter = filters.back().get();
      if (filter == nullptr) {
        std::fprintf(stderr, "filter_bench: %s: does not load: %s\n", way.name, strerror(errno));
        if (way.reading == SocketReading::kByKernel) continue;  // an older kernel
        return 1;
      }
      const int program_fd = way.on_tcx ? filter->on_tcx_fd() : filter->on_socket_fd();
      for (const Case& test : cases) {
        Register(std::string(way.name) + "/" + test.name + "/ports:" + std::to_string(port_count),
                 [filter, program_fd, &test](benchmark::State& state) {
                   RunFilter(state, filter, program_fd, test);
                 });
      }
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  empty_bpf__destroy(empty);
  return 0;
}

}  // namespace
}  // namespace dns_monitor::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  return dns_monitor::bench::Main();
}
