#include "dns_monitor/base/thread.h"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace dns_monitor {

std::thread StartThread(const char* name, std::function<void()> body) {
  // A new thread inherits the mask: set only within it, a signal could come before.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread.native_handle(), name);
  return thread;
}

}  // namespace dns_monitor
