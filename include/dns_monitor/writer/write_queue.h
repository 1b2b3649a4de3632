// Brings buffers into files, in order, whatever the disk answers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "absl/container/inlined_vector.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/writer/buffer_pool.h"
#include "dns_monitor/writer/io_backend.h"

namespace dns_monitor {

// Told by the queue; called from within Pump, on the writer's thread.
class WriteObserver {
 public:
  virtual ~WriteObserver() = default;
  // Everything that `checkpoint` covers is in the file.
  virtual void OnCheckpoint(const Checkpoint& checkpoint) = 0;
  // The last byte of the segment is in the file.
  virtual void OnSegmentWritten(Segment* segment) = 0;
};

// Where buffers go when they are full: the queue itself, or the compressor in front of it. The
// writer thread's alone.
class BufferSink {
 public:
  virtual ~BufferSink() = default;
  // The buffer is complete: it will be in the file whole, and is returned to its pool.
  virtual void Seal(Buffer* buffer) = 0;
  // What `buffer`, the one that is being filled, holds now is to be in the file soon. `safe` is
  // copied; false when an earlier flush is still under way (ask again later).
  virtual bool Flush(Buffer* buffer, const Checkpoint& safe) = 0;
  // Takes results, starts what comes next. Never waits.
  virtual void Pump() = 0;
  virtual bool idle() const = 0;
  // Drops all that is not written, and returns the buffers. The first segment keeps what was
  // written of its buffer (Segment::rescued). The segments whose buffers were sealed, in their
  // order; none when there was only a flush. The next write is tried after a pause.
  virtual absl::InlinedVector<Segment*, kBufferCount> GiveUp() = 0;
  // Drops all that is not written: the disk failed for too long at the end. Requests under way are
  // waited for by the backend's own end.
  virtual void Abandon() = 0;
};

// The writer thread's alone. Full blocks go through the segment's O_DIRECT descriptor; what is
// short of a block (the file's tail, a flush of little) goes through the page cache, so that the
// file never has a byte that is no packet's.
//
// A write that fails is tried again, with growing pauses: the buffers, and then the rings, hold
// what comes meanwhile. Where it is not for want of room, it may be the file that cannot be written
// any more: after some attempts the queue waits for GiveUp, to go on with another one.
class WriteQueue final : public BufferSink {
 public:
  WriteQueue(IoBackend* backend, const Clock* clock, BufferPool* pool, WriteObserver* observer);

  void Seal(Buffer* buffer) override;
  bool Flush(Buffer* buffer, const Checkpoint& safe) override;
  void Pump() override;

  bool idle() const override { return !in_flight_ && count_ == 0 && !flush_.buffer; }
  // Of all buffers since the beginning: whether the disk is moving.
  uint64_t bytes_written() const { return bytes_written_; }
  bool failing() const { return failures_ > 0; }
  // Why the segment that is being written is given up; nullopt: it is not.
  std::optional<int> broken() const { return broken_; }
  absl::InlinedVector<Segment*, kBufferCount> GiveUp() override;
  // What keeps buffers from becoming free at `now_ns` (CLOCK_BOOTTIME), as the filter counts it.
  capture_lost Trouble(int64_t now_ns) const;
  // Since when nothing has been written though there is something; 0 while that is less than
  // kStalledNs.
  int64_t stalled_since_ns(int64_t now_ns) const;

  static constexpr int64_t kStalledNs = kNanosecondsPerSecond;
  // Whoever read the stream has gone (EPIPE): nothing more can be written.
  bool stream_closed() const { return stream_closed_; }
  // When to call Pump again if nothing else happens (CLOCK_BOOTTIME); 0: no need.
  int64_t retry_at_ns() const { return retry_at_ns_; }
  void Abandon() override;

 private:
  struct FlushTarget {
    Buffer* buffer = nullptr;
    size_t to = 0;  // of the buffer
    Checkpoint safe;
  };
  struct InFlight {
    IoRequest request;
    Buffer* buffer = nullptr;
    bool direct = false;
  };

  Buffer* Front() { return count_ == 0 ? nullptr : sealed_[first_ % kBufferCount]; }
  void StartNext();
  void StartWrite(Buffer* buffer, size_t to);
  bool StartAllocation(Segment* segment, int64_t end);
  void OnResult(int64_t result);
  void OnFailure(int error, const Segment& segment);
  void OnRecovery();
  // `buffer` has been written further: tells what depends on that.
  void Advance(Buffer* buffer);
  void PopFront();

  IoBackend* const backend_;
  const Clock* const clock_;
  BufferPool* const pool_;
  WriteObserver* const observer_;
  std::array<Buffer*, kBufferCount> sealed_{};  // a ring, in the order of the file
  size_t first_ = 0;
  size_t count_ = 0;
  FlushTarget flush_;
  std::optional<InFlight> in_flight_;
  uint64_t bytes_written_ = 0;
  bool direct_refused_ = false;  // by write: for all segments
  bool stream_closed_ = false;
  std::optional<int> broken_;  // errno
  int failures_ = 0;           // in a row
  int last_error_ = 0;
  int64_t moved_at_ns_ = 0;  // when something was written last, or there came to be something
  int64_t failing_since_ns_ = 0;
  int64_t retry_at_ns_ = 0;
};

}  // namespace dns_monitor
