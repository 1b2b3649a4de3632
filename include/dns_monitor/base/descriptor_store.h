// Descriptors that a service manager keeps while no process of the service runs (systemd's
// descriptor store, FileDescriptorStoreMax=).
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/notify.h"

namespace dns_monitor {

using NamedDescriptors = std::map<std::string, Fd>;

// What the manager has kept for this process (sd_listen_fds_with_names(3)); empty when there is
// nothing. Once, before there are threads: the variables are removed.
NamedDescriptors TakeStoredDescriptors();

// One thread. A manager that takes nothing does not say so. So a pipe's end is given to it last: as
// long as the pipe is not closed, somebody holds that, and what was given before.
class DescriptorStore {
 public:
  // `manager` outlives this.
  explicit DescriptorStore(const Notifier* manager) : manager_(*manager) {}

  // Gives all of `descriptors` (by name) to the manager, in place of `kept`, what it has kept so
  // far. `same`: what has one name in both is the same, and not given again. Nothing without a
  // manager.
  absl::Status Keep(const std::map<std::string, int>& descriptors, const NamedDescriptors& kept,
                    bool same);
  // Whether the manager holds them now.
  bool holds() const;
  // It is to forget all.
  void Release();

 private:
  const Notifier& manager_;
  std::map<std::string, int> given_;
  Fd probe_;  // readable, or hung up, once nobody holds the other end
};

}  // namespace dns_monitor
