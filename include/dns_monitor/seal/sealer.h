// Seals the finished segments of one interface, when nobody else wants the processor or the disk.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/disk.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/spsc_queue.h"

namespace dns_monitor {

struct SealerOptions {
  std::string interface;
  uint32_t mode = 0640;  // of the seals
  int64_t group = -1;    // -1: as created
  // Called once for each segment that Add was told of: it has its seal, or will have none by this
  // process. On the sealer's thread; on that of Add when the queue is full. None: nobody asks.
  std::function<void(const SegmentName&)> on_done;
};

// A thread of its own, "sealer", of the classes SCHED_IDLE and IOPRIO_CLASS_IDLE. Beside what it is
// told it seals what it finds without a seal when it starts, newest first (the oldest are the next
// to be deleted): what an earlier process had no time for, and segments from before there were
// seals. One that cannot be sealed is logged, and tried again at the next start.
//
// A segment may be removed at any time: retention removes it first and its seal then
// (retention/remover.h), and a seal whose segment has gone meanwhile is taken back here. So none
// stays, whichever comes first.
class Sealer {
 public:
  static constexpr size_t kMostWaiting = 256;
  static constexpr int64_t kStopPatienceNs = 2 * kNanosecondsPerSecond;

  // `disk` and `clock` outlive this. The process holds the lock of the interface (LockName).
  Sealer(Disk& disk, SealerOptions options, const Clock& clock = SystemClock());
  ~Sealer();
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;

  // Starts the thread. Once.
  void Start();
  // The segment has its name. Any thread but the sealer's; waits for no disk, and not for the
  // sealer's thread, which may be kept from running for long. Of more than kMostWaiting the rest is
  // found in the directory once those are sealed.
  void Add(const SegmentName& name);
  // No Add comes any more. Goes on for kStopPatienceNs with what was told, and leaves the rest to
  // the next start. Again does nothing.
  void Stop();

 private:
  void Run();
  // The next segment that was told, or found. False: none.
  bool DoNext();
  void SealTold(const SegmentName& name);
  void SealFound(const SegmentName& name);
  // Puts what has no seal into found_, and removes what a crash left of seals.
  void Look();
  // Cancelled: it is time to end. OK also when the segment has gone.
  absl::Status Seal(const SegmentName& name, const std::function<bool()>& cancelled);
  bool OutOfTime() const { return clock_.BoottimeNs() >= end_ns_.load(); }

  Disk& disk_;
  const SealerOptions options_;
  const Clock& clock_;
  std::mutex add_mutex_;  // of those who call Add, never the sealer's
  SpscQueue<SegmentName, kMostWaiting> told_;
  Fd wake_fd_;
  std::atomic<bool> look_{true};
  std::atomic<bool> stopping_{false};
  std::atomic<int64_t> end_ns_{std::numeric_limits<int64_t>::max()};
  // The sealer's thread alone:
  std::vector<SegmentName> found_;  // newest last
  uint64_t left_ = 0;               // that were told, and are left to the next start
  std::thread thread_;
};

}  // namespace dns_monitor
