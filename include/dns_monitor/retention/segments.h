// The finished segments of a directory, each with its companions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/disk.h"

namespace dns_monitor {

struct StoredSegment {
  SegmentName name;
  int64_t size_bytes = 0;       // of all its files
  int64_t allocated_bytes = 0;  // what removing them gives back
  // Wall-clock: its last packet, where known, or the last modification of the segment (of ledger
  // and seal, when nothing else is left).
  int64_t last_ns = 0;
  bool companions_only = false;  // a removal was broken off: ledger or seal are left
};

// File servers have clocks of their own.
inline constexpr int64_t kClocksDifferNs = 3600 * kNanosecondsPerSecond;

// The order of deletion: by `last_ns`, which unlike the names steps neither with the zone nor with
// summer time; equal times by name. A time that is yet to come was written before the clock was set
// back to `now_ns`, so it counts as older than all others; else such files would outlive what is
// written from now on. (Up to kClocksDifferNs do not matter.)
bool IsOlder(const StoredSegment& left, const StoredSegment& right, int64_t now_ns);

// Puts the files that belong together into one entry each. What is being written is left out, with
// all that has its name; what is not ours, too. Unordered.
std::vector<StoredSegment> GroupSegments(const std::vector<DirectoryEntry>& entries);

}  // namespace dns_monitor
