// The threads that make frames of buffers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "dns_monitor/base/spsc_queue.h"
#include "dns_monitor/compress/frame_encoder.h"

namespace dns_monitor {

// One frame on its way. The worker that has its jobs writes it; the writer's thread reads of
// `bytes` what `made` says.
struct MadeFrame {
  std::unique_ptr<std::byte[]> bytes;
  size_t room = 0;
  std::atomic<size_t> made{0};
  std::atomic<uint32_t> jobs_done{0};
  size_t content_done = 0;  // the worker's: of the content
};

struct FrameJob {
  MadeFrame* frame = nullptr;  // nullptr: what has begun will not be ended
  const std::byte* content = nullptr;
  size_t to = 0;  // of the content: what lies before it and is not done yet
  int level = 0;
  bool ends = false;  // the frame; else what it has is to be readable
};

// Jobs are given by one thread, whose CPU the workers leave to it. Those of one frame go to one
// worker, which does its jobs in order.
class FrameWorkers {
 public:
  // `wake_fd`: raised after each job.
  FrameWorkers(size_t count, int wake_fd);
  ~FrameWorkers();

  void Start();
  size_t count() const { return workers_.size(); }
  // Of all workers, at most so many may be under way.
  static constexpr size_t kMostJobs = 64;
  void Give(size_t worker, const FrameJob& job);
  // Drops the jobs that have not begun, and waits for those that have: at most one a worker, of one
  // frame's length. Until then their frames must be there.
  void Cancel();

 private:
  struct Worker {
    SpscQueue<FrameJob, kMostJobs> jobs;
    std::atomic<uint32_t> given{0};
    std::atomic<uint32_t> done{0};
    FrameEncoder encoder;
    std::thread thread;
  };

  void Run(Worker* worker);
  void Do(Worker* worker, const FrameJob& job);

  const int wake_fd_;
  std::atomic<int> giver_cpu_{-1};
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> stopping_{false};
};

}  // namespace dns_monitor
