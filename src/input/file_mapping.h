// A file in memory, without a copy.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/types/span.h"

namespace dns_monitor {

class FileMapping : public std::enable_shared_from_this<FileMapping> {
 public:
  // Null when the file system refuses. `bytes` > 0. To be used for files alone that do not become
  // shorter: what then is touched behind their end ends the process (SIGBUS).
  static std::shared_ptr<FileMapping> Map(int fd, size_t bytes);
  ~FileMapping();
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;

  absl::Span<const uint8_t> bytes() const { return {data_, size_}; }
  // Lets the disk begin with that much, and does not wait.
  void Expect(size_t offset, size_t bytes) const { Advise(offset, bytes, MADV_WILLNEED); }
  // Makes these pages ready at once, which is cheaper than a fault each 64 KiB; waits for the disk
  // where they would be waited for anyway. Kernels before 5.14 do not know it.
  void Prepare(size_t offset, size_t bytes) const { Advise(offset, bytes, MADV_POPULATE_READ); }
  // Keeps the mapping, and gives these pages of it back when the last copy goes.
  std::shared_ptr<const void> Hold(absl::Span<const uint8_t> bytes);

 private:
  void Advise(size_t offset, size_t bytes, int advice) const;

  FileMapping(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  const uint8_t* const data_;
  const size_t size_;
};

}  // namespace dns_monitor
