#include "dns_monitor/base/notify.h"

#include <sys/socket.h>
#include <sys/time.h>
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

void Notifier::Send(absl::string_view message) const {
  if (!connected()) return;
  // By sendto(2), which the sandbox allows for connected sockets only.
  send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL);
}

}  // namespace dns_monitor
