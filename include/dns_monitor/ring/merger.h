// Takes the records of all rings in order of time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/types/span.h"
#include "dns_monitor/ring/ring_set.h"

namespace dns_monitor {

// One record within its ring. Valid until the ring's tail is moved past it.
struct RecordView {
  uint64_t time_ns;  // CLOCK_BOOTTIME
  uint32_t length;   // bytes of payload
  uint32_t wire_length;
  const std::byte* payload;
};

// What Merger::Drain needs from whoever takes the records. Not virtual, and inlined all the way:
// what the sink keeps for each packet can then stay in registers from one to the next.
//
//   bool OnPacket(const RecordView&)
//   bool OnLoss(int cpu, uint64_t time_ns, const capture_loss&)
//   bool OnStep(uint64_t time_ns, const capture_step&)
//   bool OnSettings(uint64_t time_ns, const capture_settings&)
//
// false: no room now; the record comes again next time.
enum class DrainResult {
  kDrained,  // everything older than the horizon was taken
  kBlocked,  // the sink refused a record
};

// The single consumer of a RingSet; belongs to one thread.
//
// Records leave in order of time, to the nanosecond, over all CPUs. A CPU that is within the filter
// may still publish something as old as its last record, so nothing younger than that is taken
// until it has; a CPU that is not there, or has nothing to say, holds nobody up. The wait is
// bounded: a CPU that stays within the filter for kLateBoundNs (a virtual CPU that was taken off
// its core) is left out, and what it brings later comes as it is, older than its neighbours.
class Merger {
 public:
  static constexpr int64_t kLateBoundNs = 1'000'000'000;
  // Clocks of two CPUs may differ by this much (kernel/time/timekeeping.c: nanoseconds while the
  // time keeper is updated).
  static constexpr int64_t kClockSkewNs = 10'000;

  // `rings` outlives this. Reading begins at the tails that the control map holds.
  explicit Merger(const RingSet& rings);

  // Looks at all rings; `now_ns` is CLOCK_BOOTTIME, read before the call. Afterwards horizon_ns()
  // tells up to where the order is final. Returns the bytes that wait in the fullest ring.
  uint64_t Observe(int64_t now_ns);
  // As Observe, for when the filter is detached: everything that is there is final.
  void ObserveAll();

  // Gives every record that is older than the horizon to `sink`, oldest first.
  template <typename Sink>
  DrainResult Drain(Sink& sink);

  int64_t horizon_ns() const { return horizon_ns_; }
  // Where reading stands in each ring: behind the last record that the sink has taken. What may
  // become the ring's tail once that record is safe.
  absl::Span<const uint64_t> cursors() const { return cursors_; }
  // Reads once more from here on: from where it stood before, and not before any ring's tail.
  void GoBack(absl::Span<const uint64_t> cursors) {
    std::copy(cursors.begin(), cursors.end(), cursors_.begin());
  }

 private:
  struct Lane {
    const std::byte* data = nullptr;
    uint64_t head = 0;           // as observed
    int64_t stuck_since_ns = 0;  // 0: was not within the filter when last looked at
    uint64_t stuck_at_ns = 0;    // its last_ns then
  };
  struct HeapEntry {
    uint64_t time_ns;
    int lane;
    // For std::push_heap, which keeps the greatest on top: the oldest is the greatest.
    bool operator<(const HeapEntry& other) const { return time_ns > other.time_ns; }
  };

  // The time before which the lane will not bring anything any more.
  int64_t LaneHorizon(int index, int64_t now_ns);
  const capture_record* Next(int index) const {
    const uint64_t cursor = cursors_[index];
    if (cursor == lanes_[index].head) return nullptr;
    return reinterpret_cast<const capture_record*>(lanes_[index].data + (cursor & ring_mask_));
  }
  // What the producer wrote lies in another CPU's cache, or in none any more. The CPU's own
  // prefetcher stops at the end of each page; this asks for what comes four usual records later,
  // two lines of it: 10 % off a packet. Beyond the ring's end lies its beginning again.
  static void Prefetch(const capture_record* record) {
    constexpr size_t kAheadBytes = 512;
    const auto* ahead = reinterpret_cast<const std::byte*>(record) + kAheadBytes;
    __builtin_prefetch(ahead);
    __builtin_prefetch(ahead + 64);
  }
  // Adds the lane to the heap if its next record is older than the horizon.
  void Enqueue(int index);
  // Puts the first entry, whose time has grown, where it belongs. std::pop_heap and std::push_heap
  // would take it through the whole heap twice: a third more a packet with 8 rings.
  void SiftDown();
  template <typename Sink>
  ABSL_ATTRIBUTE_ALWAYS_INLINE static bool Dispatch(int cpu, uint32_t type, const RecordView& view,
                                                    Sink& sink);
  // Gives the lane's records up to and including `limit_ns` to the sink.
  template <typename Sink>
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool TakeRun(int index, uint64_t limit_ns, Sink& sink);

  const RingSet& rings_;
  const uint64_t ring_mask_;
  std::vector<Lane> lanes_;
  std::vector<uint64_t> cursors_;
  std::vector<HeapEntry> heap_;  // lanes by the time of their next record; capacity for all
  int64_t horizon_ns_ = 0;
};

template <typename Sink>
DrainResult Merger::Drain(Sink& sink) {
  heap_.clear();
  for (size_t index = 0; index < lanes_.size(); ++index) Enqueue(static_cast<int>(index));
  const uint64_t last_ns = static_cast<uint64_t>(horizon_ns_) - 1;
  while (!heap_.empty()) {
    HeapEntry& oldest = heap_.front();
    // The run: as long as no other lane has something older. The oldest of those is a child of the
    // first entry.
    uint64_t limit_ns = last_ns;
    if (heap_.size() > 1) limit_ns = std::min(limit_ns, heap_[1].time_ns);
    if (heap_.size() > 2) limit_ns = std::min(limit_ns, heap_[2].time_ns);
    if (!TakeRun(oldest.lane, limit_ns, sink)) return DrainResult::kBlocked;
    const capture_record* next = Next(oldest.lane);
    if (next != nullptr && next->time_ns <= last_ns) {
      oldest.time_ns = next->time_ns;
    } else {
      oldest = heap_.back();
      heap_.pop_back();
    }
    SiftDown();
  }
  return DrainResult::kDrained;
}

inline void Merger::SiftDown() {
  if (heap_.size() < 2) return;
  const HeapEntry moved = heap_[0];
  size_t at = 0;
  for (size_t child = 1; child < heap_.size(); child = 2 * at + 1) {
    if (child + 1 < heap_.size() && heap_[child + 1].time_ns < heap_[child].time_ns) ++child;
    if (heap_[child].time_ns >= moved.time_ns) break;
    heap_[at] = heap_[child];
    at = child;
  }
  heap_[at] = moved;
}

template <typename Sink>
inline bool Merger::Dispatch(int cpu, uint32_t type, const RecordView& view, Sink& sink) {
  switch (type) {
    case CAPTURE_RECORD_PACKET:
      return sink.OnPacket(view);
    case CAPTURE_RECORD_LOSS:
      return sink.OnLoss(cpu, view.time_ns, *reinterpret_cast<const capture_loss*>(view.payload));
    case CAPTURE_RECORD_STEP:
      return sink.OnStep(view.time_ns, *reinterpret_cast<const capture_step*>(view.payload));
    case CAPTURE_RECORD_SETTINGS:
      return sink.OnSettings(view.time_ns,
                             *reinterpret_cast<const capture_settings*>(view.payload));
    default:
      return true;  // of a later version: told by nobody here, passed over
  }
}

template <typename Sink>
inline bool Merger::TakeRun(int index, uint64_t limit_ns, Sink& sink) {
  const Lane lane = lanes_[index];
  uint64_t* const stored_cursor = &cursors_[index];
  for (uint64_t cursor = *stored_cursor; cursor != lane.head;) {
    const auto* record = reinterpret_cast<const capture_record*>(lane.data + (cursor & ring_mask_));
    if (record->time_ns > limit_ns) return true;
    Prefetch(record);
    const uint32_t type = record->type_and_length >> 24;
    const RecordView view{.time_ns = record->time_ns,
                          .length = record->type_and_length & 0xffffff,
                          .wire_length = record->wire_length,
                          .payload = reinterpret_cast<const std::byte*>(record + 1)};
    if (!Dispatch(index, type, view, sink)) return false;
    cursor += CAPTURE_ALIGN_UP(sizeof(capture_record) + view.length);
    *stored_cursor = cursor;
  }
  return true;
}

}  // namespace dns_monitor
