#include "file_mapping.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace dns_monitor {
namespace {

uintptr_t PageBytes() {
  static const auto page_bytes = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  return page_bytes;
}

// Those pages that lie in `bytes` with all of theirs: others are in use by the blocks beside.
void GiveBack(absl::Span<const uint8_t> bytes) {
  const auto begin = reinterpret_cast<uintptr_t>(bytes.data());
  const uintptr_t from = (begin + PageBytes() - 1) / PageBytes() * PageBytes();
  const uintptr_t to = (begin + bytes.size()) / PageBytes() * PageBytes();
  if (from < to) madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
}

}  // namespace

std::shared_ptr<FileMapping> FileMapping::Map(int fd, size_t bytes) {
  void* const data = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) return nullptr;
  madvise(data, bytes, MADV_SEQUENTIAL);
  return std::shared_ptr<FileMapping>(new FileMapping(static_cast<const uint8_t*>(data), bytes));
}

FileMapping::~FileMapping() {
  munmap(const_cast<uint8_t*>(data_), size_);
}

void FileMapping::Advise(size_t offset, size_t bytes, int advice) const {
  const size_t from = offset / PageBytes() * PageBytes();
  if (from >= size_) return;
  const size_t length = std::min(offset - from + bytes, size_ - from);
  madvise(const_cast<uint8_t*>(data_) + from, length, advice);
}

std::shared_ptr<const void> FileMapping::Hold(absl::Span<const uint8_t> bytes) {
  return {bytes.data(), [mapping = shared_from_this(), bytes](const void*) { GiveBack(bytes); }};
}

}  // namespace dns_monitor
