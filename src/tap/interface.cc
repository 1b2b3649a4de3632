#include "dns_monitor/tap/interface.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

// linux/if_arp.h has these; net/if_arp.h of older C libraries does not.
constexpr int kArphrdNone = 0xFFFE;  // tun, wireguard
constexpr int kArphrdRawIp = 519;    // rmnet
constexpr int kArphrdPpp = 512;
constexpr int kArphrdTunnel = 768;   // ipip
constexpr int kArphrdTunnel6 = 769;  // ip6tnl
constexpr int kArphrdSit = 776;
constexpr int kArphrdEther = 1;
constexpr int kArphrdLoopback = 772;  // a link header of zeros, as Ethernet

// False when the interface went away meanwhile.
bool Query(int socket_fd, Interface* interface) {
  ifreq request{};
  std::strncpy(request.ifr_name, interface->name.c_str(), IFNAMSIZ - 1);
  if (ioctl(socket_fd, SIOCGIFFLAGS, &request) != 0) return false;
  interface->up = (request.ifr_flags & IFF_UP) != 0;
  interface->running = (request.ifr_flags & IFF_RUNNING) != 0;
  interface->loopback = (request.ifr_flags & IFF_LOOPBACK) != 0;
  if (ioctl(socket_fd, SIOCGIFHWADDR, &request) != 0) return false;
  interface->hardware_type = request.ifr_hwaddr.sa_family;
  return true;
}

}  // namespace

absl::StatusOr<std::vector<Interface>> ListInterfaces() {
  const Fd socket_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const Fd fallback(socket_fd.valid() ? -1 : socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int fd = socket_fd.valid() ? socket_fd.get() : fallback.get();
  if (fd < 0) return ErrnoError("socket");
  const std::unique_ptr<struct if_nameindex, decltype(&if_freenameindex)> names(if_nameindex(),
                                                                                &if_freenameindex);
  if (names == nullptr) return ErrnoError("if_nameindex");
  std::vector<Interface> interfaces;
  for (const struct if_nameindex* name = names.get(); name->if_index != 0; ++name) {
    Interface interface { .name = name->if_name, .index = static_cast<int>(name->if_index) };
    if (Query(fd, &interface)) interfaces.push_back(std::move(interface));
  }
  std::sort(interfaces.begin(), interfaces.end(),
            [](const Interface& a, const Interface& b) { return a.index < b.index; });
  return interfaces;
}

absl::StatusOr<Interface> FindInterface(const std::string& name) {
  DM_ASSIGN_OR_RETURN(const std::vector<Interface> interfaces, ListInterfaces());
  std::vector<std::string> names;
  for (const Interface& interface : interfaces) {
    if (interface.name == name) return interface;
    names.push_back(interface.name);
  }
  return absl::NotFoundError(
      absl::StrCat("no interface '", name, "'; there are: ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<LinkType> LinkTypeOf(const Interface& interface) {
  switch (interface.hardware_type) {
    case kArphrdEther:
    case kArphrdLoopback:
      return LinkType::kEthernet;
    case kArphrdNone:
    case kArphrdRawIp:
    case kArphrdPpp:  // a packet socket sees the IP header first (drivers/net/ppp/ppp_generic.c)
    case kArphrdTunnel:
    case kArphrdTunnel6:
    case kArphrdSit:
      return LinkType::kRaw;
    default:
      return absl::UnimplementedError(
          absl::StrCat("interface '", interface.name, "' has link ", DescribeLinkType(interface),
                       "; only Ethernet, loopback and raw IP (tun, wireguard, ppp) are read"));
  }
}

std::string DescribeLinkType(const Interface& interface) {
  switch (interface.hardware_type) {
    case kArphrdEther:
      return "ethernet";
    case kArphrdLoopback:
      return "loopback";
    case kArphrdNone:
    case kArphrdRawIp:
    case kArphrdPpp:
    case kArphrdTunnel:
    case kArphrdTunnel6:
    case kArphrdSit:
      return "raw IP";
    default:
      return absl::StrCat("type ", interface.hardware_type);
  }
}

}  // namespace dns_monitor
