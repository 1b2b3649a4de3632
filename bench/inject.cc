// inject IF COUNT [RATE]: numbered DNS queries into the receive path of an interface, from the CPU
// that this runs on, as fast as it goes or in bursts that make up a rate (packets a second).
// inject --from IF COUNT [RATE]: the same queries sent out of an interface by a packet socket: out
// of one end of a veth, for the other one to receive. Prints one line of JSON: packets, seconds,
// packets a second.

#include <bpf/bpf.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "inject.skel.h"
#include "packet_sender.h"
#include "query.h"

namespace dns_monitor::bench {
namespace {

constexpr uint32_t kBatch = 64;  // frames that the kernel handles at a time
// Of one system call, which takes some 14 ms more than its frames: setting up and waiting for RCU.
constexpr uint64_t kMostFrames = 1 << 20;
// At a rate, that many bursts a second at most: each takes those 14 ms.
constexpr uint64_t kBurstsPerSecond = 10;
constexpr int64_t kSecondNs = 1'000'000'000;

int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecondNs + now.tv_nsec;
}

void SleepUntil(int64_t time_ns) {
  const timespec at{.tv_sec = time_ns / kSecondNs, .tv_nsec = time_ns % kSecondNs};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
  }
}

// When the packet of this number is due, at a rate.
int64_t DueNs(int64_t start_ns, uint64_t number, uint64_t rate) {
  return start_ns + static_cast<int64_t>(number * kSecondNs / rate);
}

int RunBatch(int program_fd, const std::vector<uint8_t>& frame, uint32_t ifindex, uint32_t count) {
  xdp_md context{};
  context.data_end = static_cast<uint32_t>(frame.size());
  context.ingress_ifindex = ifindex;
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = frame.data();
  options.data_size_in = static_cast<uint32_t>(frame.size());
  options.ctx_in = &context;
  options.ctx_size_in = sizeof(context);
  options.repeat = static_cast<int>(count);
  options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  options.batch_size = std::min(count, kBatch);
  return bpf_prog_test_run_opts(program_fd, &options);
}

// False, with errno, when the kernel refuses. A rate of 0: flat out.
bool Inject(uint32_t ifindex, uint64_t count, uint64_t rate) {
  inject_bpf* skeleton = inject_bpf__open();
  if (skeleton == nullptr) return false;
  skeleton->rodata->number_offset = kNumberOffset;
  bool done = inject_bpf__load(skeleton) == 0;
  const std::vector<uint8_t> frame = MakeQuery();
  const uint64_t step =
      rate == 0 ? kMostFrames : std::clamp<uint64_t>(rate / kBurstsPerSecond, 1, kMostFrames);
  const int64_t start_ns = NowNs();
  for (uint64_t sent = 0; done && sent < count;) {
    if (rate != 0) SleepUntil(DueNs(start_ns, sent, rate));
    const auto batch = static_cast<uint32_t>(std::min(step, count - sent));
    done = RunBatch(bpf_program__fd(skeleton->progs.number_frame), frame, ifindex, batch) == 0;
    sent += batch;
  }
  const int error = errno;
  inject_bpf__destroy(skeleton);
  errno = error;
  return done;
}

// A millisecond's worth at a time, or as much as a system call takes. As Inject.
bool Send(uint32_t ifindex, uint64_t count, uint64_t rate) {
  PacketSender sender(ifindex, MakeQuery());
  const uint64_t step =
      rate == 0 ? PacketSender::kMost : std::clamp<uint64_t>(rate / 1000, 1, PacketSender::kMost);
  const int64_t start_ns = NowNs();
  for (uint64_t sent = 0; sent < count;) {
    if (rate != 0) SleepUntil(DueNs(start_ns, sent, rate));
    const uint64_t batch = std::min(step, count - sent);
    for (uint64_t index = 0; index < batch; ++index) SetNumber(sent + index, sender.frame(index));
    if (!sender.Send(batch)) return false;
    sent += batch;
  }
  return true;
}

}  // namespace

int Main(int argc, char** argv) {
  const bool from = argc > 1 && std::string(argv[1]) == "--from";
  const int count_arguments = argc - (from ? 2 : 1);
  if (count_arguments != 2 && count_arguments != 3) {
    std::fprintf(stderr, "usage: inject [--from] IF COUNT [RATE]\n");
    return 2;
  }
  char** arguments = argv + (from ? 2 : 1);
  const uint32_t ifindex = if_nametoindex(arguments[0]);
  const uint64_t count = std::strtoull(arguments[1], nullptr, 10);
  const uint64_t rate = count_arguments == 3 ? std::strtoull(arguments[2], nullptr, 10) : 0;
  if (ifindex == 0 || count == 0 || (count_arguments == 3 && rate == 0)) {
    std::fprintf(stderr, "inject: no interface '%s', no count or no rate\n", arguments[0]);
    return 1;
  }
  const int64_t start_ns = NowNs();
  if (!(from ? Send(ifindex, count, rate) : Inject(ifindex, count, rate))) {
    std::perror("inject");
    return 1;
  }
  const double seconds = static_cast<double>(NowNs() - start_ns) / kSecondNs;
  std::printf("{\"packets\": %llu, \"seconds\": %.3f, \"rate\": %.0f}\n",
              static_cast<unsigned long long>(count), seconds,
              static_cast<double>(count) / seconds);
  return 0;
}

}  // namespace dns_monitor::bench

int main(int argc, char** argv) {
  return dns_monitor::bench::Main(argc, argv);
}
