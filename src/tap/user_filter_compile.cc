#include <memory>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/tap/interface.h"
#include "dns_monitor/tap/user_filter.h"

// libpcap names the classic instruction like the kernel names that of eBPF.
#define bpf_insn pcap_classic_insn
#include <pcap/pcap.h>
#undef bpf_insn

namespace dns_monitor {
namespace {

// Only "accept" and "drop" matter of what the program returns: any length that libpcap takes.
constexpr int kSnapLength = 262144;
// The handle is for compiling; libpcap makes of this the smallest ring that it can.
constexpr int kBufferBytes = 1 << 16;

struct HandleDeleter {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
using Handle = std::unique_ptr<pcap_t, HandleDeleter>;

absl::Status ActivationError(const std::string& interface, pcap_t* handle, int code) {
  std::string text =
      absl::StrCat("--filter: cannot open ", interface, ": ", pcap_statustostr(code));
  const absl::string_view more = pcap_geterr(handle);
  if (!more.empty() && more != pcap_statustostr(code)) absl::StrAppend(&text, " (", more, ")");
  switch (code) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return absl::NotFoundError(text);
    case PCAP_ERROR_PERM_DENIED:
      return absl::PermissionDeniedError(text);
    case PCAP_ERROR_IFACE_NOT_UP:
      return absl::UnavailableError(text);
    default:
      return absl::InternalError(text);
  }
}

absl::StatusOr<Handle> Activate(const std::string& interface) {
  char error[PCAP_ERRBUF_SIZE] = "";
  Handle handle(pcap_create(interface.c_str(), error));
  if (handle == nullptr) return absl::InternalError(absl::StrCat("--filter: ", error));
  pcap_set_snaplen(handle.get(), kSnapLength);
  pcap_set_buffer_size(handle.get(), kBufferBytes);
  pcap_set_immediate_mode(handle.get(), 1);
  const int code = pcap_activate(handle.get());
  if (code < 0) return ActivationError(interface, handle.get(), code);
  return handle;
}

absl::StatusOr<Handle> OpenDead(int link_type) {
  Handle handle(pcap_open_dead(link_type, kSnapLength));
  if (handle == nullptr) return absl::InternalError("--filter: pcap_open_dead failed");
  return handle;
}

// libpcap does not activate an interface that is down, while a capture may well start on one. What
// it generates depends on the link type and on the kernel's extensions, not on the interface: take
// any Ethernet, loopback first. Without a link-layer header there is no tag to look for.
absl::StatusOr<Handle> ActivateSubstitute(const Interface& down, LinkType link_type) {
  if (link_type != LinkType::kEthernet) return OpenDead(DLT_RAW);
  DM_ASSIGN_OR_RETURN(const std::vector<Interface> interfaces, ListInterfaces());
  for (const Interface& other : interfaces) {
    if (!other.up || LinkTypeOf(other).value_or(LinkType::kRaw) != link_type) continue;
    absl::StatusOr<Handle> handle = Activate(other.name);
    if (handle.ok()) return handle;
  }
  return absl::UnavailableError(absl::StrCat(
      "--filter cannot be compiled while no interface is up: ", "ip link set ", down.name, " up"));
}

// For some interfaces without a usable link-layer header (ppp, types that it does not know) libpcap
// opens a SOCK_DGRAM socket, calls it DLT_LINUX_SLL, and rewrites the program before it gives it to
// the kernel, because the cooked header is not there yet (pcap-linux.c, setup_socket and
// fix_program). Our socket is SOCK_RAW and shows those frames from the IP header on: the program
// that fits is that for DLT_RAW. The handle cannot be switched over, as it lists DLT_LINUX_SLL
// alone.
absl::StatusOr<Handle> OpenForFramesAsCaptured(const std::string& name) {
  DM_ASSIGN_OR_RETURN(const Interface interface, FindInterface(name));
  DM_ASSIGN_OR_RETURN(const LinkType link_type, LinkTypeOf(interface));
  absl::StatusOr<Handle> handle = Activate(name);
  if (absl::IsUnavailable(handle.status())) handle = ActivateSubstitute(interface, link_type);
  if (!handle.ok()) return handle.status();
  const int compiled_for = pcap_datalink(handle->get());
  if (compiled_for == (link_type == LinkType::kEthernet ? DLT_EN10MB : DLT_RAW)) return handle;
  if (link_type == LinkType::kRaw) return OpenDead(DLT_RAW);
  return absl::InternalError(
      absl::StrCat("--filter: libpcap takes ", name, " for link type ", compiled_for));
}

// Only broadcast expressions use it; without an address they get libpcap's own error.
bpf_u_int32 Netmask(const std::string& interface) {
  bpf_u_int32 net = 0;
  bpf_u_int32 mask = 0;
  char error[PCAP_ERRBUF_SIZE] = "";
  if (pcap_lookupnet(interface.c_str(), &net, &mask, error) != 0) return PCAP_NETMASK_UNKNOWN;
  return mask;
}

}  // namespace

absl::Status CheckFilterSyntax(const std::string& expression) {
  DM_ASSIGN_OR_RETURN(const Handle handle, OpenDead(DLT_EN10MB));
  bpf_program program = {};
  constexpr bpf_u_int32 kAnyNetmask = 0;
  if (pcap_compile(handle.get(), &program, expression.c_str(), /*optimize=*/1, kAnyNetmask) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("--filter: ", pcap_geterr(handle.get())));
  }
  pcap_freecode(&program);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<sock_filter>> CompileFilter(const std::string& interface,
                                                       const std::string& expression) {
  DM_ASSIGN_OR_RETURN(const Handle handle, OpenForFramesAsCaptured(interface));
  bpf_program program = {};
  constexpr int kOptimize = 1;
  if (pcap_compile(handle.get(), &program, expression.c_str(), kOptimize, Netmask(interface)) !=
      0) {
    return absl::InvalidArgumentError(absl::StrCat("--filter: ", pcap_geterr(handle.get())));
  }
  std::vector<sock_filter> classic;
  classic.reserve(program.bf_len);
  for (unsigned i = 0; i < program.bf_len; ++i) {
    const pcap_classic_insn& insn = program.bf_insns[i];
    classic.push_back({insn.code, insn.jt, insn.jf, insn.k});
  }
  pcap_freecode(&program);
  return classic;
}

}  // namespace dns_monitor
