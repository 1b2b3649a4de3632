#include "dns_monitor/writer/buffer_pool.h"

#include <sys/mman.h>

#include <new>

namespace dns_monitor {

BufferPool::BufferPool(int cpu_count) : buffers_(kBufferCount) {
  // mmap aligns to pages; populated, so that no fault falls into the packet's way.
  void* memory = mmap(nullptr, kBufferBytes * kBufferCount, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<std::byte*>(memory);
  free_.reserve(kBufferCount);
  for (size_t index = kBufferCount; index-- > 0;) {
    Buffer& buffer = buffers_[index];
    buffer.data = memory_ + index * kBufferBytes;
    buffer.index = static_cast<int>(index);
    buffer.sealed.tails.resize(cpu_count);
    free_.push_back(&buffer);
  }
}

BufferPool::~BufferPool() {
  munmap(memory_, kBufferBytes * kBufferCount);
}

Buffer* BufferPool::Take(Segment* segment, int64_t file_offset) {
  if (free_.empty()) return nullptr;
  Buffer* buffer = free_.back();
  free_.pop_back();
  buffer->used = 0;
  buffer->written = 0;
  buffer->segment = segment;
  buffer->file_offset = file_offset;
  buffer->ends_segment = false;
  return buffer;
}

std::vector<iovec> BufferPool::Iovecs() const {
  std::vector<iovec> iovecs;
  for (const Buffer& buffer : buffers_) iovecs.push_back({buffer.data, kBufferBytes});
  return iovecs;
}

}  // namespace dns_monitor
