// The finished segments of a directory, each with its companions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/disk.h"

namespace dns_monitor {

struct StoredSegment {
  SegmentName name;
  int64_t size_bytes = 0;       // of all its files
  int64_t allocated_bytes = 0;  // what removing them gives back
  // Wall-clock: its last packet, where known, or the last modification of the segment (of the
  // ledger, when nothing else is left).
  int64_t last_ns = 0;
  bool ledger_only = false;  // a removal was broken off
};

// Older first: by start, then by ordinal; interfaces in a fixed order behind that.
bool IsOlder(const SegmentName& left, const SegmentName& right);

// Puts the files that belong together into one entry each. What is being written is left out, with
// all that has its name; what is not ours, too. Unordered.
std::vector<StoredSegment> GroupSegments(const std::vector<DirectoryEntry>& entries);

}  // namespace dns_monitor
