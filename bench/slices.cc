// slices CAPTURED CONTROL: what a tap on one of two alike interfaces costs each packet that goes by
// it. Sends numbered packets by packet sockets in slices, one out of CAPTURED and one out of
// CONTROL, which of a pair comes first alternating, and measures real time. A veth hands a packet
// to its other end in the sender's softirq, so on one CPU that time holds all of the packet's way:
// through the taps on this end, and on the other one. Pairs in which another process took the CPU
// are left out.
// Prints one line of JSON: the nanoseconds a packet of each slice, and how many pairs were left
// out.

#include <net/if.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "packet_sender.h"
#include "query.h"

namespace dns_monitor::bench {
namespace {

constexpr uint16_t kOtherPort = 4433;
constexpr int64_t kSecondNs = 1'000'000'000;
constexpr size_t kFewestPairs = 50;
constexpr int64_t kMostPatience = 3;  // times the milliseconds that were asked for

struct Options {
  std::string captured;
  std::string control;
  uint64_t milliseconds = 2000;
  uint64_t packets = 2000;  // of a slice
  uint64_t dns_every = 1;   // of so many packets one is DNS
  uint64_t cpu = 0;
};

int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecondNs + now.tv_nsec;
}

// How often another process took the CPU from this one.
int64_t Preemptions() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

// One of the two ways.
class Way {
 public:
  Way(unsigned ifindex, const Options& options)
      : sender_(ifindex, MakeQuery()), options_(options) {}

  // Sends a slice; returns the nanoseconds of a packet, or a negative figure, with errno, when the
  // kernel refuses.
  double Slice() {
    const int64_t start_ns = NowNs();
    for (uint64_t sent = 0; sent < options_.packets;) {
      const uint64_t batch = std::min<uint64_t>(PacketSender::kMost, options_.packets - sent);
      for (uint64_t index = 0; index < batch; ++index) Number(sender_.frame(index));
      if (!sender_.Send(batch)) return -1;
      sent += batch;
    }
    return static_cast<double>(NowNs() - start_ns) / static_cast<double>(options_.packets);
  }

 private:
  void Number(uint8_t* frame) {
    const uint16_t port = number_ % options_.dns_every == 0 ? 53 : kOtherPort;
    frame[kDestinationPortOffset] = static_cast<uint8_t>(port >> 8);
    frame[kDestinationPortOffset + 1] = static_cast<uint8_t>(port);
    SetNumber(number_++, frame);
  }

  PacketSender sender_;
  const Options& options_;
  uint64_t number_ = 0;
};

void PrintList(const char* name, const std::vector<double>& values) {
  std::printf("\"%s\": [", name);
  for (size_t index = 0; index < values.size(); ++index) {
    std::printf("%s%.2f", index == 0 ? "" : ", ", values[index]);
  }
  std::printf("]");
}

bool Parse(int argc, char** argv, Options* options) {
  std::vector<std::string> names;
  for (int index = 1; index < argc; ++index) {
    const std::string argument = argv[index];
    const auto equals = argument.find('=');
    const uint64_t value =
        equals == std::string::npos ? 0 : std::strtoull(argv[index] + equals + 1, nullptr, 10);
    const std::string option = argument.substr(0, equals);
    if (option == "--milliseconds") {
      options->milliseconds = value;
    } else if (option == "--packets") {
      options->packets = value;
    } else if (option == "--dns-every") {
      options->dns_every = value;
    } else if (option == "--cpu") {
      options->cpu = value;
    } else if (argument.rfind("--", 0) != 0) {
      names.push_back(argument);
    } else {
      return false;
    }
  }
  if (names.size() != 2 || options->packets == 0 || options->dns_every == 0) return false;
  options->captured = names[0];
  options->control = names[1];
  return true;
}

bool PinTo(uint64_t cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  return sched_setaffinity(0, sizeof(cpus), &cpus) == 0;
}

// Of a packet, by pair.
struct Times {
  std::vector<double> captured_ns;
  std::vector<double> control_ns;

  size_t size() const { return captured_ns.size(); }
  void Add(const double (&pair_ns)[2]) {
    captured_ns.push_back(pair_ns[0]);
    control_ns.push_back(pair_ns[1]);
  }
};

struct Pairs {
  Times whole;
  Times preempted;
};

// False, with errno, when the kernel refuses to send.
bool Run(const unsigned (&indexes)[2], const Options& options, Pairs* pairs) {
  Way captured(indexes[0], options);
  Way control(indexes[1], options);
  Way* const ways[] = {&captured, &control};
  const int64_t start_ns = NowNs();
  const int64_t length_ns = static_cast<int64_t>(options.milliseconds) * (kSecondNs / 1000);
  // The first pair warms up. On a busy machine it takes longer to find enough pairs.
  for (uint64_t number = 0;; ++number) {
    const bool enough = pairs->whole.size() >= kFewestPairs;
    if (NowNs() - start_ns > length_ns * (enough ? 1 : kMostPatience)) return true;
    double pair_ns[2];
    const int64_t preemptions = Preemptions();
    for (const uint64_t which : {number % 2, 1 - number % 2}) {
      pair_ns[which] = ways[which]->Slice();
      if (pair_ns[which] < 0) return false;
    }
    if (number == 0) continue;
    (Preemptions() == preemptions ? pairs->whole : pairs->preempted).Add(pair_ns);
  }
}

}  // namespace

int Main(int argc, char** argv) {
  Options options;
  if (!Parse(argc, argv, &options)) {
    std::fprintf(stderr,
                 "usage: slices [--milliseconds=N] [--packets=N] [--dns-every=N] [--cpu=N] "
                 "CAPTURED CONTROL\n");
    return 2;
  }
  const unsigned indexes[] = {if_nametoindex(options.captured.c_str()),
                              if_nametoindex(options.control.c_str())};
  if (indexes[0] == 0 || indexes[1] == 0 || !PinTo(options.cpu)) {
    std::perror("slices: interface or CPU");
    return 1;
  }
  // Against what else runs on that CPU; without it there are fewer pairs.
  static_cast<void>(setpriority(PRIO_PROCESS, 0, -20));
  Pairs pairs;
  if (!Run(indexes, options, &pairs)) {
    std::perror("slices");
    return 1;
  }
  // Where hardly any is left, those with a wide spread tell more than nothing.
  const bool busy = pairs.whole.size() < kFewestPairs && pairs.preempted.size() > 0;
  const Times& times = busy ? pairs.preempted : pairs.whole;
  std::printf("{");
  PrintList("captured_ns", times.captured_ns);
  std::printf(", ");
  PrintList("control_ns", times.control_ns);
  std::printf(", \"busy\": %s}\n", busy ? "true" : "false");
  return 0;
}

}  // namespace dns_monitor::bench

int main(int argc, char** argv) {
  return dns_monitor::bench::Main(argc, argv);
}
