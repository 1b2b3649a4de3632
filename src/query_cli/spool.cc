#include "spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/retry.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

bool IsPipe(const std::string& path) {
  struct stat info {};
  return path == "-" || (stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode));
}

// To the end of `from`, which is called `name`, to a file in `directory`.
absl::Status Copy(const std::string& name, int from, const std::string& directory, int to) {
  constexpr size_t kPieceBytes = 1 << 20;
  std::vector<char> piece(kPieceBytes);
  for (;;) {
    const ssize_t got = Retry([&] { return read(from, piece.data(), piece.size()); });
    if (got < 0) return ErrnoError(absl::StrCat(name, ": cannot be read"));
    if (got == 0) return absl::OkStatus();
    for (ssize_t done = 0; done < got;) {
      const ssize_t written =
          Retry([&] { return write(to, piece.data() + done, static_cast<size_t>(got - done)); });
      if (written < 0) {
        return ErrnoError(absl::StrCat(name, ": its copy in ", directory,
                                       " cannot be written (TMPDIR names another directory)"));
      }
      done += written;
    }
  }
}

}  // namespace

absl::Status SpoolPipes(Watch* watch, InputOptions* input) {
  for (size_t i = 0; i < input->paths.size(); ++i) {
    std::string& path = input->paths[i];
    if (!IsPipe(path)) continue;
    DM_ASSIGN_OR_RETURN(const std::string directory, watch->TemporaryDirectory());
    const bool standard_input = path == "-";
    const std::string name = standard_input ? "standard input" : path;
    const std::string spooled = absl::StrCat(directory, "/pipe", i);
    const Fd from(standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                 : Retry([&] { return open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
    if (!from.valid()) return ErrnoError(name);
    const Fd to(open(spooled.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!to.valid()) return ErrnoError(spooled);
    DM_RETURN_IF_ERROR(Copy(name, from.get(), directory, to.get()));
    input->names[spooled] = name;
    path = spooled;
  }
  return absl::OkStatus();
}

}  // namespace dns_monitor
