// The seam through which packets reach a file descriptor.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace dns_monitor {

struct IoRequest {
  enum class Kind {
    kWrite,     // length bytes of data at offset
    kAllocate,  // fallocate(2) with FALLOC_FL_KEEP_SIZE: length bytes from offset
  };
  Kind kind = Kind::kWrite;
  int fd = -1;
  const std::byte* data = nullptr;
  int buffer_index = 0;  // of the registered buffer that data lies in
  size_t length = 0;     // bytes
  int64_t offset = 0;    // in the file; -1 for a stream
};

// One request at a time is under way: writes that extend a file must not overtake each other, or a
// reader could see a hole (ARCHITECTURE.md, "One write in flight"). One thread.
class IoBackend {
 public:
  virtual ~IoBackend() = default;
  virtual const char* name() const = 0;
  // Starts a request; only when none is under way.
  virtual void Start(const IoRequest& request) = 0;
  // The result of the request once it is done, and only once: bytes written (0 for kAllocate), or
  // a negative errno. Never waits.
  virtual std::optional<int64_t> Finished() = 0;
  // Becomes readable when a request is done; -1 when Start itself has done the work.
  virtual int wait_fd() const = 0;
};

// io_uring, with `buffers` registered (IORING_OP_WRITE_FIXED). Fails where the kernel refuses it
// (kernel.io_uring_disabled, seccomp, ENOSYS).
absl::StatusOr<std::unique_ptr<IoBackend>> MakeUringBackend(absl::Span<const iovec> buffers);
// pwrite(2), within Start: the fall-back.
std::unique_ptr<IoBackend> MakePwriteBackend();

}  // namespace dns_monitor
