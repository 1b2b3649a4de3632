#include "kernel/live_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/status.h"
#include "src/tap/cpu_list.h"

namespace dns_monitor::live {
namespace {

// Long enough for any machine: only a frame that never comes waits for it.
constexpr int64_t kPatienceNs = 30 * kNanosecondsPerSecond;

int tun_fd = -1;

absl::Status Command(const std::string& command) {
  if (std::system(command.c_str()) == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("failed: ", command));
}

absl::StatusOr<Fd> MakeTun() {
  Fd tun(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!tun.valid()) return ErrnoError("/dev/net/tun");
  ifreq request = {};
  strncpy(request.ifr_name, kTun, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(tun.get(), TUNSETIFF, &request) != 0) return ErrnoError("TUNSETIFF");
  return tun;
}

absl::Status MakeNetwork() {
  if (unshare(CLONE_NEWNET) != 0) return ErrnoError("unshare(CLONE_NEWNET), which takes root");
  MoveToCpu(sched_getcpu());
  for (const char* scope : {"all", "default"}) {
    std::ofstream(absl::StrCat("/proc/sys/net/ipv6/conf/", scope, "/disable_ipv6")) << "1";
  }
  DM_RETURN_IF_ERROR(
      Command(absl::StrCat("ip link add ", kLeft, " address 02:00:00:00:00:01",
                           " type veth peer name ", kRight, " address 02:00:00:00:00:02")));
  DM_ASSIGN_OR_RETURN(Fd tun, MakeTun());
  tun_fd = tun.Release();  // lives as long as the process
  for (const char* name : {kLeft, kRight}) {
    DM_RETURN_IF_ERROR(Command(absl::StrCat("ip link set ", name, " arp off up")));
  }
  // Up before its peer, it got its carrier late, and sends nothing until the kernel has come to
  // that; being asked, it does so first (rtnl_getlink, linkwatch_sync_dev).
  DM_RETURN_IF_ERROR(Command(absl::StrCat("ip link show dev ", kLeft, " >/dev/null")));
  DM_RETURN_IF_ERROR(Command(absl::StrCat("ip link set ", kTun, " up")));
  return Command("ip link set lo up");
}

}  // namespace

const absl::Status& EnterNetwork() {
  static const absl::Status status = MakeNetwork();
  return status;
}

bool Ip(const std::string& arguments) {
  const absl::Status status = Command(absl::StrCat("ip ", arguments));
  EXPECT_TRUE(status.ok()) << status;
  return status.ok();
}

std::vector<int> OnlineCpuNumbers() {
  const absl::StatusOr<std::vector<int>> cpus = CpuListFile::Open(kOnlineCpus)->Read();
  EXPECT_TRUE(cpus.ok()) << cpus.status();
  return cpus.ok() ? *cpus : std::vector<int>();
}

void MoveToCpu(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  EXPECT_EQ(sched_setaffinity(0, sizeof(set), &set), 0) << strerror(errno);
}

void SendFrom(const std::string& interface, const Bytes& frame) {
  static const Fd sender(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  sockaddr_ll to = {};
  to.sll_family = AF_PACKET;
  to.sll_protocol = htons(ETH_P_IP);  // what a frame without a link header is
  to.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  const ssize_t sent = sendto(sender.get(), frame.data(), frame.size(), 0,
                              reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  EXPECT_EQ(sent, static_cast<ssize_t>(frame.size())) << strerror(errno);
}

void ReceiveOnTun(const Bytes& packet) {
  EXPECT_EQ(write(tun_fd, packet.data(), packet.size()), static_cast<ssize_t>(packet.size()))
      << strerror(errno);
}

Hook HookOfTests() {
  const char* hook = std::getenv("DNS_MONITOR_HOOK");
  return hook != nullptr && std::string(hook) == "tcx" ? Hook::kTcx : Hook::kSocket;
}

std::unique_ptr<LiveTap> LiveTap::Open(const std::string& interface, const LiveOptions& wanted) {
  EXPECT_TRUE(EnterNetwork().ok()) << EnterNetwork();
  const absl::StatusOr<Interface> found = FindInterface(interface);
  EXPECT_TRUE(found.ok()) << found.status();
  if (!found.ok()) return nullptr;
  TapOptions options;
  options.interface = *found;
  options.filter = wanted.filter;
  options.direction = wanted.direction;
  options.snaplen = wanted.snaplen;
  options.hook = wanted.hook;
  options.ring_bytes = CAPTURE_RING_MIN_BYTES;
  absl::StatusOr<std::unique_ptr<Tap>> tap = Tap::Open(options);
  EXPECT_TRUE(tap.ok()) << tap.status();
  if (!tap.ok()) return nullptr;
  const absl::Status started = (*tap)->Start();
  EXPECT_TRUE(started.ok()) << started;
  return std::unique_ptr<LiveTap>(new LiveTap(*std::move(tap)));
}

LiveTap::LiveTap(std::unique_ptr<Tap> tap) : cpu_(sched_getcpu()), tap_(std::move(tap)) {}

std::string LiveTap::AwaitSeen(uint64_t frames) {
  return Await(&FilterCounters::seen, frames);
}
std::string LiveTap::AwaitMatched(uint64_t frames) {
  return Await(&FilterCounters::matched, frames);
}

std::string LiveTap::Await(uint64_t FilterCounters::*counter, uint64_t frames) {
  const int64_t give_up_ns = SystemClock().BoottimeNs() + kPatienceNs;
  FilterCounters now = rings().Counters();
  while (now.*counter < last_.*counter + frames && SystemClock().BoottimeNs() < give_up_ns) {
    sched_yield();
    now = rings().Counters();
  }
  std::string moved = Moved(last_, now);
  last_ = now;
  return moved;
}

std::vector<RingRecord> LiveTap::Take() {
  std::vector<RingRecord> all;
  for (int cpu = 0; cpu < rings().cpu_count(); ++cpu) {
    const std::vector<RingRecord> records = TakeRecords(rings(), cpu);
    all.insert(all.end(), records.begin(), records.end());
  }
  return all;
}

}  // namespace dns_monitor::live
