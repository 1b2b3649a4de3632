#include <fcntl.h>
#include <liburing.h>

#include <iterator>

#include "dns_monitor/base/status.h"
#include "dns_monitor/writer/io_backend.h"

namespace dns_monitor {
namespace {

constexpr unsigned kQueueEntries = 4;
// Regular files that grow are written by the kernel's worker threads; one is enough for one
// request.
constexpr unsigned kBoundedWorkers = 1;
constexpr unsigned kUnboundedWorkers = 1;

class UringBackend final : public IoBackend {
 public:
  UringBackend() = default;
  UringBackend(const UringBackend&) = delete;
  UringBackend& operator=(const UringBackend&) = delete;
  ~UringBackend() override {
    if (open_) io_uring_queue_exit(&ring_);
  }

  absl::Status Open(absl::Span<const iovec> buffers) {
    const int error = io_uring_queue_init(kQueueEntries, &ring_, IORING_SETUP_R_DISABLED);
    if (error < 0) return ErrnoError("io_uring", -error);
    open_ = true;
    unsigned workers[2] = {kBoundedWorkers, kUnboundedWorkers};
    io_uring_register_iowq_max_workers(&ring_, workers);  // since 5.15; without, it is only a hint
    // Registered buffers are pinned once instead of at each write. RLIMIT_MEMLOCK may refuse that;
    // plain writes from the same memory do then.
    fixed_ = io_uring_register_buffers(&ring_, buffers.data(),
                                       static_cast<unsigned>(buffers.size())) == 0;
    return Restrict();
  }

  const char* name() const override { return "io_uring"; }
  int wait_fd() const override { return ring_.ring_fd; }

  void Start(const IoRequest& request) override {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);  // never full: one request at a time
    const auto offset = static_cast<__u64>(request.offset);
    const auto length = static_cast<unsigned>(request.length);
    if (request.kind == IoRequest::Kind::kAllocate) {
      io_uring_prep_fallocate(sqe, request.fd, FALLOC_FL_KEEP_SIZE, request.offset,
                              static_cast<off_t>(request.length));
    } else if (fixed_) {
      io_uring_prep_write_fixed(sqe, request.fd, request.data, length, offset,
                                request.buffer_index);
    } else {
      io_uring_prep_write(sqe, request.fd, request.data, length, offset);
    }
    Submit();
  }

  std::optional<int64_t> Finished() override {
    if (unsubmitted_) Submit();
    io_uring_cqe* cqe = nullptr;
    if (io_uring_peek_cqe(&ring_, &cqe) != 0) return std::nullopt;
    const int64_t result = cqe->res;
    io_uring_cqe_seen(&ring_, cqe);
    return result;
  }

 private:
  // From here on the ring takes what Start asks for and nothing else, whoever holds it: no other
  // operation, no flag, no registration (io_uring_register(2), IORING_REGISTER_RESTRICTIONS).
  absl::Status Restrict() {
    io_uring_restriction allowed[2] = {};
    for (io_uring_restriction& one : allowed) one.opcode = IORING_RESTRICTION_SQE_OP;
    allowed[0].sqe_op = fixed_ ? IORING_OP_WRITE_FIXED : IORING_OP_WRITE;
    allowed[1].sqe_op = IORING_OP_FALLOCATE;
    int error = io_uring_register_restrictions(&ring_, allowed, std::size(allowed));
    if (error == 0) error = io_uring_enable_rings(&ring_);
    return error == 0 ? absl::OkStatus() : ErrnoError("restrictions of io_uring", -error);
  }

  // Refused for now (EAGAIN, EBUSY, EINTR): the request stays in the submission queue and goes with
  // the next call. Reporting an error instead could bring it under way twice.
  void Submit() { unsubmitted_ = io_uring_submit(&ring_) < 0; }

  io_uring ring_{};
  bool open_ = false;
  bool fixed_ = false;
  bool unsubmitted_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<IoBackend>> MakeUringBackend(absl::Span<const iovec> buffers) {
  auto backend = std::make_unique<UringBackend>();
  DM_RETURN_IF_ERROR(backend->Open(buffers));
  return backend;
}

}  // namespace dns_monitor
