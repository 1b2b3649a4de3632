// The memory between the rings and the file.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dns_monitor/writer/segment.h"

namespace dns_monitor {

// Of those that are written. Also the size of a write: each costs a wake-up of the writer and of
// io_uring's worker, and the disk's interrupt. Of 1 MiB they cost 6 ns a packet flat out, of 4
// MiB 3.
inline constexpr size_t kBufferBytes = size_t{4} << 20;
inline constexpr size_t kBufferCount = 4;
// Of memory, offset and length for O_DIRECT: covers 512-byte and 4096-byte sectors.
inline constexpr size_t kDirectAlignBytes = 4096;

// Between two records: what is safe once certain bytes are in the file, and where the assembler can
// go back to when those behind them will never be.
struct Checkpoint {
  const Segment* segment = nullptr;  // nullptr: nothing is safe
  uint64_t packets = 0;              // since the capture began, all in files
  int64_t length_bytes = 0;          // of the segment, at a record's border
  int64_t stored_bytes = 0;          // of its file: the same, or where a frame ends
  std::vector<uint64_t> tails;       // of each ring: everything before is in the file
  // Of the assembler:
  uint64_t late = 0;
  uint64_t last_time_ns = 0;
  int64_t wall_offset_ns = 0;
  int64_t tai_offset_ns = 0;
  int64_t stepped_at_ns = 0;
  // Of the segment's facts:
  uint64_t segment_packets = 0;
  uint64_t segment_clipped = 0;
  uint64_t segment_late = 0;
  size_t losses = 0;
  size_t gaps = 0;
};

// A stretch of one segment. Filled from the front by the assembler; written by the queue, or made a
// frame by the compressor, which fills others with it.
struct Buffer {
  std::byte* data = nullptr;
  size_t capacity = 0;
  int index = 0;  // as registered with the backend
  size_t used = 0;
  size_t written = 0;  // of used: in the file, or given to be compressed
  Segment* segment = nullptr;
  int64_t file_offset = 0;
  bool ends_segment = false;
  Checkpoint sealed;  // safe once all of it is written

  size_t room() const { return capacity - used; }
};

// All buffers of one kind, allocated once. The writer thread's alone.
class BufferPool {
 public:
  explicit BufferPool(int cpu_count, size_t buffer_bytes = kBufferBytes,
                      size_t count = kBufferCount);
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // nullptr when all are in use.
  Buffer* Take(Segment* segment, int64_t file_offset);
  void Return(Buffer* buffer) { free_.push_back(buffer); }
  size_t available() const { return free_.size(); }
  size_t count() const { return buffers_.size(); }
  int cpu_count() const { return cpu_count_; }
  // For registering with io_uring: one iovec a buffer.
  std::vector<iovec> Iovecs() const;

 private:
  const int cpu_count_;
  const size_t pool_bytes_;
  void* mapped_;
  std::byte* memory_;  // within it, aligned
  std::vector<Buffer> buffers_;
  std::vector<Buffer*> free_;  // capacity for all
};

}  // namespace dns_monitor
