#include "raw_input.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "dns_monitor/base/retry.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {

absl::StatusOr<size_t> RawInput::ReadSome(absl::Span<uint8_t> to) {
  // A regular file is always ready.
  pollfd ready[] = {{.fd = fd_, .events = POLLIN, .revents = 0},
                    {.fd = cancel_fd_, .events = POLLIN, .revents = 0}};
  if (Retry([&] { return poll(ready, 2, -1); }) < 0) return ErrnoError("cannot wait");
  if (ready[1].revents != 0) return absl::CancelledError("cancelled");
  const ssize_t got = Retry([&] { return read(fd_, to.data(), to.size()); });
  if (got < 0) return ErrnoError("cannot read");
  return static_cast<size_t>(got);
}

absl::StatusOr<absl::Span<const uint8_t>> RawInput::Peek(size_t wanted) {
  if (buffer_ == nullptr) buffer_.reset(new uint8_t[kInputBytes]);
  if (to_ - from_ < wanted) {
    memmove(buffer_.get(), buffer_.get() + from_, to_ - from_);
    to_ -= std::exchange(from_, 0);
  }
  while (to_ - from_ < wanted) {
    DM_ASSIGN_OR_RETURN(const size_t got, ReadSome({buffer_.get() + to_, kInputBytes - to_}));
    if (got == 0) break;
    to_ += got;
  }
  return absl::Span<const uint8_t>(buffer_.get() + from_, to_ - from_);
}

void RawInput::Skip(size_t bytes) {
  from_ += bytes;
  offset_ += static_cast<int64_t>(bytes);
}

absl::StatusOr<size_t> RawInput::Read(absl::Span<uint8_t> to) {
  size_t got = std::min(to.size(), to_ - from_);
  if (got > 0) {
    memcpy(to.data(), buffer_.get() + from_, got);
    from_ += got;
  } else if (!to.empty()) {
    DM_ASSIGN_OR_RETURN(got, ReadSome(to));
  }
  offset_ += static_cast<int64_t>(got);
  return got;
}

}  // namespace dns_monitor
