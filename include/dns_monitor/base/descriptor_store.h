// Descriptors that a service manager keeps while no process of the service runs (systemd's
// descriptor store, FileDescriptorStoreMax=).
#pragma once

#include <map>
#include <set>
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

  // Gives `descriptors` (by name) to the manager, but for the names in `kept`, which it has
  // already. Nothing without a manager.
  absl::Status Add(const std::map<std::string, int>& descriptors, const NamedDescriptors& kept);
  // Gives it those of `descriptors` whose names it does not have. Once Add was called.
  void AddNew(const std::map<std::string, int>& descriptors);
  // Of what it had already, it is to forget all but `descriptors`.
  void ForgetAllBut(const std::map<std::string, int>& descriptors);
  // Whether the manager holds them now.
  bool holds() const;
  // It is to forget all.
  void Release();

 private:
  const Notifier& manager_;
  std::set<std::string> names_;  // that the manager has
  Fd probe_;                     // readable, or hung up, once nobody holds the other end
};

}  // namespace dns_monitor
