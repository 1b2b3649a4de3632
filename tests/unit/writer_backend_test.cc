// Which backend the writer takes, also where the kernel refuses io_uring.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <liburing.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
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
constexpr unsigned kUringEntries = 4;  // as of the backend

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

// A second view of the ring behind `fd`, as somebody has it who got hold of that. Where things lie
// in it is the same in each ring of one size, so another one tells.
bool SeeRing(int fd, io_uring* view) {
  io_uring_params params = {};
  params.flags = IORING_SETUP_R_DISABLED;
  io_uring other;
  if (io_uring_queue_init_params(kUringEntries, &other, &params) != 0) return false;
  io_uring_queue_exit(&other);
  return io_uring_queue_mmap(fd, &params, view) == 0;
}

int Result(io_uring* ring) {
  io_uring_cqe* cqe = nullptr;
  if (io_uring_submit_and_wait(ring, 1) < 0 || io_uring_peek_cqe(ring, &cqe) != 0) return 1;
  const int result = cqe->res;
  io_uring_cqe_seen(ring, cqe);
  return result;
}

TEST(WriterBackend, UringTakesNothingButItsOwnRequests) {
  alignas(4096) static char memory[4096] = "x";
  const iovec buffer = {memory, sizeof(memory)};
  const auto backend = MakeUringBackend({&buffer, 1});
  if (!backend.ok()) GTEST_SKIP() << backend.status();
  const int fd = (*backend)->wait_fd();
  io_uring ring;
  ASSERT_TRUE(SeeRing(fd, &ring));
  const auto refuses = [&ring](auto prepare) {
    prepare(io_uring_get_sqe(&ring));
    return Result(&ring) == -EACCES;
  };
  EXPECT_TRUE(refuses([](io_uring_sqe* sqe) { io_uring_prep_nop(sqe); }));
  EXPECT_TRUE(refuses(
      [](io_uring_sqe* sqe) { io_uring_prep_openat(sqe, AT_FDCWD, "/etc/passwd", O_RDONLY, 0); }));
  EXPECT_TRUE(
      refuses([](io_uring_sqe* sqe) { io_uring_prep_read(sqe, 0, memory, sizeof(memory), 0); }));
  EXPECT_TRUE(
      refuses([](io_uring_sqe* sqe) { io_uring_prep_socket(sqe, AF_INET, SOCK_DGRAM, 0, 0); }));
  EXPECT_TRUE(refuses([](io_uring_sqe* sqe) {
    io_uring_prep_fallocate(sqe, 0, 0, 0, 4096);
    sqe->flags = IOSQE_ASYNC;
  }));
  const int files[] = {0};
  EXPECT_EQ(io_uring_register_files(&ring, files, 1), -EACCES);

  io_uring_prep_fallocate(io_uring_get_sqe(&ring), -1, 0, 0, 4096);
  EXPECT_EQ(Result(&ring), -EBADF) << "what it does itself is tried";
}

}  // namespace
}  // namespace dns_monitor
