#include "dns_monitor/writer/buffer_pool.h"

#include <sys/mman.h>

#include <new>

namespace dns_monitor {
namespace {

constexpr size_t kHugePageBytes = size_t{2} << 20;

}  // namespace

BufferPool::BufferPool(int cpu_count, size_t buffer_bytes, size_t count)
    : cpu_count_(cpu_count), pool_bytes_(buffer_bytes * count), buffers_(count) {
  // Huge pages where the kernel has them: with them a buffer is one piece of memory to the disk,
  // and a write takes half the CPU (bench/writer_bench). They need an address aligned to their
  // size.
  mapped_ = mmap(nullptr, pool_bytes_ + kHugePageBytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped_ == MAP_FAILED) throw std::bad_alloc();
  const auto address = reinterpret_cast<uintptr_t>(mapped_);
  memory_ = static_cast<std::byte*>(mapped_) +
            (kHugePageBytes - address % kHugePageBytes) % kHugePageBytes;
  madvise(memory_, pool_bytes_, MADV_HUGEPAGE);
  // Now, so that no fault falls into the packet's way.
  madvise(memory_, pool_bytes_, MADV_POPULATE_WRITE);
  free_.reserve(count);
  for (size_t index = count; index-- > 0;) {
    Buffer& buffer = buffers_[index];
    buffer.data = memory_ + index * buffer_bytes;
    buffer.capacity = buffer_bytes;
    buffer.index = static_cast<int>(index);
    buffer.sealed.tails.resize(cpu_count);
    free_.push_back(&buffer);
  }
}

BufferPool::~BufferPool() {
  munmap(mapped_, pool_bytes_ + kHugePageBytes);
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
  buffer->sealed.segment = nullptr;
  return buffer;
}

std::vector<iovec> BufferPool::Iovecs() const {
  std::vector<iovec> iovecs;
  for (const Buffer& buffer : buffers_) iovecs.push_back({buffer.data, buffer.capacity});
  return iovecs;
}

}  // namespace dns_monitor
