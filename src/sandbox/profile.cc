#include "profile.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/read_at.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

// Memory, locks, clocks, waiting, the end: what the C library does for any thread.
constexpr int kAnyThread[] = {SCMP_SYS(brk),
                              SCMP_SYS(munmap),
                              SCMP_SYS(mremap),
                              SCMP_SYS(madvise),
                              SCMP_SYS(futex),
                              SCMP_SYS(rseq),
                              SCMP_SYS(sched_yield),
                              SCMP_SYS(set_robust_list),
                              SCMP_SYS(sched_getaffinity),
                              SCMP_SYS(getpid),
                              SCMP_SYS(gettid),
                              SCMP_SYS(getrandom),
                              SCMP_SYS(clock_gettime),
                              SCMP_SYS(gettimeofday),
                              SCMP_SYS(clock_nanosleep),
                              SCMP_SYS(poll),
                              SCMP_SYS(ppoll),
                              SCMP_SYS(restart_syscall),
                              SCMP_SYS(rt_sigprocmask),
                              SCMP_SYS(rt_sigaction),
                              SCMP_SYS(rt_sigreturn),
                              SCMP_SYS(close),
                              SCMP_SYS(exit),
                              SCMP_SYS(exit_group)};

constexpr int kEvents[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(epoll_wait),
                           SCMP_SYS(epoll_pwait)};

// Of the packets, by io_uring and by the fall-back.
constexpr int kWriterCalls[] = {SCMP_SYS(io_uring_enter), SCMP_SYS(pwrite64), SCMP_SYS(fallocate)};

// In the directory: Landlock says in which.
constexpr int kFileCalls[] = {SCMP_SYS(openat),   SCMP_SYS(newfstatat), SCMP_SYS(fstat),
                              SCMP_SYS(statx),    SCMP_SYS(getdents64), SCMP_SYS(lseek),
                              SCMP_SYS(flock),    SCMP_SYS(fsync),      SCMP_SYS(pread64),
                              SCMP_SYS(unlinkat), SCMP_SYS(read),       SCMP_SYS(write)};
constexpr int kFileChanges[] = {SCMP_SYS(pwrite64),  SCMP_SYS(ftruncate), SCMP_SYS(fchmod),
                                SCMP_SYS(fchown),    SCMP_SYS(renameat),  SCMP_SYS(renameat2),
                                SCMP_SYS(utimensat), SCMP_SYS(linkat)};
constexpr int kRetentionCalls[] = {SCMP_SYS(fstatfs), SCMP_SYS(faccessat), SCMP_SYS(faccessat2)};

// The list of CPUs, the interface, the packet socket that follows it; no more names for the helper
// of --on-finished.
constexpr int kMainCalls[] = {SCMP_SYS(pread64), SCMP_SYS(bind), SCMP_SYS(getsockname),
                              SCMP_SYS(shutdown)};

// Never made by us or the C library once a capture is open, and sought by whoever has taken over a
// thread: other programs, other users, other namespaces, the kernel's own machinery.
constexpr int kDeadly[] = {SCMP_SYS(execve),
                           SCMP_SYS(execveat),
                           SCMP_SYS(fork),
                           SCMP_SYS(vfork),
                           SCMP_SYS(ptrace),
                           SCMP_SYS(process_vm_readv),
                           SCMP_SYS(process_vm_writev),
                           SCMP_SYS(pidfd_getfd),
                           SCMP_SYS(perf_event_open),
                           SCMP_SYS(io_uring_setup),
                           SCMP_SYS(io_uring_register),
                           SCMP_SYS(userfaultfd),
                           SCMP_SYS(setuid),
                           SCMP_SYS(setgid),
                           SCMP_SYS(setreuid),
                           SCMP_SYS(setregid),
                           SCMP_SYS(setresuid),
                           SCMP_SYS(setresgid),
                           SCMP_SYS(setfsuid),
                           SCMP_SYS(setfsgid),
                           SCMP_SYS(setgroups),
                           SCMP_SYS(capset),
                           SCMP_SYS(unshare),
                           SCMP_SYS(setns),
                           SCMP_SYS(chroot),
                           SCMP_SYS(pivot_root),
                           SCMP_SYS(mount),
                           SCMP_SYS(umount2),
                           SCMP_SYS(move_mount),
                           SCMP_SYS(open_by_handle_at),
                           SCMP_SYS(mknodat),
                           SCMP_SYS(init_module),
                           SCMP_SYS(finit_module),
                           SCMP_SYS(kexec_load),
                           SCMP_SYS(kexec_file_load),
                           SCMP_SYS(keyctl),
                           SCMP_SYS(add_key),
                           SCMP_SYS(request_key),
                           SCMP_SYS(personality),
                           SCMP_SYS(modify_ldt),
                           SCMP_SYS(reboot)};

// A filter that grows. The first error stays.
class Profile {
 public:
  Profile() : context_(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), &seccomp_release) {
    if (context_ == nullptr) {
      error_ = -ENOMEM;
      return;
    }
    // Calls of another architecture, such as 32-bit ones, are not looked at by number.
    Note(seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
    Note(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));  // by a binary tree
    for (const int call : kDeadly) Kill(call);
  }

  void Kill(int call) {
    if (context_ != nullptr) Note(seccomp_rule_add(context_.get(), SCMP_ACT_KILL_PROCESS, call, 0));
  }

  void Allow(absl::Span<const int> calls) {
    for (const int call : calls) Allow(call, {});
  }
  // Only with such arguments.
  void Allow(int call, std::vector<scmp_arg_cmp> arguments) {
    if (context_ == nullptr) return;
    Note(seccomp_rule_add_array(context_.get(), SCMP_ACT_ALLOW, call,
                                static_cast<unsigned>(arguments.size()), arguments.data()));
  }

  absl::StatusOr<std::vector<sock_filter>> Compile() const;

 private:
  void Note(int result) {
    if (error_ == 0) error_ = result;
  }

  std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
  int error_ = 0;
};

absl::StatusOr<std::vector<sock_filter>> Profile::Compile() const {
  if (error_ != 0) return ErrnoError("seccomp", -error_);
  const Fd file(memfd_create("seccomp", MFD_CLOEXEC));
  if (!file.valid()) return ErrnoError("memfd_create");
  if (const int error = seccomp_export_bpf(context_.get(), file.get()); error != 0) {
    return ErrnoError("seccomp", -error);
  }
  std::vector<sock_filter> filter(BPF_MAXINSNS);
  const absl::Span<char> bytes(reinterpret_cast<char*>(filter.data()),
                               filter.size() * sizeof(sock_filter));
  DM_ASSIGN_OR_RETURN(const size_t length, ReadAt(file.get(), 0, bytes));
  filter.resize(length / sizeof(sock_filter));
  return filter;
}

void AllowAnyThread(Profile* profile) {
  profile->Allow(kAnyThread);
  // Memory, but none to run code from, and none of a file or of the packet socket.
  profile->Allow(SCMP_SYS(mmap), {SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                                  SCMP_A3_64(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)});
  profile->Allow(SCMP_SYS(mprotect), {SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)});
  // Of what is open already: fstat(3) is one of them, as the C library makes it.
  profile->Allow(SCMP_SYS(newfstatat),
                 {SCMP_A3_64(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH)});
  // abort(3), to itself.
  profile->Allow(SCMP_SYS(tgkill), {SCMP_A0_64(SCMP_CMP_EQ, static_cast<uint64_t>(getpid()))});
}

void AllowFiles(Profile* profile) {
  profile->Allow(kFileCalls);
  profile->Allow(kFileChanges);
  for (const uint64_t command : {F_GETFL, F_SETFD}) {  // fdopendir(3)
    profile->Allow(SCMP_SYS(fcntl), {SCMP_A1_64(SCMP_CMP_EQ, command)});
  }
}

// MakeThreadIdle of base/thread.h: less, and of itself.
void AllowIdling(Profile* profile) {
  constexpr uint64_t kWhoProcess = 1;  // IOPRIO_WHO_PROCESS
  profile->Allow(SCMP_SYS(sched_setscheduler),
                 {SCMP_A0_64(SCMP_CMP_EQ, 0), SCMP_A1_64(SCMP_CMP_EQ, SCHED_IDLE)});
  profile->Allow(SCMP_SYS(ioprio_set),
                 {SCMP_A0_64(SCMP_CMP_EQ, kWhoProcess), SCMP_A1_64(SCMP_CMP_EQ, 0)});
}

// Questions about interfaces (src/tap/link_query.cc).
void AllowLinkQueries(Profile* profile) {
  profile->Allow(SCMP_SYS(socket),
                 {SCMP_A0_64(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2_64(SCMP_CMP_EQ, NETLINK_ROUTE)});
  profile->Allow(SCMP_SYS(sendto), {SCMP_A4_64(SCMP_CMP_EQ, 0)});
  profile->Allow(SCMP_SYS(recvfrom), {});
}

void AllowMain(Profile* profile) {
  profile->Allow(kEvents);
  profile->Allow(kMainCalls);
  AllowLinkQueries(profile);
  for (const int option : {PACKET_ADD_MEMBERSHIP, PACKET_DROP_MEMBERSHIP}) {
    profile->Allow(SCMP_SYS(setsockopt), {SCMP_A1_64(SCMP_CMP_EQ, SOL_PACKET),
                                          SCMP_A2_64(SCMP_CMP_EQ, static_cast<uint64_t>(option))});
  }
  for (const uint64_t request : {TIOCGWINSZ, TCGETS}) {  // the status line
    profile->Allow(SCMP_SYS(ioctl), {SCMP_A1_64(SCMP_CMP_EQ, request)});
  }
}

// A link of a program that is loaded, made or taken off: all that bpf(2) is for here. The manager
// is given the link over the socket that is connected to it.
void AllowAttaching(Profile* profile) {
  for (const uint64_t command : {BPF_LINK_CREATE, BPF_LINK_DETACH}) {
    profile->Allow(SCMP_SYS(bpf), {SCMP_A0_64(SCMP_CMP_EQ, command)});
  }
  profile->Allow(SCMP_SYS(sendmsg), {});
}

}  // namespace

absl::StatusOr<std::vector<sock_filter>> CompileProfile(absl::string_view kind, bool attaches) {
  const bool may_attach = attaches && kind == "main";
  Profile profile;
  AllowAnyThread(&profile);
  if (!may_attach) profile.Kill(SCMP_SYS(bpf));
  if (kind == "main") {
    AllowMain(&profile);
    if (may_attach) AllowAttaching(&profile);
  } else if (kind == "writer") {
    profile.Allow(kEvents);
    profile.Allow(kWriterCalls);
  } else if (kind == "finisher") {
    AllowFiles(&profile);
    AllowLinkQueries(&profile);
  } else if (kind == "recovery") {
    AllowFiles(&profile);
  } else if (kind == "sealer") {
    AllowFiles(&profile);
    AllowIdling(&profile);
  } else if (kind == "retention") {
    AllowFiles(&profile);
    profile.Allow(kRetentionCalls);
  } else if (kind == "compressor") {
    profile.Allow(SCMP_SYS(write), {});  // of the writer's eventfd, and the log's
    profile.Allow(SCMP_SYS(sched_setaffinity), {SCMP_A0_64(SCMP_CMP_EQ, 0)});  // of itself
  } else if (kind == "log") {
    profile.Allow(SCMP_SYS(write), {SCMP_A0_64(SCMP_CMP_EQ, STDERR_FILENO)});
  } else {
    return absl::InvalidArgumentError(absl::StrCat("no thread is called '", kind, "'"));
  }
  return profile.Compile();
}

absl::Status Install(const std::vector<sock_filter>& filter) {
  const sock_fprog program = {static_cast<unsigned short>(filter.size()),
                              const_cast<sock_filter*>(filter.data())};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(ErrnoError("seccomp").message());
}

}  // namespace dns_monitor
