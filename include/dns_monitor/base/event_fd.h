// A counter that another thread can wait for.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "dns_monitor/base/fd.h"

namespace dns_monitor {

// Non-blocking; -1 inside when the process has no descriptors left.
inline Fd MakeEventFd() {
  return Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

// Async-signal-safe. A full counter is as good as a raised one, so the result does not matter.
inline void Raise(int event_fd) {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(event_fd, &one, sizeof(one));
}

inline void Clear(int event_fd) {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(event_fd, &count, sizeof(count));
}

}  // namespace dns_monitor
