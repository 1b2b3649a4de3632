#include "dns_monitor/base/read_at.h"

#include <unistd.h>

#include "dns_monitor/base/retry.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {

absl::StatusOr<size_t> ReadAt(int fd, int64_t offset, absl::Span<char> to) {
  size_t done = 0;
  while (done < to.size()) {
    const ssize_t got = Retry([&] {
      return pread(fd, to.data() + done, to.size() - done, offset + static_cast<int64_t>(done));
    });
    if (got < 0) return ErrnoError("cannot read");
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

ReadAtFunction ReadFrom(int fd) {
  return [fd](int64_t offset, absl::Span<char> to) { return ReadAt(fd, offset, to); };
}

}  // namespace dns_monitor
