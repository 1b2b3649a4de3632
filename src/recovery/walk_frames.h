// One pass over a compressed part that a crash left: which frames are kept, and what is to be made
// a frame of anew.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dns_monitor/base/read_at.h"
#include "dns_monitor/compress/seek_table.h"
#include "walk.h"

namespace dns_monitor {

struct WalkedFrames {
  bool has_header = false;  // false: no record can be there, and nothing else is
  Walked walked;            // of the content; its end is that of the frames and the rest
  std::vector<FrameSize> frames;
  // The records behind them: of a frame that was flushed, and not ended.
  std::string rest;
  int64_t cut_bytes = 0;  // of the content, or, where that cannot be read, of the file
};

// Reads a part of `stored_bytes`. DataLoss when it is damaged in a way that no crash does it: there
// is more behind than a frame. The errors of `read`; Cancelled as WalkRecords.
absl::StatusOr<WalkedFrames> WalkFrames(const ReadAtFunction& read, int64_t stored_bytes,
                                        const std::function<bool()>& cancelled);

}  // namespace dns_monitor
