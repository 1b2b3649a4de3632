// What makes the blocks of one file: a kind for each way in which files are stored.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "block_memory.h"
#include "dns_monitor/input/block_source.h"
#include "open_capture.h"
#include "record_walker.h"

namespace dns_monitor {

// What blocks are made with. All pointers outlive the maker.
struct BlockContext {
  const PlannedFile* file = nullptr;
  size_t block_bytes = 0;
  TimeRange range;
  std::shared_ptr<BlockMemory> memory;
  // About the file, which they name; any thread. What is damaged is an error, unless the caller
  // skips what cannot be read.
  std::function<void(const std::string&)> note;
  std::function<void(const std::string&)> damaged;
  std::function<void(int64_t)> progress;  // so many of the stored bytes are claimed
};

// Which of a file's pieces a thread has claimed, where there is something left to do for it.
struct BlockTicket {
  size_t piece = 0;
  bool unfinished = false;
};

class FileBlocks {
 public:
  virtual ~FileBlocks() = default;

  // The next block: its bytes, section, memory, and whether it is the last one. False when there is
  // none. One thread at a time. The errors of the system; Cancelled.
  virtual absl::StatusOr<bool> Claim(RecordBlock* block, BlockTicket* ticket) = 0;
  // What is to be done without the lock, before the block is given, when the ticket says so. Any
  // thread, also several at once; each ticket once, also after an error of another one.
  virtual absl::Status Finish(const BlockTicket& /*ticket*/, RecordBlock* /*block*/) {
    return absl::OkStatus();
  }
  // Stretches of an index that are not read because of the range.
  virtual uint64_t stretches_skipped() const { return 0; }
};

// The maker for what was opened; a note when an index turns out not to fit. The errors of the
// system.
absl::StatusOr<std::unique_ptr<FileBlocks>> MakeFileBlocks(BlockContext context,
                                                           OpenedCapture opened);

// Ends a note of damage: where the next record begins cannot be known.
inline constexpr char kNotRead[] = "; what follows is not read";

// Where the records of a file end, and why.
struct RecordsEnd {
  WalkEnd end = WalkEnd::kNeedMore;
  int64_t offset = 0;      // in the content: behind the last whole record
  int64_t rest_bytes = 0;  // behind that
  uint64_t packets = 0;
  std::string bad = {};     // after kBad
  std::string damage = {};  // of what the content is stored in; empty: none
  bool ends_early = false;  // the damage is that there is too little (ContentStream)
  bool only_zeros = false;  // after kZeros: up to the end
};

// Says what is to be said: nothing of a clean end, or of that of a part, which is being written.
// That a file is cut, or ends in zeros (as after a power failure), is a note, and so is anything of
// a part; other damage is more (BlockContext).
void TellEnd(const BlockContext& context, const RecordLayout& layout, const RecordsEnd& end);

}  // namespace dns_monitor
