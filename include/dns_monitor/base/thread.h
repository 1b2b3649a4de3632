// How threads are started.
#pragma once

#include <sched.h>

#include <functional>
#include <thread>

namespace dns_monitor {

// Runs `body` on a thread of its own that gets no signal: those are for the thread that waits for
// them. `name` (a constant, 15 characters at most, prctl(2)) is what ps and top show.
std::thread StartThread(const char* name, std::function<void()> body);

// The calling thread runs, and reads and writes, when nobody else wants the CPU or the disk
// (SCHED_IDLE, IOPRIO_CLASS_IDLE), as far as the kernel lets it. It cannot be undone without
// privileges. Such a thread may be kept from running for long, also while it holds a lock.
void MakeThreadIdle();

// Keeps the thread that makes it off the CPU of another, so that neither waits for the other.
class CpuAvoider {
 public:
  CpuAvoider();
  // From here on the thread runs on those CPUs that were allowed when this was made, but not on
  // `cpu`: unless there is no other, or the kernel refuses (the CPUs of the process have changed).
  // A system call when `cpu` is not that of the last time.
  void Avoid(int cpu);

 private:
  cpu_set_t allowed_;
  int avoided_ = -1;
};

// From now on each new thread calls `hook` with its name before anything else. To be called while
// there is only one thread.
void SetThreadHook(std::function<void(const char* name)> hook);

}  // namespace dns_monitor
