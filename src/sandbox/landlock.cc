#include "landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

// What linux/landlock.h of a 6.1 kernel, Debian 12's, does not name yet.
constexpr uint64_t kTruncate = 1 << 14;              // LANDLOCK_ACCESS_FS_TRUNCATE, ABI 3
constexpr uint64_t kIoctlDevice = 1 << 15;           // LANDLOCK_ACCESS_FS_IOCTL_DEV, ABI 5
constexpr uint64_t kTcp = 1 << 0 | 1 << 1;           // LANDLOCK_ACCESS_NET_BIND_TCP …, ABI 4
constexpr uint64_t kOtherDomains = 1 << 0 | 1 << 1;  // LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET …, ABI 6

// struct landlock_ruleset_attr as of ABI 6. A kernel takes what it knows, and the rest as zeros.
struct RulesetAttributes {
  uint64_t files = 0;
  uint64_t network = 0;
  uint64_t scoped = 0;
};

// All that a kernel with this version of the ABI can refuse.
RulesetAttributes AllOf(int64_t abi) {
  RulesetAttributes all;
  all.files = LANDLOCK_ACCESS_FS_REFER - 1;  // the thirteen of ABI 1
  if (abi >= 2) all.files |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3) all.files |= kTruncate;
  if (abi >= 4) all.network = kTcp;
  if (abi >= 5) all.files |= kIoctlDevice;
  if (abi >= 6) all.scoped = kOtherDomains;
  return all;
}

uint64_t RightsOf(Reach reach) {
  constexpr uint64_t kList = LANDLOCK_ACCESS_FS_READ_DIR;
  switch (reach) {
    case Reach::kWriteFiles:
      return kList | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate |
             LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE;
    case Reach::kReadFiles:
      return kList | LANDLOCK_ACCESS_FS_READ_FILE;
    case Reach::kDeleteFiles:
      return kList | LANDLOCK_ACCESS_FS_REMOVE_FILE;
  }
  return 0;
}

size_t SizeOf(int64_t abi) {
  if (abi >= 6) return sizeof(RulesetAttributes);
  return abi >= 4 ? offsetof(RulesetAttributes, scoped) : offsetof(RulesetAttributes, network);
}

absl::Status AddRule(const Fd& ruleset, const ReachRule& rule, uint64_t known) {
  const Fd place(open(rule.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place.valid() && errno == ENOENT) return absl::OkStatus();  // nothing to allow
  if (!place.valid()) return ErrnoError(absl::StrCat("cannot open ", rule.path));
  const landlock_path_beneath_attr beneath{.allowed_access = RightsOf(rule.reach) & known,
                                           .parent_fd = place.get()};
  if (syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0) {
    return absl::OkStatus();
  }
  return ErrnoError(absl::StrCat("Landlock: ", rule.path));
}

}  // namespace

absl::StatusOr<Fd> MakeRuleset(const std::vector<ReachRule>& rules) {
  const int64_t abi =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return absl::UnimplementedError(ErrnoError("Landlock").message());
  const RulesetAttributes all = AllOf(abi);
  Fd ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &all, SizeOf(abi), 0)));
  if (!ruleset.valid()) return ErrnoError("Landlock");
  for (const ReachRule& rule : rules) DM_RETURN_IF_ERROR(AddRule(ruleset, rule, all.files));
  return ruleset;
}

absl::Status Enforce(const Fd& ruleset) {
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0) return absl::OkStatus();
  return ErrnoError("Landlock");
}

std::string MountPointOf(const std::string& path) {
  std::string place = path;
  for (;;) {
    struct statx info {};
    if (statx(AT_FDCWD, place.c_str(), 0, 0, &info) != 0) return path;
    if ((info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) return place;
    absl::StrAppend(&place, "/..");
  }
}

}  // namespace dns_monitor
