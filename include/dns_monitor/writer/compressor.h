// Makes frames of the assembler's buffers, on threads of its own, and brings them to the queue.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dns_monitor/base/clock.h"
#include "dns_monitor/writer/buffer_pool.h"
#include "dns_monitor/writer/write_queue.h"

namespace dns_monitor {

class FrameWorkers;
struct MadeFrame;

struct CompressorOptions {
  int level = 3;       // kLowestLevel to kHighestLevel (compress/frame_encoder.h)
  size_t threads = 1;  // at most kMostCompressorThreads
};
inline constexpr size_t kMostCompressorThreads = 8;

// How much content a frame has at most: what a reader has to decode to find one packet.
inline constexpr size_t kFrameBytes = size_t{1} << 20;
// Of the buffers that frames are written from.
inline constexpr size_t kFramesBufferBytes = size_t{2} << 20;

// The writer thread's alone; its workers never touch a segment or a buffer's bookkeeping.
//
// Each buffer that is sealed becomes a frame, in order, whichever worker has made it. What a
// checkpoint covers is safe where a frame ends: its length is that of the file there. A flush makes
// what the frame has so far readable in the file; it moves no checkpoint.
//
// How many buffers wait is bounded by their pool; what comes meanwhile waits in the rings. When
// these fill because the workers do not keep up, frames are made at lower levels, step by step,
// down to frames that hold their content as it is; and at higher ones again once they do.
class Compressor final : public BufferSink {
 public:
  // All outlive this. `frames`: the assembler's buffers, of kFrameBytes; `written`: the queue's.
  // `wake_fd`: an eventfd of the writer's, raised when there is something to be taken by Pump.
  Compressor(const CompressorOptions& options, const Clock* clock, BufferPool* frames,
             BufferPool* written, WriteQueue* queue, int wake_fd);
  ~Compressor() override;

  // Starts the threads. Once.
  void Start();

  void Seal(Buffer* buffer) override;
  bool Flush(Buffer* buffer, const Checkpoint& safe) override;
  void Pump() override;
  bool idle() const override;
  absl::InlinedVector<Segment*, kBufferCount> GiveUp() override;
  void Abandon() override;

  // How full the fullest ring is, from 0 to 1. Each round.
  void set_ring_fill(double fill) { ring_fill_ = fill; }
  // Whether the frame of this buffer, which is being filled, was flushed so often that it must end.
  bool IsWornOut(const Buffer& buffer) const;
  // How many of the capture's packets a decoder finds in files, those of a frame that has not ended
  // included.
  uint64_t readable_packets() const { return readable_packets_; }
  // Of the next frame.
  int level() const { return steps_[step_]; }

  // How many buffers a pool of frames should have.
  static size_t FrameCount(size_t threads) { return 4 + 2 * threads; }

 private:
  struct Frame;

  Frame& FrameOf(Buffer* buffer);
  void Give(Frame* frame, bool ends);
  bool IsDone(const Frame& frame) const;
  bool AllDone() const;
  // Takes what the workers have made. False: there is no buffer for it now.
  bool CopyOut(Frame* frame);
  void EndFrame();
  void SealOut(bool ends_segment);
  void FlushOut();
  // Of the segment that is being written; one without a segment when no frame of it has ended.
  void Mark(Checkpoint* mark) const;
  void ChooseLevel();
  // Of steps_, for rings as full as they are.
  size_t LowestStep() const;
  void Drop();

  const CompressorOptions options_;
  const Clock* const clock_;
  BufferPool* const frame_pool_;
  BufferPool* const pool_;
  WriteQueue* const queue_;
  std::unique_ptr<Frame[]> frames_;  // by the index of their buffer
  std::unique_ptr<FrameWorkers> workers_;
  // In the order of the file; the last one may be flushed only. Capacity for all.
  std::vector<Frame*> under_way_;
  size_t next_worker_ = 0;

  Buffer* out_ = nullptr;  // being filled with frames
  int64_t out_offset_ = 0;
  int64_t stored_bytes_ = 0;    // of the segment's frames that have ended
  Checkpoint ended_;            // where the last of them did
  Checkpoint flushing_;         // of FlushOut; here for its memory
  uint64_t given_packets_ = 0;  // to the workers, since the capture began
  uint64_t readable_packets_ = 0;
  int64_t dirty_since_ns_ = 0;  // something in out_ is to be flushed; 0: nothing

  std::vector<int> steps_;  // the level that was asked for, and lower ones
  size_t step_ = 0;
  double ring_fill_ = 0;
  size_t calm_ = 0;    // frames in a row for which the workers had time
  size_t patience_;    // how many of these make the level rise
  size_t since_rise_;  // frames
};

}  // namespace dns_monitor
