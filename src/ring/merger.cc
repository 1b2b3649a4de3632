#include "dns_monitor/ring/merger.h"

#include <limits>

namespace dns_monitor {

Merger::Merger(const RingSet& rings)
    : rings_(rings),
      ring_mask_(rings.ring_bytes() - 1),
      lanes_(rings.cpu_count()),
      cursors_(rings.cpu_count()),
      tournament_(lanes_.size()) {
  runners_.reserve(lanes_.size());
  for (size_t index = 0; index < lanes_.size(); ++index) {
    cursors_[index] = LoadRelaxed(&rings_.cpu(static_cast<int>(index))->tail);
    lanes_[index].head = cursors_[index];
  }
}

// The order of the three loads is what makes the horizon true. The producer stores in_flight, takes
// the time, stores last_ns, publishes head, clears in_flight. So a record that is missing from the
// head read last was not published when last_ns was read first: its time is at least that. And with
// in_flight clear in between, it was not even begun: its time is at least `now_ns`, read before.
int64_t Merger::LaneHorizon(int index, int64_t now_ns) {
  const capture_cpu& cpu = *rings_.cpu(index);
  Lane& lane = lanes_[index];
  const uint64_t last_ns = LoadAcquire(&cpu.last_ns);
  const bool in_flight = LoadAcquire(&cpu.in_flight) != 0;
  lane.head = LoadAcquire(&cpu.head);

  const int64_t bound_ns = static_cast<int64_t>(last_ns);
  if (!in_flight) {
    lane.stuck_since_ns = 0;
    return std::max(bound_ns, now_ns - kClockSkewNs);
  }
  if (lane.stuck_since_ns == 0 || lane.stuck_at_ns != last_ns) {
    lane.stuck_since_ns = now_ns;
    lane.stuck_at_ns = last_ns;
  }
  return now_ns - lane.stuck_since_ns < kLateBoundNs ? bound_ns : now_ns - kClockSkewNs;
}

uint64_t Merger::Observe(int64_t now_ns) {
  int64_t horizon_ns = std::numeric_limits<int64_t>::max();
  uint64_t fullest = 0;
  for (size_t index = 0; index < lanes_.size(); ++index) {
    const int cpu = static_cast<int>(index);
    Lane& lane = lanes_[index];
    if (lane.data == nullptr) lane.data = rings_.data(cpu);
    if (lane.data == nullptr) continue;  // no ring, so nothing in it
    horizon_ns = std::min(horizon_ns, LaneHorizon(cpu, now_ns));
    fullest = std::max(fullest, lane.head - LoadRelaxed(&rings_.cpu(cpu)->tail));
  }
  // Never back: what was final stays so, also when a stuck CPU counts again.
  horizon_ns_ = std::max(horizon_ns_, std::min(horizon_ns, now_ns));
  return fullest;
}

void Merger::ObserveAll() {
  Observe(0);
  horizon_ns_ = std::numeric_limits<int64_t>::max();
}

bool Merger::Seat(uint64_t last_ns) {
  runners_.clear();
  if (horizon_ns_ == 0) return false;
  for (size_t index = 0; index < lanes_.size(); ++index) {
    const Lane& lane = lanes_[index];
    if (cursors_[index] == lane.head) continue;
    if (RecordAt(lane.data, cursors_[index])->time_ns > last_ns) continue;
    Runner& runner = runners_.emplace_back();
    runner.lane = index;
    runner.data = lane.data;
    runner.head = lane.head;
  }
  if (runners_.empty()) return false;
  tournament_.Begin(runners_.size());
  for (size_t seat = 0; seat < runners_.size(); ++seat) {
    tournament_.Set(seat, Place(&runners_[seat], last_ns));
  }
  tournament_.Play();
  return true;
}

}  // namespace dns_monitor
