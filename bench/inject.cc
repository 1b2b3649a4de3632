// inject IF COUNT: numbered DNS queries into the receive path of an interface, from the CPU that
// this runs on, as fast as it goes.
// inject --from IF COUNT RATE: the same queries at a rate, sent out of an interface by a packet
// socket: out of one end of a veth, for the other one to receive.
// Prints one line of JSON: packets, seconds, packets a second.

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "inject.skel.h"

namespace {

constexpr uint32_t kBatch = 64;  // frames that the kernel handles at a time
// Of one system call, which takes some 14 ms more than its frames: setting up and waiting for RCU.
constexpr uint64_t kMostFrames = 1 << 20;
constexpr uint32_t kNumberOffset = 14 + 20 + 8 + 12 + 1;
constexpr int kDigits = 8;
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

// A query for 00000000.bench.example.org, A, with EDNS: 97 bytes with its headers, near the median
// of queries at a resolver. To addresses of RFC 5737 and a port of no listener.
std::vector<uint8_t> MakeQuery() {
  std::vector<uint8_t> dns;
  PutBytes(&dns, std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01", 12));
  PutBytes(&dns, std::string("\x08"
                             "00000000"
                             "\x05"
                             "bench"
                             "\x07"
                             "example"
                             "\x03"
                             "org\0",
                             28));
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

// False, with errno, when the kernel refuses.
bool InjectFlatOut(uint32_t ifindex, uint64_t count) {
  inject_bpf* skeleton = inject_bpf__open();
  if (skeleton == nullptr) return false;
  skeleton->rodata->number_offset = kNumberOffset;
  bool done = inject_bpf__load(skeleton) == 0;
  const std::vector<uint8_t> frame = MakeQuery();
  for (uint64_t sent = 0; done && sent < count;) {
    const auto batch = static_cast<uint32_t>(std::min(kMostFrames, count - sent));
    done = RunBatch(bpf_program__fd(skeleton->progs.number_frame), frame, ifindex, batch) == 0;
    sent += batch;
  }
  const int error = errno;
  inject_bpf__destroy(skeleton);
  errno = error;
  return done;
}

void SetNumber(std::vector<uint8_t>* frame, uint64_t number) {
  for (int place = kDigits - 1; place >= 0; --place) {
    (*frame)[kNumberOffset + static_cast<size_t>(place)] = static_cast<uint8_t>('0' + number % 10);
    number /= 10;
  }
}

void SleepUntil(int64_t time_ns) {
  const timespec at{.tv_sec = time_ns / kSecondNs, .tv_nsec = time_ns % kSecondNs};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
  }
}

// A millisecond's worth at a time. False, with errno, when sending fails.
bool SendAtRate(uint32_t ifindex, uint64_t count, uint64_t rate) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_IP);
  address.sll_ifindex = static_cast<int>(ifindex);
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const uint64_t step = std::max<uint64_t>(1, rate / 1000);
  std::vector<uint8_t> frame = MakeQuery();
  const int64_t start_ns = NowNs();
  bool done = true;
  for (uint64_t sent = 0; done && sent < count; ++sent) {
    if (sent % step == 0) SleepUntil(start_ns + static_cast<int64_t>(sent * kSecondNs / rate));
    SetNumber(&frame, sent);
    do {
      done = sendto(fd, frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&address),
                    sizeof(address)) >= 0;
    } while (!done && (errno == ENOBUFS || errno == EINTR));
  }
  const int error = errno;
  close(fd);
  errno = error;
  return done;
}

}  // namespace

int main(int argc, char** argv) {
  const bool at_rate = argc == 5 && std::string(argv[1]) == "--from";
  if (argc != 3 && !at_rate) {
    std::fprintf(stderr, "usage: inject IF COUNT | inject --from IF COUNT RATE\n");
    return 2;
  }
  char** arguments = argv + (at_rate ? 2 : 1);
  const uint32_t ifindex = if_nametoindex(arguments[0]);
  const uint64_t count = std::strtoull(arguments[1], nullptr, 10);
  const uint64_t rate = at_rate ? std::strtoull(arguments[2], nullptr, 10) : 0;
  if (ifindex == 0 || count == 0 || (at_rate && rate == 0)) {
    std::fprintf(stderr, "inject: no interface '%s', no count or no rate\n", arguments[0]);
    return 1;
  }
  const int64_t start_ns = NowNs();
  if (!(at_rate ? SendAtRate(ifindex, count, rate) : InjectFlatOut(ifindex, count))) {
    std::perror("inject");
    return 1;
  }
  const double seconds = static_cast<double>(NowNs() - start_ns) / kSecondNs;
  std::printf("{\"packets\": %llu, \"seconds\": %.3f, \"rate\": %.0f}\n",
              static_cast<unsigned long long>(count), seconds,
              static_cast<double>(count) / seconds);
  return 0;
}
