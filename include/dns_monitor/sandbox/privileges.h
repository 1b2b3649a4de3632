// What the process was started with, and how it gives that up. All of it by the main thread, before
// there are others: capabilities and groups belong to a thread, and new ones inherit them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dns_monitor {

struct Account {
  std::string name;
  std::string home;  // its directory
  uid_t uid = 0;
  gid_t gid = 0;              // the primary group
  std::vector<gid_t> groups;  // supplementary ones (initgroups(3))
};

// The account with this name or number (getpwnam(3)). InvalidArgument when there is none.
absl::StatusOr<Account> FindAccount(const std::string& name_or_uid);

class Privileges {
 public:
  // For a process that shall become `account` (none: stay who it is). As root it will be a member
  // of `group` too (-1: none), so that it can give files to that. PermissionDenied when an account
  // is asked for and this is not root.
  static absl::StatusOr<Privileges> Plan(const std::optional<Account>& account, int64_t group);

  // Makes the directory, its last component only, as the account's own, though its parent be
  // root's. OK when there is one, whosever. Without an account nothing is made.
  absl::Status MakeDirectory(const std::string& path, mode_t mode) const;

  // Runs `body` as whom Drop will leave, without any effective capability; then all is as before.
  // Returns what it returned, or why that could not be.
  absl::Status Without(const std::function<absl::Status()>& body) const;

  // For good: the account, no capability in any set, none in the bounding set where that is allowed
  // (CAP_SETPCAP), no_new_privs, no ptrace(2) and no core dump, as the process still holds what
  // took privileges to open. Looks whether it is so.
  absl::Status Drop() const;

 private:
  absl::Status Assume() const;

  bool change_user_ = false;
  bool change_groups_ = false;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  std::vector<gid_t> groups_;
};

}  // namespace dns_monitor
