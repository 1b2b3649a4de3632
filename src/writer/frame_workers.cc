#include "frame_workers.h"

#include <sched.h>

#include "absl/types/span.h"
#include "dns_monitor/base/event_fd.h"
#include "dns_monitor/base/thread.h"

namespace dns_monitor {

FrameWorkers::FrameWorkers(size_t count, int wake_fd) : wake_fd_(wake_fd) {
  for (size_t index = 0; index < count; ++index) workers_.push_back(std::make_unique<Worker>());
}

FrameWorkers::~FrameWorkers() {
  stopping_.store(true);
  for (const auto& worker : workers_) {
    worker->given.fetch_add(1);
    worker->given.notify_one();
    if (worker->thread.joinable()) worker->thread.join();
  }
}

void FrameWorkers::Start() {
  for (const auto& worker : workers_) {
    worker->thread = StartThread("compressor", [this, it = worker.get()] { Run(it); });
  }
}

void FrameWorkers::Give(size_t worker, const FrameJob& job) {
  giver_cpu_.store(sched_getcpu(), std::memory_order_relaxed);
  Worker& to = *workers_[worker];
  to.jobs.Push(job);  // never full: kMostJobs
  to.given.fetch_add(1);
  to.given.notify_one();
}

void FrameWorkers::Cancel() {
  cancelled_.store(true);
  for (size_t index = 0; index < workers_.size(); ++index) {
    Worker& worker = *workers_[index];
    Give(index, {});
    const uint32_t given = worker.given.load();
    for (uint32_t done = worker.done.load(); done != given; done = worker.done.load()) {
      worker.done.wait(done);
    }
  }
  cancelled_.store(false);
}

void FrameWorkers::Run(Worker* worker) {
  CpuAvoider cpu;
  for (uint32_t seen = 0; !stopping_.load();) {
    worker->given.wait(seen);
    seen = worker->given.load();
    while (const std::optional<FrameJob> job = worker->jobs.Pop()) {
      cpu.Avoid(giver_cpu_.load(std::memory_order_relaxed));
      Do(worker, *job);
      worker->done.fetch_add(1);
      worker->done.notify_one();
      Raise(wake_fd_);
    }
  }
}

void FrameWorkers::Do(Worker* worker, const FrameJob& job) {
  FrameEncoder& encoder = worker->encoder;
  if (job.frame == nullptr || cancelled_.load()) {
    if (encoder.begun()) encoder.Abandon();
    return;
  }
  MadeFrame& frame = *job.frame;
  const absl::Span<const std::byte> more(job.content + frame.content_done,
                                         job.to - frame.content_done);
  size_t made = frame.made.load(std::memory_order_relaxed);
  const absl::Span<std::byte> to(frame.bytes.get() + made, frame.room - made);
  size_t bytes = 0;
  if (!job.ends) {
    bytes = encoder.Flush(job.level, more, to);
  } else if (encoder.begun()) {
    bytes = encoder.End(more, to);
  } else {
    bytes = encoder.Encode(job.level, more, to);
  }
  if (bytes > 0) frame.content_done = job.to;
  made += bytes;
  frame.made.store(made, std::memory_order_release);
  frame.jobs_done.fetch_add(1, std::memory_order_release);
}

}  // namespace dns_monitor
