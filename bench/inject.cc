// inject IF COUNT [RATE]: numbered DNS queries into the receive path of an interface, from the CPU that
// this runs on. Prints one line of JSON: packets, seconds, packets a second.

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "inject.skel.h"

namespace {

constexpr uint32_t kBatch = 64;               // frames that the kernel handles at a time
constexpr uint32_t kNumberOffset = 14 + 20 + 8 + 12 + 1;
constexpr int64_t kSecondNs = 1'000'000'000;

int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecondNs + now.tv_nsec;
}

void Put16(std::vector<uint8_t>* frame, uint16_t value) {
  frame->push_back(static_cast<uint8_t>(value >> 8));
  frame->push_back(static_cast<uint8_t>(value));
}

void PutBytes(std::vector<uint8_t>* frame, const std::string& bytes) {
  frame->insert(frame->end(), bytes.begin(), bytes.end());
}

// A query for 00000000.bench.example.org, A, with EDNS: 90 bytes with its headers, near the median
// of queries at a resolver. To addresses of RFC 5737 and a port of no listener.
std::vector<uint8_t> MakeQuery() {
  std::vector<uint8_t> dns;
  PutBytes(&dns, std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01", 12));
  PutBytes(&dns, std::string("\x08" "00000000" "\x05" "bench" "\x07" "example" "\x03" "org\0", 27));
  PutBytes(&dns, std::string("\x00\x01\x00\x01", 4));
  PutBytes(&dns, std::string("\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00", 11));
  std::vector<uint8_t> frame(12, 0x02);
  Put16(&frame, 0x0800);
  const auto udp_length = static_cast<uint16_t>(8 + dns.size());
  Put16(&frame, 0x4500);
  Put16(&frame, static_cast<uint16_t>(20 + udp_length));
  PutBytes(&frame, std::string("\0\0\x40\0\x40\x11\0\0", 8));
  PutBytes(&frame, std::string("\xc0\x00\x02\x01\xc6\x33\x64\x01", 8));
  Put16(&frame, 40000);
  Put16(&frame, 53);
  Put16(&frame, udp_length);
  Put16(&frame, 0);
  frame.insert(frame.end(), dns.begin(), dns.end());
  return frame;
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

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: inject IF COUNT [RATE]\n");
    return 2;
  }
  const uint32_t ifindex = if_nametoindex(argv[1]);
  const uint64_t count = std::strtoull(argv[2], nullptr, 10);
  const uint64_t rate = argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 0;
  if (ifindex == 0 || count == 0) {
    std::fprintf(stderr, "inject: no interface '%s', or no count\n", argv[1]);
    return 1;
  }
  inject_bpf* skeleton = inject_bpf__open();
  if (skeleton == nullptr) return 1;
  skeleton->rodata->number_offset = kNumberOffset;
  if (inject_bpf__load(skeleton) != 0) return 1;
  const int program_fd = bpf_program__fd(skeleton->progs.number_frame);
  const std::vector<uint8_t> frame = MakeQuery();

  // At a rate: what has become due since the last look, at most a millisecond's worth behind.
  const uint64_t step = rate == 0 ? 65536 : std::max<uint64_t>(1, rate / 1000);
  const int64_t start_ns = NowNs();
  for (uint64_t sent = 0; sent < count;) {
    if (rate != 0) {
      const auto due_ns = static_cast<int64_t>(static_cast<double>(sent) * kSecondNs /
                                                static_cast<double>(rate));
      const int64_t wait_ns = start_ns + due_ns - NowNs();
      const timespec pause{.tv_sec = wait_ns / kSecondNs, .tv_nsec = wait_ns % kSecondNs};
      if (wait_ns > 0) nanosleep(&pause, nullptr);
    }
    const auto batch = static_cast<uint32_t>(std::min(step, count - sent));
    if (RunBatch(program_fd, frame, ifindex, batch) != 0) {
      std::perror("inject: BPF_PROG_TEST_RUN");
      return 1;
    }
    sent += batch;
  }
  const double seconds = static_cast<double>(NowNs() - start_ns) / kSecondNs;
  std::printf("{\"packets\": %llu, \"seconds\": %.3f, \"rate\": %.0f}\n",
              static_cast<unsigned long long>(count), seconds, static_cast<double>(count) / seconds);
  inject_bpf__destroy(skeleton);
  return 0;
}
