// What goes on beside a query: Ctrl-C, and how far it is.
#pragma once

#include <csignal>
#include <functional>
#include <mutex>
#include <thread>

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

  // From now on, until it is called with nulls, these run. With `progress` it is shown.
  void Follow(Engine* engine, const Captures* captures, bool progress);
  bool interrupted() const { return interrupted_; }

 private:
  void Run();
  void OnSignal();
  void ShowProgress();

  sigset_t signals_;
  std::mutex mutex_;
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
