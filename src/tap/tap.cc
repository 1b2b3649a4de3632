#include "dns_monitor/tap/tap.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/status.h"
#include "filter_program.h"
#include "kept_maps.h"

namespace dns_monitor {
namespace {

constexpr uint64_t kMostRingMemoryBytes = uint64_t{1} << 30;
constexpr uint64_t kPartOfMemory = 16;

struct Needed {
  int capability;
  const char* name;
};
// A packet socket; BPF maps and programs; the verifier's leave for loops over packet offsets.
constexpr Needed kNeeded[] = {
    {CAP_NET_RAW, "cap_net_raw"}, {CAP_BPF, "cap_bpf"}, {CAP_PERFMON, "cap_perfmon"}};

// capget(2): 64 capabilities in two words.
uint64_t EffectiveCapabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return 0;
  return data[0].effective | static_cast<uint64_t>(data[1].effective) << 32;
}

}  // namespace

uint64_t DefaultRingMemoryBytes() {
  struct sysinfo info {};
  if (sysinfo(&info) != 0) return kMostRingMemoryBytes / kPartOfMemory;
  return std::min(kMostRingMemoryBytes,
                  static_cast<uint64_t>(info.totalram) * info.mem_unit / kPartOfMemory);
}

std::string MissingCapabilities() {
  const uint64_t held = EffectiveCapabilities();
  std::vector<std::string> missing;
  for (const Needed& needed : kNeeded) {
    const bool by_sys_admin = needed.capability != CAP_NET_RAW && (held >> CAP_SYS_ADMIN & 1) != 0;
    if ((held >> needed.capability & 1) == 0 && !by_sys_admin) missing.push_back(needed.name);
  }
  return absl::StrJoin(missing, ",");
}

Tap::Tap(TapOptions options) : options_(std::move(options)) {}
Tap::~Tap() = default;

absl::StatusOr<std::unique_ptr<Tap>> Tap::Open(TapOptions options, const NamedDescriptors& kept) {
  DM_ASSIGN_OR_RETURN(const LinkType link_type, LinkTypeOf(options.interface));
  std::unique_ptr<Tap> tap(new Tap(std::move(options)));
  DM_ASSIGN_OR_RETURN(tap->filter_, FilterProgram::Load(tap->options_, link_type, kept));
  DM_RETURN_IF_ERROR(tap->OpenSocket(kept));
  return tap;
}

std::map<std::string, int> Tap::Descriptors() const {
  std::map<std::string, int> descriptors = filter_->Descriptors();
  descriptors[kSocketName] = socket_.get();
  return descriptors;
}

RingSet* Tap::rings() const {
  return filter_->rings();
}
uint64_t Tap::ring_bytes() const {
  return filter_->ring_bytes();
}
int Tap::doorbell_fd() const {
  return filter_->doorbell_fd();
}
void Tap::ClearDoorbell() {
  filter_->ClearDoorbell();
}
absl::StatusOr<int> Tap::CountCpusWithoutRing() const {
  return filter_->CountCpusWithoutRing();
}

// With protocol 0 the socket receives nothing until it is bound, so the filter is there first.
absl::Status Tap::OpenSocket(const NamedDescriptors& kept) {
  const auto found = kept.find(kSocketName);
  is_in_use_ = found != kept.end();
  if (is_in_use_) {
    socket_ = Fd(fcntl(found->second.get(), F_DUPFD_CLOEXEC, 0));
    // Its end is what Replace waits by.
    barrier_ = Fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    if (!barrier_.valid()) return ErrnoError("packet socket");
  } else {
    socket_ = Fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }
  if (!socket_.valid()) return ErrnoError("packet socket");
  if (!is_in_use_) DM_RETURN_IF_ERROR(Attach());
  return ForbidSending();
}

// With a ring for sending, whatever is written to the socket is left out, and the ring's frames are
// sent instead (net/packet/af_packet.c, packet_sendmsg). This one is empty, and nobody maps it: so
// who takes over the process puts no frame onto the wire.
absl::Status Tap::ForbidSending() {
  const auto page = static_cast<unsigned>(sysconf(_SC_PAGESIZE));
  const tpacket_req ring{
      .tp_block_size = page, .tp_block_nr = 1, .tp_frame_size = page, .tp_frame_nr = 1};
  if (setsockopt(socket_.get(), SOL_PACKET, PACKET_TX_RING, &ring, sizeof(ring)) == 0 ||
      (errno == EBUSY && is_in_use_)) {  // it has one
    return absl::OkStatus();
  }
  return ErrnoError("PACKET_TX_RING");
}

absl::Status Tap::Attach() {
  const int program_fd = filter_->entry_fd();
  if (setsockopt(socket_.get(), SOL_SOCKET, SO_ATTACH_BPF, &program_fd, sizeof(program_fd)) != 0) {
    return ErrnoError("attaching the filter");
  }
  // Loopback shows each packet on its way out and on its way in: the latter is enough. And what
  // nobody wants need not be cloned for us (packet(7), PACKET_IGNORE_OUTGOING).
  const int ignore = options_.interface.loopback || options_.direction == Direction::kIn;
  if (setsockopt(socket_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &ignore, sizeof(ignore)) != 0) {
    return ErrnoError("PACKET_IGNORE_OUTGOING");
  }
  return absl::OkStatus();
}

// On a socket in use the filter takes the place of the one before: each packet meets the one or the
// other (net/core/filter.c, __sk_attach_prog). A CPU may be within that one still; closing a packet
// socket waits until none is (net/packet/af_packet.c, packet_release: synchronize_net).
absl::Status Tap::Replace() {
  DM_RETURN_IF_ERROR(Attach());
  replaced_at_ns_ = SystemClock().BoottimeNs();
  barrier_.Reset();
  for (const auto& old : filter_->old_rings()) old->Freeze();
  return absl::OkStatus();
}

absl::Status Tap::Start() {
  const int index = options_.interface.index;
  if (!is_in_use_) return BindTo(index);
  DM_RETURN_IF_ERROR(Replace());
  if (BoundIndex() != index) return BindTo(index);
  // A process before may have asked for it: two memberships become one, or one none.
  absl::Status promiscuous = BePromiscuousOn(index);
  DropMembership(index);
  return promiscuous;
}

bool Tap::goes_on() const {
  return filter_->goes_on();
}
const std::vector<std::unique_ptr<OldRings>>& Tap::old_rings() const {
  return filter_->old_rings();
}

absl::Status Tap::BindTo(int index) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = index;
  const int fd = socket_.get();
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoError(absl::StrCat("binding to ", options_.interface.name));
  }
  return BePromiscuousOn(index);
}

// A membership is counted for each time that it is asked for, and outlives the binding.
absl::Status Tap::BePromiscuousOn(int index) {
  if (!options_.promiscuous || options_.interface.loopback) return absl::OkStatus();
  DropMembership(promiscuous_index_);
  promiscuous_index_ = index;
  packet_mreq membership{};
  membership.mr_type = PACKET_MR_PROMISC;
  membership.mr_ifindex = index;
  if (setsockopt(socket_.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership,
                 sizeof(membership)) != 0) {
    return ErrnoError(absl::StrCat("promiscuous mode of ", options_.interface.name));
  }
  return absl::OkStatus();
}

// Without one, or when the interface is gone and the membership with it, nothing happens.
void Tap::DropMembership(int index) {
  packet_mreq membership{};
  membership.mr_type = PACKET_MR_PROMISC;
  membership.mr_ifindex = index;
  setsockopt(socket_.get(), SOL_PACKET, PACKET_DROP_MEMBERSHIP, &membership, sizeof(membership));
}

absl::Status Tap::Rebind(int index) {
  return BindTo(index);
}

// The kernel sets it to -1 when the interface goes (net/packet/af_packet.c, packet_notifier).
int Tap::BoundIndex() const {
  sockaddr_ll address{};
  socklen_t length = sizeof(address);
  if (getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) return -1;
  return address.sll_ifindex;
}

// Closing unregisters the socket and waits for all CPUs to leave it (net/packet/af_packet.c,
// packet_release: synchronize_net); where the manager holds it as well, being bound to another
// protocol does (packet_do_bind): to a dummy one, that no frame on a wire has.
void Tap::Stop() {
  if (!socket_.valid()) return;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_802_3);
  address.sll_ifindex = std::max(BoundIndex(), 0);
  // Fails when the interface is gone: then nothing comes.
  static_cast<void>(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)));
  socket_.Reset();
}

}  // namespace dns_monitor
