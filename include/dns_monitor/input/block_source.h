// Gives the records of files to threads, block by block.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "dns_monitor/input/plan.h"
#include "dns_monitor/input/record_block.h"
#include "dns_monitor/input/time_range.h"

namespace dns_monitor {

struct BlockOptions {
  // About so much of a file's content makes a block; with a ledger's index, one stretch at least
  // (16 MiB), which is mapped and not copied.
  size_t block_bytes = 4 << 20;
  TimeRange range = {};  // what an index says lies outside is not read
  // What cannot be read, is no capture, or is damaged is a note instead of an error.
  bool skip_unreadable = false;
  // Takes notes as they are made, from the threads that call Next, one at a time.
  std::function<void(std::string)> on_note = {};
};

struct BlockStats {
  uint64_t blocks = 0;             // claimed: all there are, once Next has returned false
  uint64_t bytes = 0;              // of content, in them
  uint64_t stretches_skipped = 0;  // of indices, because of the range
};

// Each file is read once, front to back. Plain files are mapped; those that are being written, and
// those in one piece of compressed data, are read under a lock; frames of zstd with a table
// (compress/seek_table.h) are decoded by the thread that claims them.
//
// A file that is cut, or with skip_unreadable one that is damaged, is read up to there, and a note
// says so:
//     X: ends within a record at byte N, behind M packets
// But for that of a part, whose end is where its whole records end. Data in one piece is given
// before the checksum at its end is known, so its last records before damage can be damaged too.
//
// Takes memory for each block that is held (block_bytes, or the largest record where that is
// more), and what the decompressors need: 128 MiB for windows of zstd, 256 MiB in all for xz.
class BlockSource {
 public:
  // `plan` outlives the source and its blocks.
  static absl::StatusOr<std::unique_ptr<BlockSource>> Open(const InputPlan& plan,
                                                           BlockOptions options);
  virtual ~BlockSource() = default;

  // Claims the next block, in the order of files and offsets; false at the end, and behind an
  // error or Cancel. Each file that can be opened has one block at least, and one that is its last.
  //
  // The error of the system, with the path, when a file cannot be read; InvalidArgument when it is
  // no capture; DataLoss, behind the blocks before, when it is damaged (each time). Any thread.
  // Blocks, as long as a disk or a pipe does.
  virtual absl::StatusOr<bool> Next(RecordBlock* block) = 0;

  // Any thread; also breaks off the waiting for a pipe.
  virtual void Cancel() = 0;

  // Of files as they are stored, as far as blocks of them were claimed; pipes count for nothing.
  // Any thread.
  virtual uint64_t bytes_done() const = 0;
  virtual uint64_t bytes_total() const = 0;
  virtual BlockStats stats() const = 0;
};

}  // namespace dns_monitor
