// Who may follow the streams, when several threads read blocks at once.
#pragma once

#include <chrono>
#include <condition_variable>
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
// that is ahead leaves those records here, and whoever leaves the lane goes on with them. A thread
// alone is always next, and then everything comes in order.
//
// What is left here holds its block's memory, so there is an end to it: a thread that is ahead by
// kMostDeferred blocks waits for the lane; where that does not get on for kPatience, as whoever is
// next may itself be waiting for this thread (the engine's tasks share threads), it does no more,
// and the others do the rest.
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
  static constexpr size_t kMostDeferred = 8;
  static constexpr std::chrono::milliseconds kPatience{500};

  enum class Next : uint8_t {
    kDeferred,  // what waits next is in `deferred`, and the caller is within the lane
    kNewBlock,  // a block that nobody has claimed
    kNothing,   // not for this thread
  };
  // What the caller, who is not within the lane, shall do next. May wait.
  Next NextFor(DeferredBlock* deferred);

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
  std::condition_variable changed_;
  uint64_t next_ = 0;
  bool occupied_ = false;
  std::map<uint64_t, DeferredBlock> deferred_;
  std::map<std::string, std::unique_ptr<Streams>> streams_;
};

}  // namespace dns_monitor
