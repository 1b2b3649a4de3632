// Takes the records of all rings in order of time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/types/span.h"
#include "dns_monitor/ring/ring_set.h"
#include "dns_monitor/ring/tournament.h"

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
  // A lane that has records in this drain; its seat in the tournament is where it stands.
  struct Runner {
    size_t lane;
    const std::byte* data;
    uint64_t head;
    const capture_record* record;  // the oldest
    // One is known ahead, so that whose turn is next need not wait until this one's length tells
    // where the next one is.
    uint64_t next_cursor;  // behind the oldest
    uint64_t next_ns;      // the time of what is there; Tournament::kOut: nothing for this drain
  };
  // Runs of fewer packets in the mean are taken turn by turn.
  static constexpr uint64_t kShortRun = 3;
  static constexpr uint64_t kLongRun = 4;  // of more, run by run
  static constexpr uint64_t kSample = 64;  // packets, or runs, between two looks at that

  // The time before which the lane will not bring anything any more.
  int64_t LaneHorizon(int index, int64_t now_ns);
  const capture_record* RecordAt(const std::byte* data, uint64_t cursor) const {
    return reinterpret_cast<const capture_record*>(data + (cursor & ring_mask_));
  }
  static uint64_t SizeOf(const capture_record* record) {
    return CAPTURE_ALIGN_UP(sizeof(capture_record) + (record->type_and_length & 0xffffff));
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
  // Seats all lanes whose next record is older than the horizon. False: there is none.
  bool Seat(uint64_t last_ns);
  // The lane begins at its cursor; returns the time of what is there.
  uint64_t Place(Runner* runner, uint64_t last_ns);
  // Finds what is behind runner->record.
  void LookAhead(Runner* runner, uint64_t last_ns);
  template <typename Sink>
  ABSL_ATTRIBUTE_ALWAYS_INLINE static bool Dispatch(int cpu, uint32_t type, const RecordView& view,
                                                    Sink& sink);
  // Gives the record to the sink.
  template <typename Sink>
  ABSL_ATTRIBUTE_ALWAYS_INLINE static bool Take(int cpu, const capture_record* record, Sink& sink);
  // Gives the lane's records up to and including `limit_ns` to the sink, and adds to `count`.
  template <typename Sink>
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool TakeRun(size_t lane, uint64_t limit_ns, Sink& sink,
                                            uint64_t* count);
  // Both go on until nobody is left, or it is the other's case, and return false when the sink
  // refused. Runs are guessed to go on, so that each costs one wrong guess and a packet within it
  // nothing; turns cost each packet the same.
  template <typename Sink>
  bool TakeRuns(uint64_t last_ns, Sink& sink);
  template <typename Sink>
  bool TakeTurns(uint64_t last_ns, Sink& sink);

  const RingSet& rings_;
  const uint64_t ring_mask_;
  std::vector<Lane> lanes_;
  std::vector<uint64_t> cursors_;
  std::vector<Runner> runners_;  // capacity for all
  Tournament tournament_;
  bool long_runs_ = true;
  int64_t horizon_ns_ = 0;
};

template <typename Sink>
DrainResult Merger::Drain(Sink& sink) {
  const uint64_t last_ns = static_cast<uint64_t>(horizon_ns_) - 1;
  if (!Seat(last_ns)) return DrainResult::kDrained;
  while (tournament_.winner().time_ns != Tournament::kOut) {
    const bool taken = long_runs_ ? TakeRuns(last_ns, sink) : TakeTurns(last_ns, sink);
    if (!taken) return DrainResult::kBlocked;
  }
  return DrainResult::kDrained;
}

template <typename Sink>
inline bool Merger::TakeRuns(uint64_t last_ns, Sink& sink) {
  uint64_t packets = 0;
  uint64_t runs = 0;
  do {
    Runner& runner = runners_[tournament_.winner().seat];
    const uint64_t limit_ns = std::min(last_ns, tournament_.RunnerUpNs());
    if (!TakeRun(runner.lane, limit_ns, sink, &packets)) return false;
    tournament_.Replay(Place(&runner, last_ns));
    if (++runs == kSample) {
      long_runs_ = packets >= kShortRun * kSample;
      packets = runs = 0;
    }
  } while (long_runs_ && tournament_.winner().time_ns != Tournament::kOut);
  return true;
}

template <typename Sink>
inline bool Merger::TakeTurns(uint64_t last_ns, Sink& sink) {
  uint64_t packets = 0;
  uint64_t runs = 0;
  do {
    const uint64_t seat = tournament_.winner().seat;
    Runner& runner = runners_[seat];
    Prefetch(runner.record);
    if (!Take(static_cast<int>(runner.lane), runner.record, sink)) return false;
    cursors_[runner.lane] = runner.next_cursor;
    tournament_.Replay(runner.next_ns);
    if (ABSL_PREDICT_TRUE(runner.next_ns != Tournament::kOut)) {
      runner.record = RecordAt(runner.data, runner.next_cursor);
      LookAhead(&runner, last_ns);
    }
    runs += seat != tournament_.winner().seat;
    if (++packets == kSample) {
      long_runs_ = packets > kLongRun * runs;
      packets = runs = 0;
    }
  } while (!long_runs_ && tournament_.winner().time_ns != Tournament::kOut);
  return true;
}

inline uint64_t Merger::Place(Runner* runner, uint64_t last_ns) {
  runner->next_cursor = cursors_[runner->lane];
  if (runner->next_cursor == runner->head) return Tournament::kOut;
  runner->record = RecordAt(runner->data, runner->next_cursor);
  const uint64_t time_ns = runner->record->time_ns;
  if (time_ns > last_ns) return Tournament::kOut;
  LookAhead(runner, last_ns);
  return time_ns;
}

inline void Merger::LookAhead(Runner* runner, uint64_t last_ns) {
  runner->next_cursor += SizeOf(runner->record);
  runner->next_ns = Tournament::kOut;
  if (ABSL_PREDICT_FALSE(runner->next_cursor == runner->head)) return;
  const uint64_t next_ns = RecordAt(runner->data, runner->next_cursor)->time_ns;
  if (ABSL_PREDICT_TRUE(next_ns <= last_ns)) runner->next_ns = next_ns;
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
inline bool Merger::Take(int cpu, const capture_record* record, Sink& sink) {
  const uint32_t type = record->type_and_length >> 24;
  const RecordView view{.time_ns = record->time_ns,
                        .length = record->type_and_length & 0xffffff,
                        .wire_length = record->wire_length,
                        .payload = reinterpret_cast<const std::byte*>(record + 1)};
  return Dispatch(cpu, type, view, sink);
}

template <typename Sink>
inline bool Merger::TakeRun(size_t index, uint64_t limit_ns, Sink& sink, uint64_t* count) {
  const Lane lane = lanes_[index];
  uint64_t* const stored_cursor = &cursors_[index];
  for (uint64_t cursor = *stored_cursor; cursor != lane.head;) {
    const capture_record* record = RecordAt(lane.data, cursor);
    if (record->time_ns > limit_ns) return true;
    Prefetch(record);
    if (!Take(static_cast<int>(index), record, sink)) return false;
    cursor += SizeOf(record);
    *stored_cursor = cursor;
    ++*count;
  }
  return true;
}

}  // namespace dns_monitor
