// A file in memory, without a copy.
#pragma once

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
  void Expect(size_t offset, size_t bytes) const;
  // Keeps the mapping, and gives these pages of it back when the last copy goes.
  std::shared_ptr<const void> Hold(absl::Span<const uint8_t> bytes);

 private:
  FileMapping(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  const uint8_t* const data_;
  const size_t size_;
};

}  // namespace dns_monitor
