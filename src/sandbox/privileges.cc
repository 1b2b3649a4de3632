#include "dns_monitor/sandbox/privileges.h"

#include <grp.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "capabilities.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

std::vector<gid_t> CurrentGroups() {
  std::vector<gid_t> groups(static_cast<size_t>(std::max(getgroups(0, nullptr), 0)));
  groups.resize(
      static_cast<size_t>(std::max(getgroups(static_cast<int>(groups.size()), groups.data()), 0)));
  return groups;
}

// Effective ids, groups and capabilities; puts back what they were when it was made.
class Saved {
 public:
  static absl::StatusOr<Saved> Now() {
    Saved saved;
    DM_ASSIGN_OR_RETURN(saved.capabilities_, ReadCapabilities());
    return saved;
  }

  absl::Status Restore() const {
    // The user first: as root again, the rest is allowed.
    if (seteuid(uid_) != 0 || setegid(gid_) != 0) return ErrnoError("becoming root again");
    DM_RETURN_IF_ERROR(SetCapabilities(capabilities_));
    if (CurrentGroups() != groups_ && setgroups(groups_.size(), groups_.data()) != 0) {
      return ErrnoError("setgroups");
    }
    return absl::OkStatus();
  }

 private:
  uid_t uid_ = geteuid();
  gid_t gid_ = getegid();
  std::vector<gid_t> groups_ = CurrentGroups();
  Capabilities capabilities_;
};

}  // namespace

absl::StatusOr<Privileges> Privileges::Plan(const std::optional<Account>& account, int64_t group) {
  Privileges plan;
  const bool root = geteuid() == 0;
  if (account && !root) {
    return absl::PermissionDeniedError(
        "--user: only root can become another user; start it as that user instead");
  }
  if (account) {
    plan.change_user_ = true;
    plan.uid_ = account->uid;
    plan.gid_ = account->gid;
  }
  plan.groups_ = account ? account->groups : CurrentGroups();
  plan.change_groups_ = account.has_value();
  if (root && group >= 0) {
    plan.groups_.push_back(static_cast<gid_t>(group));
    plan.change_groups_ = true;
  }
  return plan;
}

// By the ids that the file system looks at (setfsuid(2)): the new directory is the account's from
// its first moment, so that none can be put in its place before it is given away. The kernel takes
// the capabilities over files away with the id, and they are what reaches into the parent.
absl::Status Privileges::MakeDirectory(const std::string& path, mode_t mode) const {
  if (!change_user_) return absl::OkStatus();
  DM_ASSIGN_OR_RETURN(const Capabilities before, ReadCapabilities());
  const mode_t mask = umask(0);
  setfsgid(gid_);
  setfsuid(uid_);
  absl::Status made = SetCapabilities(before);
  if (made.ok() && mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    made = ErrnoError(absl::StrCat("cannot create ", path));
  }
  setfsuid(geteuid());
  setfsgid(getegid());
  umask(mask);
  made.Update(SetCapabilities(before));
  return made;
}

absl::Status Privileges::Assume() const {
  if (change_groups_ && setgroups(groups_.size(), groups_.data()) != 0) {
    return ErrnoError("setgroups");
  }
  if (change_user_ && (setegid(gid_) != 0 || seteuid(uid_) != 0)) return ErrnoError("seteuid");
  DM_ASSIGN_OR_RETURN(Capabilities held, ReadCapabilities());
  held.effective = 0;
  return SetCapabilities(held);
}

absl::Status Privileges::Without(const std::function<absl::Status()>& body) const {
  DM_ASSIGN_OR_RETURN(const Saved before, Saved::Now());
  absl::Status status = Assume();
  if (status.ok()) status = body();
  status.Update(before.Restore());
  return status;
}

absl::Status Privileges::Drop() const {
  ClearInheritedCapabilities();
  if (change_groups_ && setgroups(groups_.size(), groups_.data()) != 0) {
    return ErrnoError("setgroups");
  }
  if (change_user_ && (setresgid(gid_, gid_, gid_) != 0 || setresuid(uid_, uid_, uid_) != 0)) {
    return ErrnoError("setresuid");
  }
  DM_RETURN_IF_ERROR(SetCapabilities({}));
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return ErrnoError("PR_SET_NO_NEW_PRIVS");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return ErrnoError("PR_SET_DUMPABLE");
  DM_ASSIGN_OR_RETURN(const Capabilities held, ReadCapabilities());
  const bool root_again = change_user_ && uid_ != 0 && setresuid(0, 0, 0) == 0;
  if (held.none() && !root_again) return absl::OkStatus();
  return absl::InternalError("privileges are still there after they were dropped");
}

}  // namespace dns_monitor
