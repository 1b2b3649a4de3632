#include "dns_monitor/scan/stream_lane.h"

namespace dns_monitor {

bool StreamLane::Enter(uint64_t ordinal) {
  const std::lock_guard lock(mutex_);
  if (occupied_ || ordinal != next_) return false;
  occupied_ = true;
  return true;
}

void StreamLane::Defer(DeferredBlock deferred) {
  const uint64_t ordinal = deferred.block.ordinal;
  {
    const std::lock_guard lock(mutex_);
    deferred_.emplace(ordinal, std::move(deferred));
  }
  changed_.notify_all();
}

void StreamLane::Leave() {
  {
    const std::lock_guard lock(mutex_);
    occupied_ = false;
    ++next_;
  }
  changed_.notify_all();
}

StreamLane::Next StreamLane::NextFor(DeferredBlock* deferred) {
  std::unique_lock lock(mutex_);
  const auto can_enter = [this] {
    return !occupied_ && !deferred_.empty() && deferred_.begin()->first == next_;
  };
  const bool changed = changed_.wait_for(
      lock, kPatience, [&] { return can_enter() || deferred_.size() < kMostDeferred; });
  if (!changed) return Next::kNothing;
  if (!can_enter()) return Next::kNewBlock;
  *deferred = std::move(deferred_.begin()->second);
  deferred_.erase(deferred_.begin());
  occupied_ = true;
  return Next::kDeferred;
}

bool StreamLane::EnterLast(uint64_t blocks) {
  const std::lock_guard lock(mutex_);
  if (occupied_ || next_ != blocks) return false;
  occupied_ = true;
  return true;
}

StreamLosses StreamLane::Finish(WholeMessages* to) {
  StreamLosses losses;
  for (auto& [interface, streams] : streams_) {
    streams->Finish(to);
    losses.Add(streams->fragment_counters());
    losses.Add(streams->tcp_counters());
  }
  return losses;
}

Streams* StreamLane::StreamsOf(const std::string& interface) {
  std::unique_ptr<Streams>& streams = streams_[interface];
  if (streams == nullptr) streams = std::make_unique<Streams>();
  return streams.get();
}

}  // namespace dns_monitor
