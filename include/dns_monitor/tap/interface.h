// The network interfaces of this machine, as far as a capture cares.
#pragma once

#include <linux/if_link.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dns_monitor/pcap/format.h"

namespace dns_monitor {

struct Interface {
  std::string name;
  int index = 0;
  int hardware_type = 0;  // ARPHRD_* (linux/if_arp.h)
  bool up = false;        // IFF_UP
  bool running = false;   // IFF_RUNNING: has a carrier
  bool loopback = false;
};

// Those of this network namespace, by index.
absl::StatusOr<std::vector<Interface>> ListInterfaces();
// NotFound lists the interfaces that there are.
absl::StatusOr<Interface> FindInterface(const std::string& name);
// What the frames of the interface begin with. Unimplemented for hardware types whose frames this
// filter does not read.
absl::StatusOr<LinkType> LinkTypeOf(const Interface& interface);
// What the interface itself has counted since it was made (RTM_GETLINK, IFLA_STATS64). NotFound
// when there is no such index.
absl::StatusOr<rtnl_link_stats64> LinkStatistics(int index);
// "ethernet", "loopback", "raw IP", or "type N" for others.
std::string DescribeLinkType(const Interface& interface);

}  // namespace dns_monitor
