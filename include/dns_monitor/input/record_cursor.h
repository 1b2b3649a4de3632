// Walks over the records of a block.
#pragma once

#include <cstdint>
#include <cstring>

#include "dns_monitor/base/clock.h"
#include "dns_monitor/input/captured_record.h"
#include "dns_monitor/input/pcapng.h"
#include "dns_monitor/input/record_block.h"
#include "dns_monitor/input/time_range.h"

namespace dns_monitor {

// One thread. The block outlives it. Reads within the block's bytes whatever these are, also when
// a mapped file changes meanwhile.
class RecordCursor {
 public:
  explicit RecordCursor(const RecordBlock& block, TimeRange range = {});

  // The next record whose time lies in the range; its bytes are the block's. False at the end.
  bool Next(CapturedRecord* record) {
    if (pcapng_) return NextOfPcapng(record);
    while (static_cast<size_t>(end_ - at_) >= header_bytes_) {
      // The first cache line of a record a few records ahead: where one lies is not known before
      // the lengths in between are.
      __builtin_prefetch(at_ + kAheadBytes);
      uint32_t seconds = Load(at_);
      uint32_t fraction = Load(at_ + 4);
      uint32_t captured = Load(at_ + 8);
      uint32_t original = Load(at_ + 12);
      if (swapped_) {
        seconds = __builtin_bswap32(seconds);
        fraction = __builtin_bswap32(fraction);
        captured = __builtin_bswap32(captured);
        original = __builtin_bswap32(original);
      }
      const uint8_t* const bytes = at_ + header_bytes_;
      if (captured > static_cast<size_t>(end_ - bytes)) break;
      at_ = bytes + captured;
      const int64_t time_ns =
          int64_t{seconds} * kNanosecondsPerSecond + int64_t{fraction} * unit_ns_;
      if (!Wanted(time_ns)) continue;
      record->bytes = {bytes, captured};
      record->wire_length = original;
      record->time_ns = time_ns;
      record->link_type = link_type_;
      return true;
    }
    at_ = end_;
    return false;
  }

 private:
  static constexpr size_t kAheadBytes = 768;

  static uint32_t Load(const uint8_t* from) {
    uint32_t value;
    memcpy(&value, from, sizeof(value));
    return value;
  }
  // TimeRange::Contains in one comparison: without sign, what lies before wraps round.
  bool Wanted(int64_t time_ns) const {
    return static_cast<uint64_t>(time_ns) - from_ns_ < range_ns_;
  }
  bool NextOfPcapng(CapturedRecord* record);

  const uint8_t* at_;
  const uint8_t* const end_;
  const uint32_t header_bytes_;
  const uint32_t unit_ns_;
  const uint32_t link_type_;
  const bool swapped_;
  const bool pcapng_;
  const uint64_t from_ns_;
  const uint64_t range_ns_;
  PcapngScanner scanner_;
};

}  // namespace dns_monitor
