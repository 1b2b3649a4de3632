// Lets threads that work at pieces of a file at once hand over from each piece to the next one.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace dns_monitor {

// What is only touched in one's turn needs no other lock. Thread-safe.
class BlockTurns {
 public:
  // Until all pieces before `piece` have passed.
  void Wait(size_t piece) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return next_ == piece; });
  }
  void Pass() {
    {
      const std::lock_guard lock(mutex_);
      ++next_;
    }
    moved_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable moved_;
  size_t next_ = 0;
};

}  // namespace dns_monitor
