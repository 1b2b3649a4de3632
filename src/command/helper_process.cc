#include "helper_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "dns_monitor/base/retry.h"
#include "dns_monitor/base/status.h"
#include "find_program.h"

namespace dns_monitor {
namespace {

constexpr int kSocket = 3;
constexpr int kNice = 19;  // as tcpdump's
// What ends a capture does not end the command that it owes; those do not hold for the command.
constexpr int kIgnored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
// Addressed by a service manager to the capture alone (sd_notify(3), sd_listen_fds(3)).
constexpr const char* kForCaptureOnly[] = {"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
                                           "LISTEN_PID",    "LISTEN_FDS",   "LISTEN_FDNAMES"};

void SetUpSignals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  for (const int number : kIgnored) signal(number, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Nothing to read; standard output is standard error, as the capture's own may be anything.
absl::Status SetUpDescriptors(int socket) {
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
      (socket != kSocket && dup3(socket, kSocket, O_CLOEXEC) < 0) ||
      close_range(kSocket + 1, ~0U, 0) != 0) {
    return ErrnoError("descriptors");
  }
  return absl::OkStatus();
}

void SetUpEnvironment(const std::optional<Account>& account) {
  for (const char* name : kForCaptureOnly) unsetenv(name);
  if (!account) return;
  setenv("HOME", account->home.c_str(), 1);
  setenv("USER", account->name.c_str(), 1);
  setenv("LOGNAME", account->name.c_str(), 1);
}

// The path of the program.
absl::StatusOr<std::string> SetUp(const CommandOptions& options, const Privileges& privileges) {
  DM_RETURN_IF_ERROR(privileges.Drop());
  DM_ASSIGN_OR_RETURN(std::string program, FindProgram(options.command));
  if (chdir(options.directory.c_str()) != 0) return ErrnoError(options.directory);
  setpriority(PRIO_PROCESS, 0, kNice);
  SetUpEnvironment(options.account);
  return program;
}

void SendLine(const std::string& text) {
  const std::string line = absl::StrCat(absl::StrReplaceAll(text, {{"\n", " "}}), "\n");
  // When the capture has died nobody reads it.
  size_t sent = 0;
  while (sent < line.size()) {
    const ssize_t done =
        Retry([&] { return write(kSocket, line.data() + sent, line.size() - sent); });
    if (done < 0) return;
    sent += static_cast<size_t>(done);
  }
}

std::string DescribeEnd(int state) {
  if (WIFSIGNALED(state)) return absl::StrCat("ended by SIG", sigabbrev_np(WTERMSIG(state)));
  const int code = WEXITSTATUS(state);
  return code == 0 ? "" : absl::StrCat("exit status ", code);
}

// What went wrong; empty: nothing.
std::string Run(const std::string& program, const CommandOptions& options,
                const std::string& name) {
  const std::string file = absl::StrCat(options.directory, "/", name);
  const pid_t child = fork();
  if (child < 0) return absl::StrCat("cannot be started: ", strerror(errno));
  if (child == 0) {
    for (const int number : kIgnored) signal(number, SIG_DFL);
    const char* const arguments[] = {options.command.c_str(), file.c_str(), nullptr};
    execv(program.c_str(), const_cast<char* const*>(arguments));
    dprintf(STDERR_FILENO, "dns-monitor: %s: %s\n", program.c_str(), strerror(errno));
    _exit(127);
  }
  int state = 0;
  if (Retry([&] { return waitpid(child, &state, 0); }) != child) return "cannot be waited for";
  return DescribeEnd(state);
}

// Whoever has taken over a thread of the capture may tell names, but none that lead elsewhere.
bool IsOurs(const std::string& name, const CommandOptions& options) {
  const std::optional<ParsedName> parsed = ParseName(name);
  return parsed && parsed->kind == FileKind::kSegment &&
         parsed->segment.interface == options.interface;
}

// The next line; nullopt when the capture has closed its end.
std::optional<std::string> ReadLine(std::string* buffer) {
  for (;;) {
    if (const size_t end = buffer->find('\n'); end != std::string::npos) {
      std::string line = buffer->substr(0, end);
      buffer->erase(0, end + 1);
      return line;
    }
    char chunk[4096];
    const ssize_t got = Retry([&] { return read(kSocket, chunk, sizeof(chunk)); });
    if (got <= 0) return std::nullopt;
    buffer->append(chunk, static_cast<size_t>(got));
  }
}

}  // namespace

void RunHelper(Fd socket, const CommandOptions& options, const Privileges& privileges) {
  setsid();
  prctl(PR_SET_NAME, "on-finished");
  SetUpSignals();
  const int fd = socket.Release();
  if (!SetUpDescriptors(fd).ok()) _exit(1);
  const absl::StatusOr<std::string> program = SetUp(options, privileges);
  SendLine(program.ok() ? "" : std::string(program.status().message()));
  if (!program.ok()) _exit(1);
  std::string buffer;
  while (const std::optional<std::string> name = ReadLine(&buffer)) {
    const std::string wrong =
        IsOurs(*name, options) ? Run(*program, options, *name) : "is no segment of this capture";
    SendLine(absl::StrCat(*name, "\t", wrong));
  }
  _exit(0);
}

}  // namespace dns_monitor
