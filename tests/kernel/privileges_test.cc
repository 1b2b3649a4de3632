// Giving up root, in a child that has it.
#include "dns_monitor/sandbox/privileges.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "src/sandbox/capabilities.h"
#include "support/in_child.h"

namespace dns_monitor {
namespace {

constexpr gid_t kGroup = 4711;

Account Nobody() {
  return FindAccount("nobody").value();
}

bool IsMember(gid_t group) {
  std::vector<gid_t> groups(256);
  groups.resize(std::max(getgroups(static_cast<int>(groups.size()), groups.data()), 0));
  return std::count(groups.begin(), groups.end(), group) != 0;
}

bool HasCapabilities() {
  return !ReadCapabilities()->none();
}

class PrivilegesTest : public testing::Test {
 protected:
  PrivilegesTest() {
    char pattern[] = "/tmp/dns-monitor-privileges-XXXXXX";
    root_ = mkdtemp(pattern);
  }
  ~PrivilegesTest() override { std::filesystem::remove_all(root_); }

  std::string Path(const std::string& name) const { return absl::StrCat(root_, "/", name); }

  std::string root_;  // root's, 0700
};

TEST(Account, IsFoundByNameAndNumber) {
  ASSERT_NE(getpwnam("nobody"), nullptr);
  const passwd entry = *getpwnam("nobody");
  for (const std::string& text : {std::string("nobody"), absl::StrCat(entry.pw_uid)}) {
    const auto account = FindAccount(text);
    ASSERT_TRUE(account.ok()) << account.status();
    EXPECT_EQ(account->name, "nobody");
    EXPECT_EQ(account->uid, entry.pw_uid);
    EXPECT_EQ(account->gid, entry.pw_gid);
    EXPECT_EQ(std::count(account->groups.begin(), account->groups.end(), entry.pw_gid), 1);
  }
  for (const char* text : {"", "no-such-user", "-1", "4294967295", "987654321"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(FindAccount(text).status())) << text;
  }
}

TEST_F(PrivilegesTest, DropLeavesNothing) {
  EXPECT_EQ(InChild([] {
              if (!HasCapabilities()) return ENOTSUP;
              if (!Privileges::Plan(std::nullopt, -1)->Drop().ok()) return ECANCELED;
              if (HasCapabilities() || getuid() != 0) return EEXIST;
              for (int bit = 0; prctl(PR_CAPBSET_READ, bit, 0, 0, 0) >= 0; ++bit) {
                if (prctl(PR_CAPBSET_READ, bit, 0, 0, 0) != 0) return ERANGE;
              }
              if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return EACCES;
              return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : EACCES;
            }),
            "done");
}

TEST_F(PrivilegesTest, DropBecomesTheUserForGood) {
  EXPECT_EQ(InChild([] {
              const Account nobody = Nobody();
              if (!Privileges::Plan(nobody, kGroup)->Drop().ok()) return ECANCELED;
              uid_t real = 0;
              uid_t effective = 0;
              uid_t saved = 0;
              getresuid(&real, &effective, &saved);
              if (real != nobody.uid || effective != nobody.uid || saved != nobody.uid)
                return EPERM;
              if (getgid() != nobody.gid || !IsMember(kGroup) || IsMember(0)) return ERANGE;
              return setuid(0) == 0 || HasCapabilities() ? EEXIST : 0;
            }),
            "done");
}

TEST_F(PrivilegesTest, WithoutThemRootIsAnybody) {
  EXPECT_EQ(InChild([this] {
              const std::string path = Path("others");
              if (mkdir(path.c_str(), 0700) != 0 || chown(path.c_str(), 4711, 4711) != 0)
                return EIO;
              const auto plan = Privileges::Plan(std::nullopt, kGroup);
              int refused = 0;
              bool member = false;
              const absl::Status status = plan->Without([&] {
                refused = ErrorOf(open(path.c_str(), O_RDONLY | O_DIRECTORY));
                member = IsMember(kGroup);
                return absl::OkStatus();
              });
              if (!status.ok() || refused != EACCES || !member) return ECANCELED;
              if (IsMember(kGroup)) return EEXIST;
              return ErrorOf(open(path.c_str(), O_RDONLY | O_DIRECTORY));
            }),
            "done");
}

TEST_F(PrivilegesTest, WithoutThemItIsTheUser) {
  EXPECT_EQ(InChild([this] {
              const auto plan = Privileges::Plan(Nobody(), -1);
              chmod(root_.c_str(), 0755);
              const absl::Status status = plan->Without([&] {
                return geteuid() == Nobody().uid && mkdir(Path("new").c_str(), 0700) != 0
                           ? absl::DataLossError("")
                           : absl::OkStatus();
              });
              if (status.code() != absl::StatusCode::kDataLoss) return ECANCELED;
              if (geteuid() != 0 || getegid() != 0) return EPERM;
              return ErrorOf(mkdir(Path("new").c_str(), 0700));
            }),
            "done");
}

TEST_F(PrivilegesTest, MakesADirectoryOfTheUsersWithinRoots) {
  EXPECT_EQ(InChild([this] {
              umask(0077);
              const auto plan = Privileges::Plan(Nobody(), -1);
              if (!plan->MakeDirectory(Path("new"), 0750).ok()) return ECANCELED;
              if (!plan->MakeDirectory(Path("new"), 0750).ok()) return EEXIST;
              if (!absl::IsNotFound(plan->MakeDirectory(Path("a/b"), 0750))) return ENOENT;
              struct stat info {};
              if (stat(Path("new").c_str(), &info) != 0) return EIO;
              if (info.st_uid != Nobody().uid || info.st_gid != Nobody().gid) return EPERM;
              if ((info.st_mode & 07777) != 0750) return ERANGE;
              return ErrorOf(mkdir(Path("roots").c_str(), 0700));  // with all capabilities again
            }),
            "done");
}

TEST_F(PrivilegesTest, OnlyRootBecomesAnother) {
  EXPECT_EQ(InChild([] {
              if (!Privileges::Plan(Nobody(), -1)->Drop().ok()) return ECANCELED;
              return absl::IsPermissionDenied(Privileges::Plan(Nobody(), -1).status()) ? 0 : EEXIST;
            }),
            "done");
}

}  // namespace
}  // namespace dns_monitor
