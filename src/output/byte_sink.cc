#include "dns_monitor/output/byte_sink.h"

#include <unistd.h>

#include <cerrno>

#include "absl/strings/cord.h"
#include "dns_monitor/base/retry.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

// A code alone would not do: ErrnoError gives each to several errors.
constexpr absl::string_view kReaderIsGone = "dns-monitor/reader-is-gone";

}  // namespace

absl::Status FdSink::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = Retry([&] { return write(fd_, bytes.data(), bytes.size()); });
    if (written < 0 && errno == EPIPE) {
      absl::Status status = absl::AbortedError("nobody reads the output any more");
      status.SetPayload(kReaderIsGone, absl::Cord());
      return status;
    }
    if (written < 0) return ErrnoError("cannot write the output");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

bool ReaderIsGone(const absl::Status& status) {
  return status.GetPayload(kReaderIsGone).has_value();
}

}  // namespace dns_monitor
