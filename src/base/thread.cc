#include "dns_monitor/base/thread.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <utility>

namespace dns_monitor {
namespace {

// From linux/ioprio.h, which is no C++: the calling thread, and its class of priority.
constexpr int kWhoProcess = 1;
constexpr int kClassIdle = 3 << 13;

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
  // A thread's own faults come to it in any case, blocked ones past their handler (signal(7)).
  for (const int fault : {SIGBUS, SIGSEGV, SIGFPE, SIGILL}) sigdelset(&all, fault);
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

void MakeThreadIdle() {
  const sched_param none{};
  sched_setscheduler(0, SCHED_IDLE, &none);
  syscall(SYS_ioprio_set, kWhoProcess, 0, kClassIdle);
}

CpuAvoider::CpuAvoider() {
  // Of a machine with more CPUs than the set has room for, nothing is known.
  if (sched_getaffinity(0, sizeof(allowed_), &allowed_) != 0) CPU_ZERO(&allowed_);
}

void CpuAvoider::Avoid(int cpu) {
  if (cpu == avoided_ || cpu < 0 || cpu >= CPU_SETSIZE) return;
  avoided_ = cpu;
  cpu_set_t others = allowed_;
  CPU_CLR(static_cast<size_t>(cpu), &others);
  if (CPU_COUNT(&others) > 0) sched_setaffinity(0, sizeof(others), &others);
}

}  // namespace dns_monitor
