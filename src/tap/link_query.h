// Questions to rtnetlink about interfaces. They need no privilege, and no socket of another family.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <functional>

#include "absl/status/status.h"

namespace dns_monitor {

// The link's header, its attributes and their length in bytes (rtnetlink(7), RTM_NEWLINK).
using OnLink = std::function<void(const ifinfomsg& link, const rtattr* attributes, int bytes)>;

// Calls back for each link of this network namespace. Unavailable when they kept changing
// meanwhile.
absl::Status ForEachLink(const OnLink& on_link);
// Calls back for the link with this index; NotFound when there is none.
absl::Status AskForLink(int index, const OnLink& on_link);

}  // namespace dns_monitor
