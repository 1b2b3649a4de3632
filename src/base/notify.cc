#include "dns_monitor/base/notify.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

absl::string_view Variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

// WATCHDOG_PID is of the process that is meant: a child inherits the variables.
int64_t WatchdogNs() {
  const absl::string_view pid = Variable("WATCHDOG_PID");
  if (!pid.empty() && pid != absl::StrCat(getpid())) return 0;
  int64_t us = 0;
  if (!absl::SimpleAtoi(Variable("WATCHDOG_USEC"), &us) || us < 0) return 0;
  if (us > std::numeric_limits<int64_t>::max() / kNanosecondsPerMicrosecond) return 0;
  return us * kNanosecondsPerMicrosecond;
}

}  // namespace

absl::StatusOr<Notifier> Notifier::Connect() {
  Notifier notifier;
  const absl::string_view path = Variable("NOTIFY_SOCKET");
  if (path.empty()) return notifier;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if ((path[0] != '/' && path[0] != '@') || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("NOTIFY_SOCKET: '", path, "' is no address"));
  }
  memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  Fd socket_fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // A manager that hangs is not to hang the capture.
  const timeval patience{.tv_sec = 1, .tv_usec = 0};
  if (!socket_fd.valid() ||
      setsockopt(socket_fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
      connect(socket_fd.get(), reinterpret_cast<sockaddr*>(&address), length) != 0) {
    return ErrnoError(absl::StrCat("NOTIFY_SOCKET: ", path));
  }
  notifier.socket_ = std::move(socket_fd);
  notifier.watchdog_ns_ = WatchdogNs();
  return notifier;
}

void Notifier::Reloading() const {
  // The time tells the manager which of its requests this answers (systemd 253).
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t us = now.tv_sec * 1'000'000 + now.tv_nsec / kNanosecondsPerMicrosecond;
  Send(absl::StrCat("RELOADING=1\nMONOTONIC_USEC=", us));
}

void Notifier::Status(absl::string_view line) const {
  Send(absl::StrCat("STATUS=", line));
}

// FDPOLL=0: it polls what it holds, and would drop what reports an error: a BPF map always does, a
// packet socket while its interface is down (sd_pid_notify_with_fds(3)).
void Notifier::Store(absl::string_view name, int fd) const {
  if (!connected()) return;
  std::string message = absl::StrCat("FDSTORE=1\nFDPOLL=0\nFDNAME=", name);
  iovec part{.iov_base = message.data(), .iov_len = message.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  cmsghdr* const passed = CMSG_FIRSTHDR(&header);
  passed->cmsg_level = SOL_SOCKET;
  passed->cmsg_type = SCM_RIGHTS;
  passed->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(passed), &fd, sizeof(fd));
  sendmsg(socket_.get(), &header, MSG_NOSIGNAL);
}

void Notifier::Forget(absl::string_view name) const {
  Send(absl::StrCat("FDSTOREREMOVE=1\nFDNAME=", name));
}

void Notifier::Send(absl::string_view message) const {
  if (!connected()) return;
  // By sendto(2), which the sandbox allows for connected sockets only.
  send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL);
}

}  // namespace dns_monitor
