#include "dns_monitor/tap/interface.h"

#include <net/if.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dns_monitor/base/status.h"
#include "link_query.h"

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

Interface Describe(const ifinfomsg& link, const rtattr* attribute, int left) {
  Interface interface;
  interface.index = link.ifi_index;
  interface.hardware_type = link.ifi_type;
  interface.up = (link.ifi_flags & IFF_UP) != 0;
  interface.running = (link.ifi_flags & IFF_RUNNING) != 0;
  interface.loopback = (link.ifi_flags & IFF_LOOPBACK) != 0;
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type != IFLA_IFNAME) continue;
    const auto* name = static_cast<const char*>(RTA_DATA(attribute));
    interface.name.assign(name, strnlen(name, RTA_PAYLOAD(attribute)));
  }
  return interface;
}

}  // namespace

absl::StatusOr<std::vector<Interface>> ListInterfaces() {
  constexpr int kAttempts = 10;  // where interfaces come and go all the time
  std::vector<Interface> interfaces;
  absl::Status listed = absl::UnavailableError("");
  for (int attempt = 0; absl::IsUnavailable(listed) && attempt < kAttempts; ++attempt) {
    interfaces.clear();
    listed = ForEachLink([&](const ifinfomsg& link, const rtattr* attributes, int bytes) {
      interfaces.push_back(Describe(link, attributes, bytes));
    });
  }
  DM_RETURN_IF_ERROR(listed);
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
