// What became of the packets between two borders of segments.
#pragma once

#include <array>

#include "dns_monitor/ledger/ledger.h"
#include "dns_monitor/ring/ring_set.h"
#include "dns_monitor/writer/segment.h"

namespace dns_monitor {

// The books at a border between two segments: all counts since the capture began.
struct AccountMark {
  FilterCounters filter;
  uint64_t taken = 0;  // from the rings, into segments

  // Matched, and not in a segment yet.
  uint64_t in_ring() const { return filter.matched - filter.lost_total() - taken; }
};

// Of an assembler.
struct Books {
  AccountMark border;  // the last one
  // Where each of its segments began, and ended.
  std::array<AccountMark, kSegmentCount> begun;
  std::array<AccountMark, kSegmentCount> ended;
};

// `end` is later than `begin`. What only the segment's bytes tell (clipped, late) is left out.
Balance BalanceBetween(const AccountMark& begin, const AccountMark& end);

// The times of the first and the last packet, as the index has them.
void TellTimes(SegmentFacts* facts);

}  // namespace dns_monitor
