// Which backend the writer takes, also where the kernel refuses io_uring.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <iterator>
#include <string>

#include "dns_monitor/base/clock.h"
#include "dns_monitor/writer/writer.h"
#include "support/heap_rings.h"
#include "support/log_capture.h"

namespace dns_monitor {
namespace {

using ::testing::IsEmpty;

constexpr uint64_t kRingBytes = 1 << 20;

TEST(WriterBackend, IsWhatWasAskedFor) {
  LogCapture log;
  HeapRings rings(1, kRingBytes);
  WriterOptions options;
  options.allow_uring = false;
  options.stream_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  auto writer = Writer::Create(options, &SystemClock(), &rings.set(), nullptr);
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_STREQ((*writer)->backend_name(), "pwrite");
  EXPECT_THAT(log.Lines(), IsEmpty()) << "that is no fall-back";
}

// Makes io_uring_setup fail in this process as with kernel.io_uring_disabled.
bool RefuseUring() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {static_cast<unsigned short>(std::size(code)), code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(WriterBackend, IsPwriteWhereUringIsRefused) {
  const pid_t child = fork();
  if (child == 0) {
    if (!RefuseUring()) _exit(2);
    LogCapture log;
    HeapRings rings(1, kRingBytes);
    WriterOptions options;
    options.stream_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    auto writer = Writer::Create(options, &SystemClock(), &rings.set(), nullptr);
    const bool fell_back = writer.ok() && (*writer)->backend_name() == std::string("pwrite");
    _exit(fell_back && log.Lines().size() == 1 && log.Count("pwrite") == 1 ? 0 : 1);
  }
  int state = 0;
  ASSERT_EQ(waitpid(child, &state, 0), child);
  EXPECT_TRUE(WIFEXITED(state));
  EXPECT_EQ(WEXITSTATUS(state), 0);
}

}  // namespace
}  // namespace dns_monitor
