// Who may follow the streams, when several threads read blocks at once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "dns_monitor/input/block_source.h"
#include "dns_monitor/input/record_cursor.h"
#include "dns_monitor/scan/losses.h"
#include "dns_monitor/scan/streams.h"

namespace dns_monitor {

// What of a block waits until the blocks before it are done: its fragments and TCP segments.
struct DeferredBlock {
  RecordBlock block;  // holds the records' memory
  std::vector<CapturedRecord> records;
};

// Fragments and TCP must be taken in the order of the capture; the packets in between need not. So
// blocks are read by any thread, and a lane goes through what of them depends on order: one thread
// at a time is in it. A thread whose block is next enters and takes everything as it comes; one
// that is ahead leaves those records here, and whoever leaves the lane goes on with them. Nobody
// waits. A thread alone is always next, and then everything comes in order.
//
// Thread-safe. What is within the lane belongs to who entered.
class StreamLane {
 public:
  // Blocks are numbered from 0 without holes. True: the caller is within the lane, and calls Leave.
  bool Enter(uint64_t ordinal);
  // Of a block that could not enter.
  void Defer(DeferredBlock deferred);
  // Out of the lane; the block that entered, or was taken, is done.
  void Leave();
  // True: what waits next is in `deferred`, and the caller is within the lane.
  bool EnterDeferred(DeferredBlock* deferred);

  // True, once: all `blocks`, and there are no others, are done, and the caller is within the lane.
  // It never leaves.
  bool EnterLast(uint64_t blocks);

  // Within the lane: the streams of an interface.
  Streams* StreamsOf(const std::string& interface);
  // Within the lane, at the end: what streams of all interfaces still hold. Returns what of them
  // all is lost.
  StreamLosses Finish(WholeMessages* to);

 private:
  std::mutex mutex_;
  uint64_t next_ = 0;
  bool occupied_ = false;
  std::map<uint64_t, DeferredBlock> deferred_;
  std::map<std::string, std::unique_ptr<Streams>> streams_;
};

}  // namespace dns_monitor
