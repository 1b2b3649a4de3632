#include "event_loop.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {

absl::Status EventLoop::Open() {
  epoll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
  return epoll_.valid() ? absl::OkStatus() : ErrnoError("epoll_create1");
}

absl::Status EventLoop::AddReadable(int fd, std::function<void()> callback) {
  Source& source = sources_.emplace_back(Source{fd, std::move(callback)});
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &source}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return ErrnoError("epoll_ctl");
  return absl::OkStatus();
}

absl::Status EventLoop::AddTimer(int64_t period_ns, std::function<void()> callback) {
  Fd timer(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  const timespec period{.tv_sec = period_ns / kNanosecondsPerSecond,
                        .tv_nsec = period_ns % kNanosecondsPerSecond};
  const itimerspec timing{.it_interval = period, .it_value = period};
  if (!timer.valid() || timerfd_settime(timer.get(), 0, &timing, nullptr) != 0) {
    return ErrnoError("timerfd");
  }
  const int fd = timer.get();
  owned_.push_back(std::move(timer));
  return AddReadable(fd, [fd, callback = std::move(callback)] {
    uint64_t expirations = 0;
    if (read(fd, &expirations, sizeof(expirations)) == sizeof(expirations)) callback();
  });
}

absl::Status EventLoop::AddSignals(std::initializer_list<int> signals,
                                   std::function<void(int)> callback) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return ErrnoError("sigprocmask");
  Fd signal_fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signal_fd.valid()) return ErrnoError("signalfd");
  const int fd = signal_fd.get();
  owned_.push_back(std::move(signal_fd));
  return AddReadable(fd, [fd, callback = std::move(callback)] {
    signalfd_siginfo info{};
    while (read(fd, &info, sizeof(info)) == sizeof(info))
      callback(static_cast<int>(info.ssi_signo));
  });
}

absl::Status EventLoop::Run() {
  std::array<epoll_event, 8> events;
  while (!quit_) {
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
    if (count < 0 && errno != EINTR) return ErrnoError("epoll_wait");
    for (int index = 0; index < count; ++index) {
      static_cast<Source*>(events[index].data.ptr)->callback();
    }
  }
  return absl::OkStatus();
}

}  // namespace dns_monitor
