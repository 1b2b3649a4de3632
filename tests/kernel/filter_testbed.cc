#include "kernel/filter_testbed.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/tap/user_filter.h"
#include "src/tap/bpf_insn.h"

namespace dns_monitor::filter_test {
namespace {

constexpr uint32_t kMark = 0x5eed;
constexpr int kReceiveBufferBytes = 32 << 20;
// The linear part of a paged frame; the rest is in pages.
constexpr uint16_t kLinearBytes = 256;

// struct virtio_net_hdr, whose header C++ does not take. Only the length of the linear part is set.
struct VirtualNetworkHeader {
  uint8_t flags = 0;
  uint8_t segmentation = 0;
  uint16_t linear_bytes = kLinearBytes;
  uint16_t rest[3] = {};
};
static_assert(sizeof(VirtualNetworkHeader) == 10);

absl::Status Command(const std::string& command) {
  if (std::system(command.c_str()) == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("failed: ", command));
}

// Nothing but our packets: the kernel would announce addresses of its own.
void SilenceIp6() {
  for (const char* scope : {"all", "default"}) {
    std::ofstream(absl::StrCat("/proc/sys/net/ipv6/conf/", scope, "/disable_ipv6")) << "1";
  }
}

absl::StatusOr<Fd> MakeTun(const char* name) {
  Fd tun(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!tun.valid()) return ErrnoError("/dev/net/tun");
  ifreq request = {};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(tun.get(), TUNSETIFF, &request) != 0) return ErrnoError("TUNSETIFF");
  return tun;
}

absl::Status MakePairs() {
  SilenceIp6();
  DM_RETURN_IF_ERROR(Command("ip link set lo up"));
  DM_RETURN_IF_ERROR(
      Command("ip link add dmsend address 02:00:00:00:00:01 mtu 9000 type veth"
              " peer name dmrecv address 02:00:00:00:00:02 mtu 9000"));
  DM_RETURN_IF_ERROR(Command("ip link add dmaddr type veth peer name dmpeer"));
  DM_RETURN_IF_ERROR(Command("ip address add 10.77.3.1/16 brd + dev dmaddr"));
  for (const char* name : {"dmsend", "dmrecv", "dmaddr", "dmpeer"}) {
    DM_RETURN_IF_ERROR(Command(absl::StrCat("ip link set ", name, " arp off up")));
  }
  // Whoever was up before its peer got its carrier late, and sends nothing until the kernel has
  // come to that; being asked, it does so first (rtnl_getlink, linkwatch_sync_dev).
  for (const char* name : {"dmsend", "dmaddr"}) {
    DM_RETURN_IF_ERROR(Command(absl::StrCat("ip link show dev ", name, " >/dev/null")));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> EnterNamespace() {
  if (unshare(CLONE_NEWNET) != 0) return ErrnoError("unshare(CLONE_NEWNET), which takes root");
  cpu_set_t one_cpu;
  CPU_ZERO(&one_cpu);
  CPU_SET(static_cast<size_t>(sched_getcpu()), &one_cpu);
  if (sched_setaffinity(0, sizeof(one_cpu), &one_cpu) != 0) return ErrnoError("sched_setaffinity");
  DM_RETURN_IF_ERROR(MakePairs());
  DM_ASSIGN_OR_RETURN(Fd tun, MakeTun("dmraw"));
  DM_RETURN_IF_ERROR(Command("ip link set dmraw up"));
  DM_ASSIGN_OR_RETURN(Fd down, MakeTun("dmdown"));
  down.Release();  // Both live as long as the process.
  return tun.Release();
}

// ------------------------------------------------------------------------------------------
// programs

std::vector<bpf_insn> LastStage(bpf_prog_type type) {
  const int place = static_cast<int>(offsetof(__sk_buff, cb) + kVerdictWord * sizeof(uint32_t));
  bpf_insn skip = bpf::JumpIf(BPF_JEQ, BPF_REG_0, 0);
  skip.off = 1;
  // A socket filter returns how many bytes to keep.
  const uint32_t yes = type == BPF_PROG_TYPE_SOCKET_FILTER ? 0x7fffffff : 1;
  return {bpf::Load(BPF_W, BPF_REG_0, BPF_REG_1, place), skip, bpf::Set(BPF_REG_0, yes),
          bpf::Exit()};
}

absl::StatusOr<Fd> LoadProgram(const std::vector<bpf_insn>& program, bpf_prog_type type) {
  Fd fd(
      bpf_prog_load(type, "user_filter", "Dual BSD/GPL", program.data(), program.size(), nullptr));
  if (fd.valid()) return fd;
  const int error = errno;
  std::vector<char> log(1 << 20, '\0');
  LIBBPF_OPTS(bpf_prog_load_opts, options, .log_level = 1,
              .log_size = static_cast<uint32_t>(log.size()), .log_buf = log.data());
  Fd again(
      bpf_prog_load(type, "user_filter", "Dual BSD/GPL", program.data(), program.size(), &options));
  return ErrnoError(absl::StrCat("bpf_prog_load: ", log.data()), error);
}

// -------------------------------------------------------------------------------------------
// sockets

sockaddr_ll Address(const std::string& interface) {
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  return address;
}

template <typename T>
absl::Status SetOption(const Fd& fd, int level, int option, const T& value) {
  if (setsockopt(fd.get(), level, option, &value, sizeof(value)) == 0) return absl::OkStatus();
  return ErrnoError(absl::StrCat("setsockopt ", level, " ", option));
}

absl::Status AttachClassic(const Fd& fd, const Classic& classic) {
  const sock_fprog program = {static_cast<uint16_t>(classic.size()),
                              const_cast<sock_filter*>(classic.data())};
  return SetOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, program);
}

// What it receives is filtered from the start.
absl::StatusOr<Fd> OpenReceiver(const std::string& interface, const Classic& first_filter) {
  Fd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return ErrnoError("socket(AF_PACKET)");
  DM_RETURN_IF_ERROR(AttachClassic(fd, first_filter));
  DM_RETURN_IF_ERROR(SetOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBufferBytes));
  DM_RETURN_IF_ERROR(SetOption(fd, SOL_PACKET, PACKET_AUXDATA, 1));
  sockaddr_ll address = Address(interface);
  address.sll_protocol = htons(ETH_P_ALL);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoError("bind");
  }
  return fd;
}

// The packet's length before a filter shortened it, and its direction.
absl::StatusOr<size_t> ReceiveKey(int fd, int flags) {
  char byte;
  iovec part = {&byte, sizeof(byte)};
  sockaddr_ll from = {};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(tpacket_auxdata))];
  msghdr message = {};
  message.msg_name = &from;
  message.msg_namelen = sizeof(from);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  if (recvmsg(fd, &message, flags) < 0) return ErrnoError("recvmsg");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr) return absl::InternalError("no PACKET_AUXDATA");
  tpacket_auxdata auxiliary;
  memcpy(&auxiliary, CMSG_DATA(header), sizeof(auxiliary));
  return size_t{auxiliary.tp_len} * 2 + (from.sll_pkttype == PACKET_OUTGOING ? 1 : 0);
}

constexpr size_t kSentinelKey = kSentinelBytes * 2;

class Sender {
 public:
  static absl::StatusOr<std::shared_ptr<Sender>> Open() {
    auto sender = std::make_shared<Sender>();
    for (Fd* fd : {&sender->plain_, &sender->with_header_}) {
      fd->Reset(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
      if (!fd->valid()) return ErrnoError("socket(AF_PACKET)");
      DM_RETURN_IF_ERROR(SetOption(*fd, SOL_SOCKET, SO_MARK, kMark));
    }
    DM_RETURN_IF_ERROR(SetOption(sender->with_header_, SOL_PACKET, PACKET_VNET_HDR, 1));
    return sender;
  }

  absl::Status Send(const sockaddr_ll& to, const Packet& packet) {
    VirtualNetworkHeader header;
    iovec parts[] = {{&header, sizeof(header)},
                     {const_cast<uint8_t*>(packet.frame.data()), packet.frame.size()}};
    msghdr message = {};
    message.msg_name = const_cast<sockaddr_ll*>(&to);
    message.msg_namelen = sizeof(to);
    message.msg_iov = packet.is_paged ? parts : parts + 1;
    message.msg_iovlen = packet.is_paged ? 2 : 1;
    const Fd& fd = packet.is_paged ? with_header_ : plain_;
    if (sendmsg(fd.get(), &message, 0) < 0) return ErrnoError(absl::StrCat("send ", packet.name));
    return absl::OkStatus();
  }

 private:
  Fd plain_;
  Fd with_header_;
};

Packet Sentinel() {
  Packet sentinel{"sentinel", Bytes(kSentinelBytes, 0)};
  sentinel.frame[12] = 0x88;  // 0x88b5: local experiments (IEEE 802)
  sentinel.frame[13] = 0xb5;
  return sentinel;
}

}  // namespace

const absl::StatusOr<int>& Namespace() {
  static const absl::StatusOr<int> tun = EnterNamespace();
  return tun;
}

absl::StatusOr<Fd> MakeStages(bpf_prog_type type) {
  Fd stages(bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "stages", sizeof(uint32_t), sizeof(uint32_t),
                           kStage + 1, nullptr));
  if (!stages.valid()) return ErrnoError("bpf_map_create");
  DM_ASSIGN_OR_RETURN(const Fd last, LoadProgram(LastStage(type), type));
  const uint32_t stage = kStage;
  const int last_fd = last.get();
  if (bpf_map_update_elem(stages.get(), &stage, &last_fd, BPF_ANY) != 0) {
    return ErrnoError("bpf_map_update_elem");
  }
  return stages;
}

absl::StatusOr<Fd> LoadTranslated(const Classic& classic, bpf_prog_type type, int stages_fd) {
  DM_ASSIGN_OR_RETURN(
      const std::vector<bpf_insn> translated,
      TranslateFilter(
          classic, {.program_array_fd = stages_fd, .stage = kStage, .verdict_cb = kVerdictWord}));
  return LoadProgram(translated, type);
}

absl::StatusOr<std::unique_ptr<Testbed>> Testbed::Create(const std::string& interface,
                                                         Traffic traffic) {
  std::unique_ptr<Testbed> testbed(new Testbed(std::move(traffic)));
  const Classic nothing = {{BPF_RET | BPF_K, 0, 0, 0}};
  const Classic only_sentinel = {{BPF_LD | BPF_LEN | BPF_W, 0, 0, 0},
                                 {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, kSentinelBytes},
                                 {BPF_RET | BPF_K, 0, 0, 1},
                                 {BPF_RET | BPF_K, 0, 0, 0}};
  DM_ASSIGN_OR_RETURN(testbed->classic_socket_, OpenReceiver(interface, nothing));
  DM_ASSIGN_OR_RETURN(testbed->translated_socket_, OpenReceiver(interface, nothing));
  DM_ASSIGN_OR_RETURN(testbed->sentinel_socket_, OpenReceiver(interface, only_sentinel));
  // Long enough for any machine: only a packet that never comes waits for it.
  DM_RETURN_IF_ERROR(SetOption(testbed->sentinel_socket_, SOL_SOCKET, SO_RCVTIMEO, timeval{30, 0}));
  DM_ASSIGN_OR_RETURN(testbed->stages_, MakeStages(BPF_PROG_TYPE_SOCKET_FILTER));
  return testbed;
}

absl::StatusOr<Verdicts> Testbed::Run(const Classic& classic) {
  if (const absl::Status refused = AttachClassic(classic_socket_, classic); !refused.ok()) {
    return absl::FailedPreconditionError(refused.message());
  }
  DM_ASSIGN_OR_RETURN(const Fd program,
                      LoadTranslated(classic, BPF_PROG_TYPE_SOCKET_FILTER, stages_.get()));
  DM_RETURN_IF_ERROR(SetOption(translated_socket_, SOL_SOCKET, SO_ATTACH_BPF, program.get()));
  for (size_t i = 0; i < traffic_.names.size(); ++i) DM_RETURN_IF_ERROR(traffic_.send(i));
  DM_RETURN_IF_ERROR(AwaitSentinel());
  Verdicts verdicts;
  DM_ASSIGN_OR_RETURN(verdicts.classic, Drain(classic_socket_.get()));
  DM_ASSIGN_OR_RETURN(verdicts.translated, Drain(translated_socket_.get()));
  return verdicts;
}

// Packets come one after the other. When the second sentinel has arrived, the first one has gone
// through all three sockets, and with it all before.
absl::Status Testbed::AwaitSentinel() {
  for (int i = 0; i < 2; ++i) DM_RETURN_IF_ERROR(traffic_.send(traffic_.names.size()));
  for (int i = 0; i < 2; ++i) {
    DM_RETURN_IF_ERROR(ReceiveKey(sentinel_socket_.get(), 0).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Testbed::Drain(int socket_fd) {
  std::map<size_t, size_t> numbers;
  for (size_t i = 0; i < traffic_.keys.size(); ++i) numbers[traffic_.keys[i]] = i;
  std::string verdicts(traffic_.names.size(), '0');
  while (true) {
    const absl::StatusOr<size_t> key = ReceiveKey(socket_fd, MSG_DONTWAIT);
    if (!key.ok()) return verdicts;
    if (*key == kSentinelKey) continue;
    const auto found = numbers.find(*key);
    if (found == numbers.end()) return absl::InternalError(absl::StrCat("a strange packet ", *key));
    if (verdicts[found->second] == '1') {
      return absl::InternalError(absl::StrCat("twice: ", traffic_.names[found->second]));
    }
    verdicts[found->second] = '1';
  }
}

absl::StatusOr<std::unique_ptr<Testbed>> MakePairTestbed(PagedPackets paged) {
  DM_ASSIGN_OR_RETURN(const std::shared_ptr<Sender> sender, Sender::Open());
  const auto packets = std::make_shared<std::vector<Packet>>(MakePackets());
  if (paged == PagedPackets::kLeaveOut) {
    std::erase_if(*packets, [](const Packet& packet) { return packet.is_paged; });
  }
  const sockaddr_ll towards = Address("dmsend");
  const sockaddr_ll away = Address("dmrecv");
  Testbed::Traffic traffic;
  for (const Packet& packet : *packets) {
    traffic.names.push_back(absl::StrCat("in: ", packet.name));
    traffic.keys.push_back((packet.frame.size() - (HasOuterTag(packet.frame) ? 4 : 0)) * 2);
  }
  for (const Packet& packet : *packets) {
    traffic.names.push_back(absl::StrCat("out: ", packet.name));
    traffic.keys.push_back(packet.frame.size() * 2 + 1);
  }
  traffic.send = [=](size_t i) {
    const size_t count = packets->size();
    if (i == 2 * count) return sender->Send(towards, Sentinel());
    return sender->Send(i < count ? towards : away, (*packets)[i % count]);
  };
  return Testbed::Create("dmrecv", std::move(traffic));
}

absl::StatusOr<std::unique_ptr<Testbed>> MakeRawTestbed() {
  DM_ASSIGN_OR_RETURN(const int tun, Namespace());
  const auto packets = std::make_shared<std::vector<Bytes>>();
  Testbed::Traffic traffic;
  for (const Packet& packet : MakePackets()) {
    // A tun device of 1500 bytes takes what begins with a version of IP.
    const Bytes ip(packet.frame.begin() + kEthernetBytes, packet.frame.end());
    if (ip.empty() || ip.size() > 1500 || (ip[0] >> 4 != 4 && ip[0] >> 4 != 6)) continue;
    packets->push_back(ip);
    traffic.names.push_back(packet.name);
    traffic.keys.push_back(ip.size() * 2);
  }
  Bytes sentinel(kSentinelBytes, 0);
  sentinel[0] = 0x45;
  packets->push_back(sentinel);
  traffic.send = [=](size_t i) {
    const Bytes& ip = (*packets)[i];
    if (write(tun, ip.data(), ip.size()) < 0) return ErrnoError("write to tun");
    return absl::OkStatus();
  };
  return Testbed::Create("dmraw", std::move(traffic));
}

}  // namespace dns_monitor::filter_test
