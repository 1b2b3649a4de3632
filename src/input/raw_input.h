// The bytes of a file or pipe as they are, in their order.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace dns_monitor {

// One thread at a time.
class RawInput {
 public:
  // Both stay the caller's. Waits for a pipe until it has something, or `cancel_fd` (an eventfd;
  // -1: none) is raised.
  RawInput(int fd, int cancel_fd) : fd_(fd), cancel_fd_(cancel_fd) {}

  // What comes next: at least `wanted` bytes, of at most kInputBytes, unless all ends before. Valid
  // until the next call of any other method. Cancelled, or the error of the system.
  absl::StatusOr<absl::Span<const uint8_t>> Peek(size_t wanted);
  // Moves on behind bytes that were there to be seen.
  void Skip(size_t bytes);
  // Moves on by reading some: 0 at the end.
  absl::StatusOr<size_t> Read(absl::Span<uint8_t> to);

  // How far it has moved on.
  int64_t offset() const { return offset_; }

  static constexpr size_t kInputBytes = 256 << 10;

 private:
  absl::StatusOr<size_t> ReadSome(absl::Span<uint8_t> to);

  const int fd_;
  const int cancel_fd_;
  std::unique_ptr<uint8_t[]> buffer_;  // of kInputBytes, once it is needed
  size_t from_ = 0;                    // in buffer_: not moved over yet
  size_t to_ = 0;
  int64_t offset_ = 0;
};

}  // namespace dns_monitor
