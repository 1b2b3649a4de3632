#include "spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/retry.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/output/byte_sink.h"

namespace dns_monitor {
namespace {

bool IsPipe(const std::string& path) {
  struct stat info {};
  return path == "-" || (stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode));
}

absl::Status Copy(int from, int to) {
  constexpr size_t kPieceBytes = 1 << 20;
  std::vector<char> piece(kPieceBytes);
  FdSink sink(to);
  for (;;) {
    const ssize_t got = Retry([&] { return read(from, piece.data(), piece.size()); });
    if (got < 0) return ErrnoError("cannot be read");
    if (got == 0) return absl::OkStatus();
    DM_RETURN_IF_ERROR(sink.Write({piece.data(), static_cast<size_t>(got)}));
  }
}

}  // namespace

absl::Status SpoolPipes(Watch* watch, std::vector<std::string>* paths) {
  for (size_t i = 0; i < paths->size(); ++i) {
    std::string& path = (*paths)[i];
    if (!IsPipe(path)) continue;
    DM_ASSIGN_OR_RETURN(const std::string directory, watch->TemporaryDirectory());
    const std::string spooled = path == "-" ? absl::StrCat(directory, "/standard input")
                                            : absl::StrCat(directory, "/pipe", i);
    const Fd from(path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                              : Retry([&] { return open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
    if (!from.valid()) return ErrnoError(path);
    const Fd to(open(spooled.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!to.valid()) return ErrnoError(spooled);
    const absl::Status copied = Copy(from.get(), to.get());
    if (!copied.ok())
      return absl::Status(copied.code(), absl::StrCat(path, ": ", copied.message()));
    path = spooled;
  }
  return absl::OkStatus();
}

}  // namespace dns_monitor
