#include "dns_monitor/tap/tap.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
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
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "filter_program.h"
#include "kept_maps.h"
#include "tcx_links.h"

namespace dns_monitor {
namespace {

constexpr uint64_t kMostRingMemoryBytes = uint64_t{1} << 30;
constexpr uint64_t kPartOfMemory = 16;
constexpr int kNoFrames = ETH_P_802_3;  // a protocol that hardly any frame has

struct Needed {
  int capability;
  const char* name;
};
// A packet socket; BPF maps and programs; the verifier's leave for loops over packet offsets.
constexpr Needed kNeeded[] = {
    {CAP_NET_RAW, "cap_net_raw"}, {CAP_BPF, "cap_bpf"}, {CAP_PERFMON, "cap_perfmon"}};
// Programs for tcx, beside those.
constexpr Needed kNeededForTcx = {CAP_NET_ADMIN, "cap_net_admin"};

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

std::string MissingCapabilities(Hook hook) {
  const uint64_t held = EffectiveCapabilities();
  const auto holds = [held](int capability) { return (held >> capability & 1) != 0; };
  std::vector<std::string> missing;
  for (const Needed& needed : kNeeded) {
    const bool by_sys_admin = needed.capability != CAP_NET_RAW && holds(CAP_SYS_ADMIN);
    if (!holds(needed.capability) && !by_sys_admin) missing.push_back(needed.name);
  }
  if (hook == Hook::kTcx && !holds(kNeededForTcx.capability)) missing.push_back(kNeededForTcx.name);
  return absl::StrJoin(missing, ",");
}

Tap::Tap(TapOptions options) : options_(std::move(options)) {}
Tap::~Tap() = default;

absl::StatusOr<std::unique_ptr<Tap>> Tap::Open(TapOptions options, const NamedDescriptors& kept) {
  DM_ASSIGN_OR_RETURN(const LinkType link_type, LinkTypeOf(options.interface));
  std::unique_ptr<Tap> tap(new Tap(std::move(options)));
  DM_RETURN_IF_ERROR(tap->LoadFilter(link_type, kept));
  DM_RETURN_IF_ERROR(tap->OpenSocket(kept));
  return tap;
}

// What the kernel refuses on tcx it may take on a socket. The user's filter is as wrong on both.
absl::Status Tap::LoadFilter(LinkType link_type, const NamedDescriptors& kept) {
  if (options_.hook != Hook::kSocket) {
    absl::Status on_tcx = LoadForTcx(link_type, kept);
    if (on_tcx.ok() || options_.hook == Hook::kTcx || absl::IsInvalidArgument(on_tcx)) {
      return on_tcx;
    }
    LogInfo("on a packet socket, as ", on_tcx.message());
  }
  hook_ = Hook::kSocket;
  DM_ASSIGN_OR_RETURN(filter_, FilterProgram::Load(options_, hook_, link_type, kept));
  return absl::OkStatus();
}

absl::Status Tap::LoadForTcx(LinkType link_type, const NamedDescriptors& kept) {
  const std::string missing = MissingCapabilities(Hook::kTcx);
  if (!missing.empty()) return absl::PermissionDeniedError(absl::StrCat("tcx takes ", missing));
  hook_ = Hook::kTcx;
  DM_ASSIGN_OR_RETURN(std::unique_ptr<FilterProgram> filter,
                      FilterProgram::Load(options_, hook_, link_type, kept));
  if (!TcxLinks::Supported(filter->ingress_fd())) {
    return absl::UnimplementedError("this kernel has no tcx (Linux 6.6 has it)");
  }
  // Loopback shows each packet on its way out and on its way in: the latter is enough.
  const bool out = options_.direction != Direction::kIn && !options_.interface.loopback;
  const bool in = options_.direction != Direction::kOut;
  links_ = std::make_unique<TcxLinks>(in ? filter->ingress_fd() : -1,
                                      out ? filter->egress_fd() : -1, kept);
  filter_ = std::move(filter);
  return absl::OkStatus();
}

std::map<std::string, int> Tap::Descriptors() const {
  std::map<std::string, int> descriptors = filter_->Descriptors();
  descriptors[kSocketName] = socket_.get();
  if (links_ != nullptr) descriptors.merge(links_->Descriptors());
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
  if (hook_ == Hook::kSocket && TcxLinks::AreKept(kept)) {
    links_ = std::make_unique<TcxLinks>(-1, -1, kept);  // until Start
  }
  if (!is_in_use_) DM_RETURN_IF_ERROR(hook_ == Hook::kSocket ? Attach() : TakeNothing());
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

// It is there for promiscuous mode, and to tell when the interface goes.
absl::Status Tap::TakeNothing() {
  sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{.len = 1, .filter = &nothing};
  if (setsockopt(socket_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0) {
    return absl::OkStatus();
  }
  return ErrnoError("a socket that takes nothing");
}

// On a socket in use the filter takes the place of the one before: each packet meets the one or the
// other (net/core/filter.c, __sk_attach_prog), as on tcx (kernel/bpf/tcx.c, tcx_link_update). A CPU
// may be within that one still; closing a packet socket waits until none is
// (net/packet/af_packet.c, packet_release: synchronize_net).
absl::Status Tap::Replace() {
  if (WasOnAnotherHook()) {
    DM_RETURN_IF_ERROR(ChangeHook());
  } else if (hook_ == Hook::kTcx) {
    DM_RETURN_IF_ERROR(links_->Replace(options_.interface.index));
    replaced_at_ns_ = SystemClock().BoottimeNs();
  } else {
    DM_RETURN_IF_ERROR(Attach());
    replaced_at_ns_ = SystemClock().BoottimeNs();
  }
  barrier_.Reset();
  for (const auto& old : filter_->old_rings()) old->Freeze();
  return absl::OkStatus();
}

bool Tap::WasOnAnotherHook() const {
  if (hook_ == Hook::kSocket) return links_ != nullptr;
  return is_in_use_ && !links_->in_use();
}

// No packet can be told to meet one of two hooks: rather none for a moment, which is told, than
// some twice.
absl::Status Tap::ChangeHook() {
  unhooked_.from_ns = SystemClock().BoottimeNs();
  const int index = options_.interface.index;
  if (hook_ == Hook::kSocket) {
    links_->Detach();
    links_.reset();
    DM_RETURN_IF_ERROR(Attach());
    DM_RETURN_IF_ERROR(BindTo(index));
  } else {
    DM_RETURN_IF_ERROR(TakeNothing());
    DM_RETURN_IF_ERROR(BindTo(index));
    DM_RETURN_IF_ERROR(links_->Attach(index));
  }
  replaced_at_ns_ = unhooked_.to_ns = SystemClock().BoottimeNs();
  return absl::OkStatus();
}

absl::Status Tap::Start() {
  const int index = options_.interface.index;
  if (!is_in_use_) {
    DM_RETURN_IF_ERROR(BindTo(index));
    return links_ != nullptr ? links_->Attach(index) : absl::OkStatus();
  }
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
  address.sll_protocol = htons(hook_ == Hook::kSocket ? ETH_P_ALL : kNoFrames);
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
  Unhook();
  DM_RETURN_IF_ERROR(BindTo(index));
  return links_ != nullptr ? links_->Attach(index) : absl::OkStatus();
}

// A link goes with its interface into another namespace; a socket does not.
void Tap::Unhook() {
  if (links_ != nullptr) links_->Detach();
}

// The kernel sets it to -1 when the interface goes (net/packet/af_packet.c, packet_notifier).
int Tap::BoundIndex() const {
  sockaddr_ll address{};
  socklen_t length = sizeof(address);
  if (getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) return -1;
  return address.sll_ifindex;
}

// Taking a link off waits for all CPUs to leave it (kernel/bpf/tcx.c, tcx_entry_sync). Closing
// unregisters the socket and waits for them as well (net/packet/af_packet.c, packet_release:
// synchronize_net); where the manager holds it too, being bound to another protocol does
// (packet_do_bind).
void Tap::Stop() {
  if (!socket_.valid()) return;
  Unhook();
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(kNoFrames);
  address.sll_ifindex = std::max(BoundIndex(), 0);
  // Fails when the interface is gone: then nothing comes.
  static_cast<void>(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)));
  socket_.Reset();
}

}  // namespace dns_monitor
