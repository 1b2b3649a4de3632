#include "open_capture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/retry.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

constexpr size_t kHeadBytes = 4096;

Fd OpenPath(const PlannedFile& file) {
  if (file.standard_input) return Fd(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  // O_NOCTTY: a terminal that somebody names does not become ours. O_NONBLOCK: who waits for a
  // pipe's writer is RawInput, which can be told to stop.
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  Fd fd(Retry([&] { return open(file.path.c_str(), kFlags); }));
  absl::string_view finished = file.path;
  if (!fd.valid() && errno == ENOENT && file.part && absl::ConsumeSuffix(&finished, kPartSuffix)) {
    fd = Fd(Retry([&] { return open(std::string(finished).c_str(), kFlags); }));
  }
  if (fd.valid()) fcntl(fd.get(), F_SETFL, 0);
  return fd;
}

absl::StatusOr<OpenedCapture> Look(const PlannedFile& file, Fd fd, int cancel_fd) {
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return ErrnoError("cannot be read");
  if (S_ISDIR(info.st_mode)) return absl::InvalidArgumentError("is a directory");
  DM_ASSIGN_OR_RETURN(ContentStream content, ContentStream::Open(RawInput(fd.get(), cancel_fd)));
  std::vector<uint8_t> head(kHeadBytes);
  DM_ASSIGN_OR_RETURN(const size_t got, content.Read(absl::MakeSpan(head)));
  head.resize(got);
  OpenedCapture opened{.fd = std::move(fd),
                       .regular = S_ISREG(info.st_mode) && !file.standard_input,
                       .stored_bytes = S_ISREG(info.st_mode) ? info.st_size : 0,
                       .content = std::move(content),
                       .head = std::move(head)};
  const absl::StatusOr<CaptureStart> start = ParseCaptureStart(opened.head);
  if (start.ok()) {
    opened.start = *start;
  } else if (!absl::IsOutOfRange(start.status())) {
    return start.status();
  }
  return opened;
}

}  // namespace

absl::Status Locate(const std::string& path, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
}

absl::StatusOr<OpenedCapture> OpenCapture(const PlannedFile& file, int cancel_fd) {
  Fd fd = OpenPath(file);
  if (!fd.valid()) return ErrnoError(file.shown);
  absl::StatusOr<OpenedCapture> opened = Look(file, std::move(fd), cancel_fd);
  if (!opened.ok()) return Locate(file.shown, opened.status());
  return opened;
}

}  // namespace dns_monitor
