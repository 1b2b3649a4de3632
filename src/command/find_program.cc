#include "find_program.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

// 0 when this user can run it, else an errno.
int ErrorOfRunning(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return errno;
  if (!S_ISREG(info.st_mode)) return EACCES;
  return faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

}  // namespace

absl::StatusOr<std::string> FindProgram(const std::string& command) {
  if (absl::StrContains(command, '/')) {
    if (const int error = ErrorOfRunning(command); error != 0) return ErrnoError(command, error);
    return std::filesystem::absolute(command).string();
  }
  const char* path = getenv("PATH");
  int error = ENOENT;
  for (const absl::string_view place :
       absl::StrSplit(path == nullptr ? "/bin:/usr/bin" : path, ':')) {
    const std::string file = absl::StrCat(place.empty() ? "." : place, "/", command);
    const int one = command.empty() ? ENOENT : ErrorOfRunning(file);
    if (one == 0) return std::filesystem::absolute(file).string();
    if (one == EACCES && error == ENOENT) error = one;
  }
  if (error != ENOENT) return ErrnoError(command, error);
  return absl::NotFoundError(absl::StrCat("there is no program '", command, "' in PATH"));
}

}  // namespace dns_monitor
