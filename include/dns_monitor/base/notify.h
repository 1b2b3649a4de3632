// What the service manager is told (sd_notify(3)).
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/base/fd.h"

namespace dns_monitor {

// Tells the manager that started this process, if it is a service (Type=notify); else nobody. What
// the manager does not take within a second is lost. One thread.
class Notifier {
 public:
  Notifier() = default;  // tells nobody
  // Connected to the socket that NOTIFY_SOCKET names, so that later messages need neither a
  // privilege nor a path. InvalidArgument for an address that is none, else the socket's error.
  static absl::StatusOr<Notifier> Connect();

  bool connected() const { return socket_.valid(); }
  // The manager ends a process that is silent for so long (WATCHDOG_USEC); 0: it never does.
  int64_t watchdog_ns() const { return watchdog_ns_; }

  // The start is over, or a reload.
  void Ready() const { Send("READY=1"); }
  void Reloading() const;
  void Stopping() const { Send("STOPPING=1"); }
  void Alive() const { Send("WATCHDOG=1"); }
  // One line, which `systemctl status` shows.
  void Status(absl::string_view line) const;
  // The manager is to keep a duplicate of `fd` under this name while no process of the service runs
  // (FDSTORE), whatever a poll of it says. Whether it does, it does not answer.
  void Store(absl::string_view name, int fd) const;
  // … and to close all of this name.
  void Forget(absl::string_view name) const;

 private:
  void Send(absl::string_view message) const;

  Fd socket_;
  int64_t watchdog_ns_ = 0;
};

}  // namespace dns_monitor
