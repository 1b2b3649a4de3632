// What is in files for sure, kept where it outlives the process: in the rings' control map.
//
// While a service manager holds the socket and the maps, the filter goes on filling the rings with
// no process there. Whoever comes next takes up what the last commit says: each packet is then in
// exactly one file, however the process before has ended.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"
#include "dns_monitor/ledger/ledger.h"
#include "dns_monitor/ring/ring_set.h"
#include "dns_monitor/writer/account.h"
#include "dns_monitor/writer/buffer_pool.h"
#include "dns_monitor/writer/segment.h"

namespace dns_monitor {

enum class CommitState : uint64_t {
  kNone,
  kOpened,    // its file is there, and nothing of what may be in it counts
  kCurrent,   // counts up to its length
  kComplete,  // as kCurrent, and nothing is to come
};

inline constexpr uint64_t kFirstNumber = 1;

// Losses of one cause.
struct CommittedLosses {
  uint64_t losses = 0;  // how many
  uint64_t count = 0;   // packets
  int64_t from_ns = 0;
  int64_t to_ns = 0;
};

struct CommittedGap {
  int64_t from_ns = 0;
  int64_t to_ns = 0;
  uint64_t reason = 0;    // GapReason
  uint64_t has_step = 0;  // 0 or 1
  int64_t step_ns = 0;
};

// One segment that has not got its name yet. Of a part with the same name the one with the higher
// number is meant.
struct CommittedSegment {
  CommitState state = CommitState::kNone;
  uint64_t number = 0;  // kFirstNumber: nothing was captured before
  char part[64] = "";   // its name
  uint64_t inode = 0;
  int64_t from_ns = 0;
  int64_t to_ns = 0;
  int64_t length_bytes = 0;  // of the file, at a record's border, or a frame's
  uint64_t packets = 0;
  uint64_t clipped = 0;
  uint64_t late = 0;
  Balance balance;  // kComplete
  std::array<CommittedLosses, kLossCauseNames.size()> losses{};
  uint64_t gap_count = 0;
  std::array<CommittedGap, 8> gaps{};  // the first ones
  uint64_t has_interface_begin = 0;
  InterfaceCounters interface_begin;
  char damage[64] = "";

  std::vector<Loss> Losses() const;
  std::vector<Gap> Gaps() const;
};

// Of all its segments. A filter that is longer is cut, with dots at the end.
struct CommittedSettings {
  uint64_t port_count = 0;
  std::array<uint16_t, CAPTURE_MAX_PORTS> ports{};
  uint32_t direction = 0;  // CapturedDirection
  uint32_t snaplen = 0;
  uint8_t promiscuous = 0;
  uint8_t icmp_errors = 0;
  uint8_t nanoseconds = 0;
  char filter[1024] = "";
  uint8_t hook = 0;  // 1 + CapturedHook; 0: not known

  LedgerSettings Settings() const;
};

// The hook took a byte that was padding.
static_assert(sizeof(CommittedSettings) == 1080);

// How many segments of earlier processes may be unfinished; one more has to wait for them.
inline constexpr size_t kInheritedCount = 16;

// The layout is shared with whoever comes next: a change of it is another CAPTURE_ABI_VERSION.
struct CommitRecord {
  uint64_t sequence = 0;  // the highest counts; 0: being written, or never
  uint64_t taken = 0;     // packets that were taken from the rings since they were made
  // Where the current segment begins: the books, and the time.
  AccountMark border;
  int64_t from_ns = 0;
  // Of the assembler, at the last packet that is committed (Checkpoint).
  uint64_t last_time_ns = 0;
  int64_t wall_offset_ns = 0;
  int64_t tai_offset_ns = 0;
  int64_t stepped_at_ns = 0;
  CommittedSettings settings;
  std::array<CommittedSegment, kSegmentCount + kInheritedCount> segments;
  // Behind it: the tail of each ring.
};
static_assert(std::is_trivially_copyable_v<CommitRecord>);
static_assert(sizeof(CommitRecord) <= kCommitFixedBytes);

// Where a process goes on that takes over the rings of another one.
struct Succession {
  CommitRecord record;  // without segments
  // The parts that are left, each with its end, or (kOpened) to be removed.
  std::vector<CommittedSegment> segments;
  LedgerSettings settings;  // of those
  // The books of the process that comes begin here.
  AccountMark begin;
};

// Reads what the process before has committed, moves the tails to it, and closes the books of the
// segment that it was writing. nullopt: there is nothing to go on from. No other process uses the
// rings any more, but for the filter.
std::optional<Succession> TakeOver(RingSet* rings);

// The writer thread's alone, but for OnInheritedDone.
class CommitLog {
 public:
  // `rings` outlives this. `before`: nullptr when there is none. `is_start`: a capture begins with
  // these rings.
  CommitLog(RingSet* rings, const LedgerSettings& settings, const Succession* before,
            bool is_start = true);

  // Nothing is written yet: the first segment begins at this time.
  void Begin(int64_t from_ns, const Checkpoint& mark);
  // Of the segment's file, nothing counts.
  void OnOpened(size_t slot, const Segment& segment);
  // What `mark` covers is in the file of the segment, which began at `begun`.
  void OnCheckpoint(size_t slot, const Segment& segment, const AccountMark& begun,
                    const Checkpoint& mark);
  // All of it is, and it ended at `ended`.
  void OnComplete(size_t slot, const Segment& segment, const AccountMark& ended);
  // It has its name, or was discarded.
  void OnGone(size_t slot);
  // A part that the process before left is a segment now, or removed. Any thread.
  void OnInheritedDone(absl::string_view part);
  // What OnInheritedDone told is committed now; else with whatever comes next.
  void Flush() { Publish(); }

 private:
  // Where whoever comes next goes on.
  void Place(int64_t from_ns, const Checkpoint& mark);
  void Describe(size_t slot, const Segment& segment);
  void Publish();

  RingSet* const rings_;
  CommitRecord record_;
  std::vector<uint64_t> tails_;
  uint64_t taken_before_;
  uint64_t numbers_ = 0;
  uint32_t copy_ = 0;  // the next to be written
  std::array<std::string, kInheritedCount> inherited_;
  std::array<std::atomic<bool>, kInheritedCount> inherited_done_{};
};

}  // namespace dns_monitor
