#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "dns_monitor/writer/io_backend.h"

namespace dns_monitor {
namespace {

class PwriteBackend final : public IoBackend {
 public:
  const char* name() const override { return "pwrite"; }
  int wait_fd() const override { return -1; }

  void Start(const IoRequest& request) override {
    const auto length = static_cast<off_t>(request.length);
    int64_t result = 0;
    if (request.kind == IoRequest::Kind::kAllocate) {
      result = fallocate(request.fd, FALLOC_FL_KEEP_SIZE, request.offset, length);
    } else if (request.offset < 0) {
      result = WriteToStream(request);
    } else {
      result = pwrite(request.fd, request.data, request.length, request.offset);
    }
    result_ = result < 0 ? -errno : result;
  }

  std::optional<int64_t> Finished() override { return std::exchange(result_, std::nullopt); }

 private:
  // A pipe that is ready takes PIPE_BUF bytes without blocking (pipe(7)); whoever reads it may
  // stand still for long.
  static int64_t WriteToStream(const IoRequest& request) {
    pollfd ready{.fd = request.fd, .events = POLLOUT, .revents = 0};
    if (poll(&ready, 1, 0) == 0) {
      errno = EAGAIN;
      return -1;
    }
    return write(request.fd, request.data, std::min<size_t>(request.length, PIPE_BUF));
  }

  std::optional<int64_t> result_;
};

}  // namespace

std::unique_ptr<IoBackend> MakePwriteBackend() {
  return std::make_unique<PwriteBackend>();
}

}  // namespace dns_monitor
