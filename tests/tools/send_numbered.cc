// Sends numbered DNS queries by UDP at a rate, or the frames of a pcap file by packet sockets, and
// says on standard output how many each thread has sent.
#include <linux/if_packet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "numbered_query.h"

namespace dns_monitor {
namespace {

struct Options {
  std::string to;
  std::string port = "53";
  uint64_t count = 0;  // of each thread; 0: until a signal
  uint64_t rate = 0;   // of all threads together; 0: as fast as it goes
  size_t size = kSmallestPaddedQueryBytes;
  int threads = 1;
  uint64_t first = 0;
  std::vector<int> cpus;  // thread n runs on the n-th, cyclically
  std::string frames;
  uint64_t repeat = 1;  // of all frames, by each thread
  std::string interface;
};

std::atomic<bool> stop{false};

int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

void SleepUntil(int64_t time_ns) {
  const timespec at{.tv_sec = time_ns / 1'000'000'000, .tv_nsec = time_ns % 1'000'000'000};
  while (!stop && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
  }
}

[[noreturn]] void Fail(const std::string& what) {
  throw std::runtime_error(what + ": " + strerror(errno));
}

void RunOn(const Options& options, int thread) {
  if (options.cpus.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(options.cpus[thread % options.cpus.size()], &set);
  if (sched_setaffinity(0, sizeof(set), &set) != 0) Fail("sched_setaffinity");
}

int Connect(const Options& options) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(options.to.c_str(), options.port.c_str(), &hints, &found) != 0) {
    throw std::runtime_error("no address: " + options.to);
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> address(found, &freeaddrinfo);
  const int fd = socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, address->ai_addr, address->ai_addrlen) != 0) Fail("connect");
  return fd;
}

// Errors that say something of an earlier packet, or that pass: the message is sent again.
bool Passes(int error) {
  return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENOBUFS || error == EAGAIN ||
         error == EINTR;
}

class Batch {
 public:
  static constexpr size_t kMost = 64;

  void Fill(uint32_t thread, uint64_t from, size_t count, size_t size) {
    for (size_t i = 0; i < count; ++i) {
      messages_[i] = MakeNumberedQuery({thread, from + i}, size);
      vectors_[i] = {messages_[i].data(), messages_[i].size()};
      headers_[i].msg_hdr = msghdr{};
      headers_[i].msg_hdr.msg_iov = &vectors_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  // How many of the `count` that were filled in last are sent: fewer only when told to stop.
  size_t Send(int fd, size_t count) {
    size_t sent = 0;
    while (sent < count && !stop) {
      const int now = sendmmsg(fd, &headers_[sent], static_cast<unsigned>(count - sent), 0);
      if (now > 0) sent += static_cast<size_t>(now);
      if (now < 0 && !Passes(errno)) Fail("sendmmsg");
    }
    return sent;
  }

 private:
  std::vector<uint8_t> messages_[kMost];
  iovec vectors_[kMost];
  mmsghdr headers_[kMost];
};

uint64_t SendQueries(const Options& options, int thread) {
  RunOn(options, thread);
  const int fd = Connect(options);
  const uint64_t rate = options.rate / static_cast<uint64_t>(options.threads);
  // Batches each millisecond, so that a rate is a stream rather than bursts.
  const size_t most = rate == 0 ? Batch::kMost : std::clamp<size_t>(rate / 1000, 1, Batch::kMost);
  auto batch = std::make_unique<Batch>();
  const int64_t start_ns = NowNs();
  uint64_t sent = 0;
  while (!stop && (options.count == 0 || sent < options.count)) {
    const size_t now = options.count == 0
                           ? most
                           : static_cast<size_t>(std::min<uint64_t>(most, options.count - sent));
    batch->Fill(static_cast<uint32_t>(thread), options.first + sent, now, options.size);
    if (rate != 0) SleepUntil(start_ns + static_cast<int64_t>(sent * 1'000'000'000 / rate));
    sent += batch->Send(fd, now);
  }
  close(fd);
  return sent;
}

using Frame = std::vector<uint8_t>;

std::vector<Frame> ReadFrames(const std::string& path) {
  char error[PCAP_ERRBUF_SIZE] = "";
  pcap_t* file = pcap_open_offline(path.c_str(), error);
  if (file == nullptr) throw std::runtime_error(error);
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> closer(file, &pcap_close);
  std::vector<Frame> frames;
  pcap_pkthdr* header = nullptr;
  const u_char* frame = nullptr;
  int result = 0;
  while ((result = pcap_next_ex(file, &header, &frame)) == 1) {
    frames.emplace_back(frame, frame + header->caplen);
  }
  if (result == PCAP_ERROR) throw std::runtime_error(pcap_geterr(file));
  return frames;
}

// A message for each frame; `frames` and `addresses` are to outlive them.
std::vector<mmsghdr> MessagesOf(std::vector<Frame>& frames, int interface_index,
                                std::vector<sockaddr_ll>* addresses, std::vector<iovec>* vectors) {
  std::vector<mmsghdr> messages(frames.size());
  addresses->resize(frames.size());
  vectors->resize(frames.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    sockaddr_ll& address = (*addresses)[i];
    address.sll_family = AF_PACKET;
    address.sll_ifindex = interface_index;
    // What the kernel makes of a frame depends on this protocol: as a driver would set it.
    if (frames[i].size() >= 14) std::memcpy(&address.sll_protocol, &frames[i][12], 2);
    (*vectors)[i] = {frames[i].data(), frames[i].size()};
    msghdr& message = messages[i].msg_hdr;
    message.msg_name = &address;
    message.msg_namelen = sizeof(address);
    message.msg_iov = &(*vectors)[i];
    message.msg_iovlen = 1;
  }
  return messages;
}

uint64_t SendFrames(const Options& options, int thread) {
  RunOn(options, thread);
  std::vector<Frame> frames = ReadFrames(options.frames);
  const int interface_index = static_cast<int>(if_nametoindex(options.interface.c_str()));
  if (interface_index == 0) Fail(options.interface);
  std::vector<sockaddr_ll> addresses;
  std::vector<iovec> vectors;
  std::vector<mmsghdr> messages = MessagesOf(frames, interface_index, &addresses, &vectors);
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) Fail("packet socket");
  const uint64_t rate = options.rate / static_cast<uint64_t>(options.threads);
  const size_t most = options.rate == 0 ? Batch::kMost : 1;
  const int64_t start_ns = NowNs();
  uint64_t sent = 0;
  for (uint64_t round = 0; round < options.repeat && !stop; ++round) {
    for (size_t next = 0; next < messages.size() && !stop;) {
      if (rate != 0) SleepUntil(start_ns + static_cast<int64_t>(sent * 1'000'000'000 / rate));
      const auto count = static_cast<unsigned>(std::min(most, messages.size() - next));
      const int now = sendmmsg(fd, &messages[next], count, 0);
      if (now < 0 && !Passes(errno)) Fail("sending frame " + std::to_string(sent));
      if (now <= 0) continue;
      next += static_cast<size_t>(now);
      sent += static_cast<uint64_t>(now);
    }
  }
  close(fd);
  return sent;
}

int Run(const Options& options) {
  std::vector<uint64_t> sent(static_cast<size_t>(options.threads));
  std::vector<std::string> failures(static_cast<size_t>(options.threads));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < options.threads; ++thread) {
    threads.emplace_back([&, thread] {
      try {
        sent[thread] =
            options.frames.empty() ? SendQueries(options, thread) : SendFrames(options, thread);
      } catch (const std::exception& failure) {
        failures[thread] = failure.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& failure : failures) {
    if (!failure.empty()) throw std::runtime_error(failure);
  }
  // In order of threads.
  printf("sent");
  for (const uint64_t count : sent) printf(" %llu", static_cast<unsigned long long>(count));
  printf("\n");
  return 0;
}

}  // namespace
}  // namespace dns_monitor

int main(int argc, char** argv) {
  dns_monitor::Options options;
  CLI::App app("Sends numbered DNS queries, or the frames of a file, and says how many.");
  app.add_option("--to", options.to, "address to send queries to");
  app.add_option("--port", options.port, "UDP port");
  app.add_option("--count", options.count, "of each thread (until SIGTERM)");
  app.add_option("--rate", options.rate, "a second, of all threads (as fast as it goes)");
  app.add_option("--size", options.size, "bytes of each message")->check(CLI::Range(42, 65000));
  app.add_option("--threads", options.threads, "threads, each with numbers of its own")
      ->check(CLI::Range(1, 64));
  app.add_option("--first", options.first, "the first number");
  app.add_option("--cpu", options.cpus, "CPUs of the threads")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--frames", options.frames, "instead: inject the frames of this pcap file");
  app.add_option("--repeat", options.repeat, "how often each thread injects all of them");
  app.add_option("--interface", options.interface, "where --frames are injected");
  CLI11_PARSE(app, argc, argv);
  struct sigaction action {};
  action.sa_handler = [](int) { dns_monitor::stop = true; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  try {
    return dns_monitor::Run(options);
  } catch (const std::exception& failure) {
    fprintf(stderr, "send_numbered: %s\n", failure.what());
    return 1;
  }
}
