#include "await_interface.h"

#include <net/if.h>
#include <signal.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/tap/interface.h"
#include "event_loop.h"
#include "link_events.h"

namespace dns_monitor {
namespace {

// As the kernel wants it (net/core/dev.c, dev_valid_name).
bool CanBeName(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ || name == "." || name == "..") return false;
  for (const char c : name) {
    if (c == '/' || c == ':' || absl::ascii_isspace(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

class Wait {
 public:
  Wait(const std::string& name, const Notifier& manager) : name_(name), manager_(manager) {}

  absl::Status Open();
  // Whether the interface is there. Not knowing is no answer: it is asked again.
  bool Look();
  absl::StatusOr<bool> Run();

 private:
  const std::string name_;
  const Notifier& manager_;
  LinkEvents events_;
  EventLoop loop_;
  bool there_ = false;
  bool unsettled_ = false;
};

absl::Status Wait::Open() {
  DM_ASSIGN_OR_RETURN(events_, LinkEvents::Subscribe());
  DM_RETURN_IF_ERROR(loop_.Open());
  // SIGHUP is for files, and there are none.
  DM_RETURN_IF_ERROR(loop_.AddSignals({SIGINT, SIGTERM, SIGHUP}, [this](int signal) {
    if (signal != SIGHUP) loop_.Quit();
  }));
  DM_RETURN_IF_ERROR(loop_.AddReadable(events_.fd(), [this] {
    events_.Clear();
    Look();
  }));
  DM_RETURN_IF_ERROR(loop_.AddTimer(kNanosecondsPerSecond, [this] {
    if (unsettled_) Look();
  }));
  if (manager_.watchdog_ns() == 0) return absl::OkStatus();
  return loop_.AddTimer(manager_.watchdog_ns() / 2, [this] { manager_.Alive(); });
}

bool Wait::Look() {
  const absl::StatusOr<Interface> found = FindInterface(name_);
  unsettled_ = !found.ok() && !absl::IsNotFound(found.status());
  there_ = found.ok();
  if (there_) loop_.Quit();
  return there_;
}

absl::StatusOr<bool> Wait::Run() {
  const std::string waiting = absl::StrCat("waiting for interface ", name_);
  LogInfo(waiting);
  manager_.Status(waiting);
  manager_.Ready();
  DM_RETURN_IF_ERROR(loop_.Run());
  return there_;
}

}  // namespace

absl::StatusOr<bool> AwaitInterface(const std::string& name, const Notifier& manager) {
  if (!CanBeName(name)) {
    return absl::InvalidArgumentError(absl::StrCat("'", name, "' is no name of an interface"));
  }
  Wait wait(name, manager);
  // Listening comes before looking, so that nothing is missed in between.
  DM_RETURN_IF_ERROR(wait.Open());
  if (wait.Look()) return true;
  return wait.Run();
}

}  // namespace dns_monitor
