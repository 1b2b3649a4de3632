// What the threads of a confined process can still do, tried by each of them.
#include "dns_monitor/sandbox/sandbox.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/notify.h"
#include "dns_monitor/base/thread.h"
#include "support/in_child.h"

namespace dns_monitor {
namespace {

using Action = std::function<int()>;  // 0 or an errno

constexpr const char* kKinds[] = {"main",     "writer", "finisher", "retention",
                                  "recovery", "sealer", "log"};

class SandboxTest : public testing::Test {
 protected:
  SandboxTest() {
    char pattern[] = "/tmp/dns-monitor-sandbox-XXXXXX";
    root_ = mkdtemp(pattern);
    for (const char* name : {"captures", "others", "registry"}) {
      std::filesystem::create_directory(Path(name));
      std::ofstream(Path(absl::StrCat(name, "/file"))) << "content";
    }
  }
  ~SandboxTest() override { std::filesystem::remove_all(root_); }

  std::string Path(const std::string& name) const { return absl::StrCat(root_, "/", name); }

  // What a thread of this kind gets for `action`, in a process that was confined.
  std::string By(const std::string& kind, const Action& action) const {
    return InChild([&] {
      const auto plan = Privileges::Plan(std::nullopt, -1);
      const absl::Status entered = EnterSandbox(*plan, {.directory = Path("captures"),
                                                        .registry = shared_ ? Path("registry") : "",
                                                        .attaches = attaches_});
      if (!entered.ok()) {
        std::fprintf(stderr, "%s\n", entered.ToString().c_str());
        return EXDEV;
      }
      int result = 0;
      if (kind == "main") {
        if (!ConfineMainThread().ok()) return EXDEV;
        result = action();
      } else {
        StartThread(kind.c_str(), [&] { result = action(); }).join();
      }
      return result;
    });
  }

  void ExpectByAll(const std::string& outcome, const Action& action) const {
    for (const char* kind : kKinds) EXPECT_EQ(By(kind, action), outcome) << kind;
  }

  // Opens a file beneath the test's directory.
  Action Opens(const std::string& name, int flags) const {
    return [path = Path(name), flags] {
      return ErrorOf(openat(AT_FDCWD, path.c_str(), flags | O_CLOEXEC, 0600));
    };
  }
  Action Deletes(const std::string& name) const {
    return [path = Path(name)] { return ErrorOf(unlinkat(AT_FDCWD, path.c_str(), 0)); };
  }
  Action Lists(const std::string& name) const { return Opens(name, O_RDONLY | O_DIRECTORY); }

  static bool HasLandlock() {
    return syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
  }

  bool shared_ = false;    // the free space, with other captures
  bool attaches_ = false;  // as a capture on tcx does
  std::string root_;
};

TEST_F(SandboxTest, EndsTheProcessThatRunsAProgram) {
  ExpectByAll("SYS", [] {
    const char* arguments[] = {"/bin/true", nullptr};
    return ErrorOf(execve(arguments[0], const_cast<char**>(arguments), nullptr));
  });
}

TEST_F(SandboxTest, EndsTheProcessThatReachesForTheKernelOrAnother) {
  ExpectByAll("SYS", [] { return ErrorOf(syscall(SYS_bpf, 0, nullptr, 0)); });
  ExpectByAll("SYS", [] { return ErrorOf(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); });
  ExpectByAll("SYS",
              [] { return ErrorOf(syscall(SYS_process_vm_readv, 1, nullptr, 0, nullptr, 0, 0)); });
  ExpectByAll("SYS", [] { return ErrorOf(syscall(SYS_io_uring_setup, 1, nullptr)); });
  ExpectByAll("SYS", [] { return ErrorOf(syscall(SYS_unshare, 0)); });
  ExpectByAll("SYS", [] { return ErrorOf(syscall(SYS_fork)); });
}

// The program is loaded by then, and no other one can be.
TEST_F(SandboxTest, LetsTheMainThreadMakeLinksAndNothingElse) {
  attaches_ = true;
  const auto bpf = [](bpf_cmd command) {
    return [command] {
      bpf_attr attributes = {};
      attributes.link_create.prog_fd = static_cast<uint32_t>(-1);
      return ErrorOf(syscall(SYS_bpf, command, &attributes, sizeof(attributes)));
    };
  };
  EXPECT_EQ(By("main", bpf(BPF_PROG_LOAD)), "ENOSYS");
  EXPECT_EQ(By("main", bpf(BPF_MAP_CREATE)), "ENOSYS");
  for (const char* kind : kKinds) {
    const char* outcome = std::string(kind) == "main" ? "EBADF" : "SYS";
    EXPECT_EQ(By(kind, bpf(BPF_LINK_CREATE)), outcome) << kind;
  }
}

TEST_F(SandboxTest, EndsTheProcessThatWantsToBeAnotherUser) {
  ExpectByAll("SYS", [] { return ErrorOf(syscall(SYS_setuid, 0)); });
  ExpectByAll("SYS", [] { return ErrorOf(syscall(SYS_setresgid, 0, 0, 0)); });
  ExpectByAll("SYS", [] { return ErrorOf(syscall(SYS_capset, nullptr, nullptr)); });
}

TEST_F(SandboxTest, RefusesWhatIsNotListed) {
  ExpectByAll("ENOSYS", [] { return ErrorOf(socket(AF_INET, SOCK_DGRAM, 0)); });
  ExpectByAll("ENOSYS", [] { return ErrorOf(socket(AF_UNIX, SOCK_STREAM, 0)); });
  ExpectByAll("ENOSYS", [] { return ErrorOf(socket(AF_PACKET, SOCK_RAW, 0)); });
  ExpectByAll("ENOSYS", [] { return ErrorOf(socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT)); });
  ExpectByAll("ENOSYS", [this] { return ErrorOf(chmod(Path("others/file").c_str(), 0777)); });
  ExpectByAll("ENOSYS", [this] { return ErrorOf(symlink("/", Path("captures/link").c_str())); });
  ExpectByAll("ENOSYS", [] { return ErrorOf(kill(getppid(), SIGTERM)); });
  ExpectByAll("ENOSYS", [] { return ErrorOf(syscall(SYS_tgkill, getppid(), getppid(), SIGTERM)); });
  ExpectByAll("ENOSYS", [] { return ErrorOf(dup(0)); });
  ExpectByAll("ENOSYS", [] {
    void* code = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return code == MAP_FAILED ? errno : 0;
  });
  const int file = open(Path("captures/file").c_str(), O_RDWR | O_CLOEXEC);
  ExpectByAll("ENOSYS", [file] {
    void* content = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file, 0);
    return content == MAP_FAILED ? errno : 0;
  });
  close(file);
}

TEST_F(SandboxTest, ListsForEachThreadWhatItNeeds) {
  const Action asks = [] { return ErrorOf(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)); };
  const Action logs = [] { return ErrorOf(write(STDERR_FILENO, "", 0)); };
  const Action writes = [] { return ErrorOf(write(STDOUT_FILENO, "", 0)); };
  const Action makes = Opens("captures/new", O_RDWR | O_CREAT);
  EXPECT_EQ(By("main", asks), "done");
  EXPECT_EQ(By("finisher", asks), "done");
  EXPECT_EQ(By("writer", asks), "ENOSYS");
  EXPECT_EQ(By("retention", asks), "ENOSYS");
  EXPECT_EQ(By("log", asks), "ENOSYS");
  EXPECT_EQ(By("finisher", makes), "done");
  EXPECT_EQ(By("main", makes), "ENOSYS");
  EXPECT_EQ(By("writer", makes), "ENOSYS");
  EXPECT_EQ(By("log", makes), "ENOSYS");
  EXPECT_EQ(By("writer", writes), "done");
  EXPECT_EQ(By("log", writes), "ENOSYS");
  EXPECT_EQ(By("log", logs), "done");
  EXPECT_EQ(By("main", Deletes("captures/new")), "ENOSYS");
  EXPECT_EQ(By("retention", Deletes("captures/new")), "done");
}

TEST_F(SandboxTest, LetsTheMainThreadTellTheServiceManager) {
  setenv("NOTIFY_SOCKET", Path("notify").c_str(), 1);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = ""};
  Path("notify").copy(address.sun_path, sizeof(address.sun_path) - 1);
  const Fd manager(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  ASSERT_EQ(bind(manager.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const auto notifier = Notifier::Connect();
  ASSERT_TRUE(notifier.ok()) << notifier.status();
  EXPECT_EQ(By("main", [&] { return notifier->Alive(), 0; }), "done");
  std::array<char, 64> received;
  EXPECT_EQ(recv(manager.get(), received.data(), received.size(), 0), 10);  // WATCHDOG=1
  EXPECT_EQ(By("main",
               [&] {
                 return ErrorOf(sendto(manager.get(), "", 1, 0,
                                       reinterpret_cast<sockaddr*>(&address), sizeof(address)));
               }),
            "ENOSYS");
  unsetenv("NOTIFY_SOCKET");
}

TEST_F(SandboxTest, HasNoListForOthers) {
  EXPECT_EQ(By("stranger", [] { return 0; }), "ABRT");
}

TEST_F(SandboxTest, KeepsFilesToTheDirectory) {
  if (!HasLandlock()) GTEST_SKIP() << "no Landlock";
  for (const char* kind : {"finisher", "retention"}) {
    SCOPED_TRACE(kind);
    EXPECT_EQ(By(kind, Lists("captures")), "done");
    EXPECT_EQ(By(kind, Opens("captures/file", O_RDWR)), "done");
    EXPECT_EQ(By(kind, Opens("others/file", O_RDONLY)), "EACCES");
    EXPECT_EQ(By(kind, Opens("captures/../others/file", O_RDWR)), "EACCES");
    EXPECT_EQ(By(kind, Opens("others/new", O_RDWR | O_CREAT)), "EACCES");
    EXPECT_EQ(By(kind, Lists("others")), "EACCES");
    EXPECT_EQ(By(kind, Deletes("others/file")), "EACCES");
    EXPECT_EQ(By(kind, Opens("../../proc/self/status", O_RDONLY)), "EACCES");
  }
  const auto rename_to = [this](const char* place) {
    return [from = Path("captures/file"), to = Path(place)] {
      return ErrorOf(renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE));
    };
  };
  EXPECT_EQ(By("finisher", rename_to("others/stolen")), "EACCES");
  EXPECT_EQ(By("finisher", rename_to("captures/finished")), "done");
}

TEST_F(SandboxTest, LetsOnlyRetentionDeleteFilesOfOthers) {
  if (!HasLandlock()) GTEST_SKIP() << "no Landlock";
  shared_ = true;
  EXPECT_EQ(By("retention", Opens("registry/file", O_RDONLY)), "done");
  EXPECT_EQ(By("retention", Opens("registry/new", O_RDWR | O_CREAT)), "EACCES");
  EXPECT_EQ(By("retention", Lists("others")), "done");
  EXPECT_EQ(By("retention", Opens("others/file", O_RDONLY)), "EACCES");
  EXPECT_EQ(By("retention", Deletes("others/file")), "done");
  EXPECT_EQ(By("finisher", Opens("registry/file", O_RDONLY)), "EACCES");
  EXPECT_EQ(By("finisher", Lists("others")), "EACCES");
  EXPECT_EQ(By("finisher", Opens("captures/file", O_RDWR)), "done");
}

}  // namespace
}  // namespace dns_monitor
