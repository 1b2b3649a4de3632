// The thread on which retention runs, away from packets.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "dns_monitor/retention/retention.h"

namespace dns_monitor {

// The seam through which the worker waits. Thread-safe.
class Wakeup {
 public:
  virtual ~Wakeup() = default;
  // Returns after `timeout_ns`, or as soon as Wake was called since the last Wait returned.
  virtual void Wait(int64_t timeout_ns) = 0;
  virtual void Wake() = 0;
};

// Waits on a condition variable.
std::unique_ptr<Wakeup> MakeWakeup();

// Enforces the limits of one capture on a thread of its own: at the start, with each finished
// segment, as often as Retention asks for it (each second when the free space is watched), and when
// a segment becomes too old. All methods but On… are called by the thread that made it.
class RetentionWorker {
 public:
  // `disk`, `peers` and `clock` must outlive it.
  RetentionWorker(RetentionConfig config, Disk& disk, Peers& peers,
                  const Clock& clock = SystemClock(),
                  std::unique_ptr<Wakeup> wakeup = MakeWakeup());
  ~RetentionWorker();
  RetentionWorker(const RetentionWorker&) = delete;
  RetentionWorker& operator=(const RetentionWorker&) = delete;

  // Starts the thread, which reads the directory; what a crash left there is told once it has been
  // finished (OnSegmentFinished). Once.
  void Start();
  // Any thread; waits for no disk. Before Start, after Stop, and again with another size are
  // allowed.
  void OnSegmentFinished(FinishedSegment segment);
  // A write found no space: looks at once, and not only within a second. That may be said again
  // with each write that fails: what was removed a moment ago still has its time to become free
  // before more is. Any thread; waits for no disk; allowed before Start and after Stop.
  void OnDiskFull() { wakeup_->Wake(); }
  // Lets the limits hold once more, for the segments that were finished last, and ends the thread:
  // kStopPatienceNs after this at the latest, but for the deletion that it is at. Again does
  // nothing.
  void Stop();

  static constexpr int64_t kStopPatienceNs = 2 * kNanosecondsPerSecond;

 private:
  void Run();

  const Clock& clock_;
  Retention retention_;  // of the thread
  std::unique_ptr<Wakeup> wakeup_;
  std::mutex mutex_;
  std::vector<FinishedSegment> finished_;  // under mutex_
  bool stopping_ = false;                  // under mutex_
  std::thread thread_;
};

}  // namespace dns_monitor
