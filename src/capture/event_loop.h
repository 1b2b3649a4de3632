// What the main thread waits for.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <list>
#include <vector>

#include "absl/status/status.h"
#include "dns_monitor/base/fd.h"

namespace dns_monitor {

// Calls back, on the thread that calls Run, until Quit. One thread.
class EventLoop {
 public:
  absl::Status Open();
  // `fd` stays the caller's and must be made unreadable by `callback`, unless it quits.
  absl::Status AddReadable(int fd, std::function<void()> callback);
  // Each `period_ns` from now on (CLOCK_BOOTTIME).
  absl::Status AddTimer(int64_t period_ns, std::function<void()> callback);
  // Blocks the signals for this thread, and for those that it makes later, and takes them here.
  absl::Status AddSignals(std::initializer_list<int> signals, std::function<void(int)> callback);

  absl::Status Run();
  void Quit() { quit_ = true; }

 private:
  struct Source {
    int fd;
    std::function<void()> callback;
  };

  Fd epoll_;
  std::list<Source> sources_;  // a list: the kernel holds addresses of its elements
  std::vector<Fd> owned_;
  bool quit_ = false;
};

}  // namespace dns_monitor
