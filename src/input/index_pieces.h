// What a ledger's index says of where to read.
#pragma once

#include <cstdint>
#include <vector>

#include "dns_monitor/input/plan.h"

namespace dns_monitor {

// Content of a file that begins with a record.
struct IndexPiece {
  int64_t begin = 0;
  int64_t end = 0;              // where the next record begins that is not of it
  bool follows = false;         // begins where the piece before ends
  uint64_t packets_before = 0;  // in the file
  int64_t first_ns = 0;         // of the stretch that it begins with
  int64_t last_ns = 0;
};

struct IndexPieces {
  std::vector<IndexPiece> pieces;
  uint64_t skipped = 0;  // stretches that lie outside the range
};

// Of a ledger with an index. Pieces of whole stretches, and of `most_bytes` at most unless one
// stretch is more.
IndexPieces MakePieces(const PlannedLedger& ledger, const TimeRange& range, int64_t most_bytes);

// Whether the index leads through a file of this length without a contradiction, as far as that can
// be told without the file.
bool IndexIsSound(const PlannedLedger& ledger);

}  // namespace dns_monitor
