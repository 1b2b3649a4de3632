// What goes on beside a query: Ctrl-C, and how far it is.
#pragma once

#include <termios.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "dns_monitor/query/captures.h"
#include "dns_monitor/query/engine.h"

namespace dns_monitor {

// While one lives, SIGINT and SIGTERM interrupt the engine, the second one ends the process; and on
// a terminal a query that takes over a second shows how far it is. Construct it before any other
// thread is started: they must have the signals blocked.
class Watch {
 public:
  Watch();
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // A directory that nobody else can look into, below $TMPDIR (else /tmp). It is made with the
  // first call, and gone when the process ends, also by one of the signals that are watched.
  absl::StatusOr<std::string> TemporaryDirectory();

  // From now on, until it is called with nulls, these run. With `progress` it is shown.
  void Follow(Engine* engine, const Captures* captures, bool progress);
  bool interrupted() const { return interrupted_; }

 private:
  void Run();
  void OnSignal();
  void ShowProgress();
  [[noreturn]] void End();

  sigset_t signals_;
  std::optional<termios> terminal_;  // as it was found
  std::mutex mutex_;
  std::string directory_;
  Engine* engine_ = nullptr;
  const Captures* captures_ = nullptr;
  bool progress_ = false;
  bool shown_ = false;
  int64_t since_ns_ = 0;
  std::atomic<bool> interrupted_ = false;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace dns_monitor
