// One pcap file while it is made.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/compress/seek_table.h"
#include "dns_monitor/ledger/ledger.h"

namespace dns_monitor {

inline constexpr size_t kSegmentCount = 8;  // open, being finished, or free

// What a segment came to, for the log, the ledger and the retention.
struct SegmentFacts {
  SegmentName name;
  int64_t length_bytes = 0;  // of the pcap file, before compression
  uint64_t packets = 0;
  uint64_t clipped = 0;
  uint64_t late = 0;         // came after a younger packet had been written
  std::vector<Loss> losses;  // as the rings told them
  std::vector<Gap> gaps;     // of which the writer knows
  // From here on: there once the segment has ended. Times as the file has them, 0 without packets.
  int64_t first_packet_ns = 0;
  int64_t last_packet_ns = 0;
  Balance balance;
  std::vector<IndexEntry> index;
  int64_t ledger_bytes = 0;  // once it is finished; 0: it has none
  std::string damage;        // why it ends before its time, or may not be whole; empty: neither
  // None: those of the capture.
  std::optional<LedgerSettings> settings;
  // Of a compressed one: those that are in the file, the level that was asked for, and the lowest.
  std::vector<FrameSize> frames;
  uint32_t level = 0;
  uint32_t lowest_level = 0;
  // Of the interface, when the segment was opened, and when it had ended; its index then, or 0.
  std::optional<InterfaceCounters> interface_begin;
  std::optional<InterfaceCounters> interface_end;
  uint32_t ifindex = 0;

  // Of the packets' bytes in the file.
  int64_t stored_bytes() const { return name.compressed ? StoredBytes(frames) : length_bytes; }
  // Of the whole file, once it is finished.
  int64_t file_bytes() const {
    return name.compressed ? stored_bytes() + SeekTableBytes(frames.size()) : length_bytes;
  }
};

// Belongs to one thread at a time: the writer passes it to the finisher to be opened and to be
// finished, and gets it back each time.
struct Segment {
  SegmentFacts facts;
  int64_t from_ns = 0;                                  // CLOCK_REALTIME; packets: from <= time
  int64_t to_ns = std::numeric_limits<int64_t>::max();  // time < to

  uint64_t inode = 0;   // once it is opened
  bool stream = false;  // standard output: no file, no name, no finishing
  bool opened = false;  // the descriptors are there
  Fd buffered;
  Fd direct;  // O_DIRECT; none where the file system refuses it
  int64_t allocated_bytes = 0;
  // Of a damaged one: what may have been in the page cache alone, from this offset on. A direct
  // write that fails takes it out of there. Whole blocks, with zeros behind the last byte: to write
  // a part of one, the disk would be asked for the rest.
  std::string rescued;
  int64_t rescued_offset = 0;
};

}  // namespace dns_monitor
