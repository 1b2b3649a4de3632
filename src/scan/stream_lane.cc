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
  const std::lock_guard lock(mutex_);
  deferred_.emplace(ordinal, std::move(deferred));
}

void StreamLane::Leave() {
  const std::lock_guard lock(mutex_);
  occupied_ = false;
  ++next_;
}

bool StreamLane::EnterDeferred(DeferredBlock* deferred) {
  const std::lock_guard lock(mutex_);
  if (occupied_) return false;
  const auto found = deferred_.find(next_);
  if (found == deferred_.end()) return false;
  *deferred = std::move(found->second);
  deferred_.erase(found);
  occupied_ = true;
  return true;
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
