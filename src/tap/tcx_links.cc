#include "tcx_links.h"

#include <bpf/bpf.h>
#include <fcntl.h>

#include <cerrno>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

constexpr char kIngress[] = "tcx.ingress.";
constexpr char kEgress[] = "tcx.egress.";
// enum bpf_attach_type of linux/bpf.h since kernel 6.6; libbpf 1.1 is older.
constexpr int kTcxIngress = 46;
constexpr int kTcxEgress = 47;

// bpf(2), BPF_LINK_CREATE. -1, with errno.
int CreateLink(int program_fd, int ifindex, int attach_type) {
  return bpf_link_create(program_fd, ifindex, static_cast<bpf_attach_type>(attach_type), nullptr);
}

}  // namespace

TcxLinks::TcxLinks(int ingress_fd, int egress_fd, const NamedDescriptors& kept)
    : sides_{Side{kIngress, kTcxIngress, ingress_fd, {}, 0},
             Side{kEgress, kTcxEgress, egress_fd, {}, 0}} {
  for (Side& side : sides_) {
    for (const auto& [name, fd] : kept) {
      absl::string_view rest = name;
      uint32_t number = 0;
      if (!absl::ConsumePrefix(&rest, side.name) || !absl::SimpleAtoi(rest, &number)) continue;
      if (number < side.number) continue;  // taken off, and not forgotten yet
      side.number = number;
      side.link = Fd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
      in_use_ = in_use_ || side.link.valid();
    }
  }
}

// No interface has such an index. Kernels that know the attach type look for it first, and say
// ENODEV (kernel/bpf/tcx.c, tcx_link_attach); others refuse the type.
bool TcxLinks::Supported(int program_fd) {
  const Fd none(CreateLink(program_fd, std::numeric_limits<int>::max(), kTcxIngress));
  return errno == ENODEV;
}

bool TcxLinks::AreKept(const NamedDescriptors& kept) {
  return TcxLinks(-1, -1, kept).in_use();
}

absl::Status TcxLinks::Make(Side* side, int ifindex) {
  side->link = Fd(CreateLink(side->program_fd, ifindex, side->attach_type));
  ++side->number;
  return side->link.valid() ? absl::OkStatus() : ErrnoError("attaching the filter to tcx");
}

absl::Status TcxLinks::Attach(int ifindex) {
  for (Side& side : sides_) {
    if (side.program_fd < 0) continue;
    absl::Status made = Make(&side, ifindex);
    if (made.ok()) continue;
    Detach();
    return made;
  }
  return absl::OkStatus();
}

absl::Status TcxLinks::Replace(int ifindex) {
  in_use_ = false;
  for (Side& side : sides_) {
    if (side.program_fd < 0) {
      if (side.link.valid()) bpf_link_detach(side.link.get());
      side.link.Reset();
    } else if (!side.link.valid()) {
      DM_RETURN_IF_ERROR(Make(&side, ifindex));
    } else if (bpf_link_update(side.link.get(), side.program_fd, nullptr) != 0) {
      // Its interface is gone, and with it what it held (ENOLINK).
      if (errno != ENOLINK) return ErrnoError("replacing the filter on tcx");
      DM_RETURN_IF_ERROR(Make(&side, ifindex));
    }
  }
  return absl::OkStatus();
}

void TcxLinks::Detach() {
  for (Side& side : sides_) {
    if (side.link.valid()) bpf_link_detach(side.link.get());
    side.link.Reset();
  }
}

std::map<std::string, int> TcxLinks::Descriptors() const {
  std::map<std::string, int> descriptors;
  for (const Side& side : sides_) {
    if (side.link.valid()) descriptors[absl::StrCat(side.name, side.number)] = side.link.get();
  }
  return descriptors;
}

}  // namespace dns_monitor
