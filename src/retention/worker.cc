#include "dns_monitor/retention/worker.h"

#include <chrono>
#include <utility>

#include "dns_monitor/base/thread.h"

namespace dns_monitor {
namespace {

class ConditionWakeup final : public Wakeup {
 public:
  void Wait(int64_t timeout_ns) override {
    std::unique_lock lock(mutex_);
    condition_.wait_for(lock, std::chrono::nanoseconds(timeout_ns), [this] { return woken_; });
    woken_ = false;
  }

  void Wake() override {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    condition_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool woken_ = false;  // under mutex_
};

}  // namespace

std::unique_ptr<Wakeup> MakeWakeup() {
  return std::make_unique<ConditionWakeup>();
}

RetentionWorker::RetentionWorker(RetentionConfig config, Disk& disk, Peers& peers,
                                 const Clock& clock, std::unique_ptr<Wakeup> wakeup)
    : clock_(clock),
      retention_(std::move(config), disk, peers, clock),
      wakeup_(std::move(wakeup)) {}

RetentionWorker::~RetentionWorker() {
  Stop();
}

void RetentionWorker::Start() {
  thread_ = StartThread("retention", [this] { Run(); });
}

void RetentionWorker::OnSegmentFinished(FinishedSegment segment) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    finished_.push_back(std::move(segment));
  }
  wakeup_->Wake();
}

void RetentionWorker::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  retention_.EndBy(clock_.BoottimeNs() + kStopPatienceNs);
  wakeup_->Wake();
  if (thread_.joinable()) thread_.join();
}

void RetentionWorker::Run() {
  for (;;) {
    std::vector<FinishedSegment> finished;
    bool stopping = false;
    {
      const std::lock_guard lock(mutex_);
      stopping = stopping_;
      finished.swap(finished_);
    }
    for (const FinishedSegment& segment : finished) retention_.Add(segment);
    const int64_t wait_ns = retention_.Enforce();
    if (stopping) return;
    wakeup_->Wait(wait_ns);
  }
}

}  // namespace dns_monitor
