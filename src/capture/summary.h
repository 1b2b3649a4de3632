// What a capture came to, in words.
#pragma once

#include <string>

#include "dns_monitor/ring/ring_set.h"

namespace dns_monitor {

struct CaptureTotals {
  FilterCounters filter;
  uint64_t written = 0;
  uint64_t late = 0;
  uint64_t lost_by_writer = 0;  // taken from a ring, but not written to the end
  bool stream = false;          // to standard output, not to files
  bool handed_over = false;     // another process reads on
  bool reader_gone = false;     // whoever read the stream has closed it

  // What the rings still held when the capture ended before they were empty (--count, handed_over).
  uint64_t in_ring() const;
};

// Several lines in tcpdump's manner, each ended by a newline: captured, seen, lost by cause.
std::string FormatSummary(const CaptureTotals& totals);

}  // namespace dns_monitor
