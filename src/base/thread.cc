#include "dns_monitor/base/thread.h"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace dns_monitor {
namespace {

// Set before the first thread, and never again: no lock.
std::function<void(const char*)>& Hook() {
  static auto* hook = new std::function<void(const char*)>;
  return *hook;
}

}  // namespace

void SetThreadHook(std::function<void(const char* name)> hook) {
  Hook() = std::move(hook);
}

std::thread StartThread(const char* name, std::function<void()> body) {
  // A new thread inherits the mask: set only within it, a signal could come before.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread([name, body = std::move(body)] {
    // By the thread itself: another's name is a file in /proc, which may be out of reach.
    pthread_setname_np(pthread_self(), name);
    if (Hook()) Hook()(name);
    body();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace dns_monitor
