// Deletes the oldest finished segments when a limit says so: by age and total size those of one
// interface; for free space the oldest of all live captures on the file system that have a limit on
// it (retention/peers.h). Whatever belongs to none of them stays.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/disk.h"
#include "dns_monitor/retention/own_segments.h"
#include "dns_monitor/retention/owners.h"
#include "dns_monitor/retention/peers.h"
#include "dns_monitor/retention/remover.h"
#include "dns_monitor/retention/segments.h"

namespace dns_monitor {

struct RetentionLimits {
  std::optional<int64_t> max_age_ns;        // of a segment's last packet
  std::optional<int64_t> max_size_bytes;    // of all finished segments of the interface
  std::optional<int64_t> min_free_bytes;    // of the file system …
  std::optional<double> min_free_fraction;  // … or as a part of it (0.05 is 5 %)

  bool any() const { return max_age_ns || max_size_bytes || min_free(); }
  bool min_free() const { return min_free_bytes || min_free_fraction; }
};

// OutOfRange when no file system of the size of `space` can have as much free as `limits` demand,
// so that all segments would be deleted, and in vain. A `space` that is not known is no hindrance.
absl::Status CheckLimits(const RetentionLimits& limits, const absl::StatusOr<DiskSpace>& space);

struct RetentionConfig {
  std::string directory;  // of the disk; absolute and without links (realpath(3))
  std::string interface;
  absl::TimeZone zone;  // of the names
  RetentionLimits limits;
};

// A segment that this process finished.
struct FinishedSegment {
  SegmentName name;
  int64_t size_bytes = 0;      // with its ledger and its seal
  int64_t last_packet_ns = 0;  // wall-clock; 0 when there was no packet: it is as old as now
};

// What to delete, and its deletion. Only finished files are ever touched, and only those whose
// names are exactly of the form in archive/names.h. One thread at a time, but for EndBy; may block
// on the disk.
//
// The limit on size counts the lengths of segments, ledgers and seals, and takes the oldest
// (IsOlder) until the rest fits, be it the newest. Age counts from the last packet; of files from
// before this process it is not known, so there it counts from the last modification, which is when
// they were finished. A file that was copied here may have any such time: for age and size, no
// segment counts as older than its name says, unless the name lies in the future, where a wrong
// clock has put it.
//
// For free space all captures must see the same order, or two of them would both make up for what
// is missing. So there the last modification counts, for our own segments too.
class Retention {
 public:
  // Between two looks at the free space, which costs one system call.
  static constexpr int64_t kLookNs = kNanosecondsPerSecond;
  // Between two passes without a limit on it, and two tries to make space that is not there.
  static constexpr int64_t kIntervalNs = 10 * kNanosecondsPerSecond;
  // Another capture has that long to remove what is its own.
  static constexpr int64_t kPatienceNs = 30 * kNanosecondsPerSecond;

  // `disk`, `peers` and `clock` must outlive it.
  Retention(RetentionConfig config, Disk& disk, Peers& peers, const Clock& clock);

  // Counts `segment` from now on. Once more with the same name replaces what was known of it (it
  // was compressed, say).
  void Add(const FinishedSegment& segment);
  // Deletes what the limits do not allow any more. Reads the directory when it has not yet.
  // Returns after how many nanoseconds at most it wants to be called again.
  int64_t Enforce();
  // From this boot time on, Enforce returns after the deletion that it is at. Any thread.
  void EndBy(int64_t boot_ns) { end_ns_ = boot_ns; }

  int64_t total_bytes() const { return segments_.total_bytes(); }
  size_t segment_count() const { return segments_.count(); }

 private:
  // A segment that might be deleted for free space.
  struct Candidate {
    std::string directory;
    std::shared_ptr<Disk> disk;
    StoredSegment segment;
    bool own = false;  // of our interface, in our directory
  };
  struct Shortage {
    int64_t missing_bytes = 0;  // 0 when the free space suffices, or is not known
    std::string reason;         // the figures
  };

  void Load();
  void Insert(StoredSegment segment);
  void EnforceAge();
  void EnforceSize();
  void EnforceFreeSpace();
  void MakeSpace();
  Shortage LookAtSpace();
  // Oldest first.
  std::vector<Candidate> Candidates();
  // Lists `directory`, for the segments of its interfaces.
  void AppendCandidates(const PeerDirectory& directory, bool own,
                        std::vector<Candidate>* candidates);
  // Returns the bytes that it gave back.
  int64_t Remove(const Candidate& candidate, const std::string& reason);
  Remover::Outcome RemoveOwn(const StoredSegment& segment, const std::string& reason);
  int64_t AgeNs(const StoredSegment& segment) const;
  int64_t NextWaitNs() const;
  bool OutOfTime() const { return clock_.BoottimeNs() >= end_ns_; }

  const RetentionConfig config_;
  Disk& disk_;
  Peers& peers_;
  const Clock& clock_;
  Remover remover_;
  Owners owners_;
  OwnSegments segments_;
  bool loaded_ = false;
  std::atomic<int64_t> end_ns_{std::numeric_limits<int64_t>::max()};
  // Until then, boot time, what was removed last may not have shown in the free space yet.
  int64_t settled_ns_ = 0;
  // Until then, boot time, a shortage that is no greater than this one is left as it is: nothing
  // could be removed.
  int64_t futile_until_ns_ = 0;
  int64_t futile_bytes_ = 0;
  // Said once, until it is over.
  bool load_failure_said_ = false;
  bool list_failure_said_ = false;
  bool space_failure_said_ = false;
  bool shortage_said_ = false;
};

}  // namespace dns_monitor
