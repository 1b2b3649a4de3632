#include "dns_monitor/tap/interface.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

struct KnownLink {
  int hardware_type;
  LinkType type;
  const char* name;
};

// linux/if_arp.h names these ARPHRD_*; net/if_arp.h of older C libraries lacks some.
constexpr KnownLink kKnownLinks[] = {
    {1, LinkType::kEthernet, "ethernet"},    // ETHER
    {772, LinkType::kEthernet, "loopback"},  // LOOPBACK: a link header of zeros
    {0xFFFE, LinkType::kRaw, "raw IP"},      // NONE: tun, wireguard
    {519, LinkType::kRaw, "raw IP"},         // RAWIP: rmnet
    // PPP: a packet socket sees the IP header first (drivers/net/ppp/ppp_generic.c).
    {512, LinkType::kRaw, "raw IP"},
    {768, LinkType::kRaw, "raw IP"},  // TUNNEL: ipip
    {769, LinkType::kRaw, "raw IP"},  // TUNNEL6: ip6tnl
    {776, LinkType::kRaw, "raw IP"},  // SIT
};

std::optional<KnownLink> FindLink(int hardware_type) {
  for (const KnownLink& link : kKnownLinks) {
    if (link.hardware_type == hardware_type) return link;
  }
  return std::nullopt;
}

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
  const std::optional<KnownLink> known = FindLink(interface.hardware_type);
  if (known) return known->type;
  return absl::UnimplementedError(
      absl::StrCat("interface '", interface.name, "' has link ", DescribeLinkType(interface),
                   "; only Ethernet, loopback and raw IP (tun, wireguard, ppp) are read"));
}

std::string DescribeLinkType(const Interface& interface) {
  const std::optional<KnownLink> known = FindLink(interface.hardware_type);
  return known ? known->name : absl::StrCat("type ", interface.hardware_type);
}

}  // namespace dns_monitor
