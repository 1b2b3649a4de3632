// Finds where whole records end: the borders of blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/types/span.h"
#include "dns_monitor/input/pcapng.h"
#include "dns_monitor/input/record_block.h"

namespace dns_monitor {

enum class WalkEnd {
  kLimit,     // the next record would begin at the limit or behind it
  kNeedMore,  // the bytes end within a record, or before one
  kZeros,     // a record header of zeros
  kBad,       // a record header that no writer makes; bad() tells
};

struct WalkedRecords {
  size_t bytes = 0;      // of whole records, from the first byte on
  uint64_t packets = 0;  // in them
  WalkEnd end = WalkEnd::kNeedMore;
};

// Goes over the records of a file, in pieces, each of which begins where the one before ended. One
// thread at a time. What it lets pass is what RecordCursor gives.
class RecordWalker {
 public:
  explicit RecordWalker(const RecordLayout& layout) : layout_(layout) {}

  // The records that begin before `limit`, wherever they end.
  WalkedRecords Walk(absl::Span<const uint8_t> bytes, size_t limit);

  // What is wrong with the record behind those walked over, after kBad: "claims …".
  const std::string& bad() const { return bad_; }
  // What a block needs that begins here (RecordBlock::section); null for pcap.
  std::shared_ptr<const PcapngSection> Section();

 private:
  WalkedRecords WalkPcapng(absl::Span<const uint8_t> bytes, size_t limit);

  RecordLayout layout_;
  PcapngScanner scanner_;
  std::string bad_;
};

}  // namespace dns_monitor
