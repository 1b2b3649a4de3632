#include <grp.h>
#include <pwd.h>

#include <cerrno>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/sandbox/privileges.h"

namespace dns_monitor {

absl::StatusOr<Account> FindAccount(const std::string& name_or_uid) {
  uid_t uid = 0;
  errno = 0;
  const passwd* entry = getpwnam(name_or_uid.c_str());
  if (entry == nullptr && absl::SimpleAtoi(name_or_uid, &uid)) entry = getpwuid(uid);
  if (entry == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("there is no user '", name_or_uid, "'"));
  }
  Account account{.name = entry->pw_name,
                  .home = entry->pw_dir,
                  .uid = entry->pw_uid,
                  .gid = entry->pw_gid,
                  .groups = {}};
  int count = 64;
  account.groups.resize(count);
  if (getgrouplist(account.name.c_str(), account.gid, account.groups.data(), &count) < 0) {
    account.groups.resize(count);
    getgrouplist(account.name.c_str(), account.gid, account.groups.data(), &count);
  }
  account.groups.resize(count);
  return account;
}

}  // namespace dns_monitor
