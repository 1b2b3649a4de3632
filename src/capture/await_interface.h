// The wait for an interface that does not exist yet (--wait).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "dns_monitor/base/notify.h"

namespace dns_monitor {

// Returns true once there is an interface of this name, at once if there is; false when SIGINT or
// SIGTERM came first. The manager is told that the start is over: `systemctl start`, and the boot
// behind it, are not to wait for a tunnel that somebody dials tomorrow. Call it before anything is
// opened, as long as there is one thread. InvalidArgument for what can be no interface's name.
absl::StatusOr<bool> AwaitInterface(const std::string& name, const Notifier& manager);

}  // namespace dns_monitor
