#include "output_target.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dns_monitor/base/status.h"

namespace dns_monitor {

absl::StatusOr<OutputTarget> OpenOutputTarget(const std::string& path) {
  OutputTarget target;
  target.fd = STDOUT_FILENO;
  if (!path.empty()) {
    target.file = Fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (target.file.get() == -1) return ErrnoError(path);
    target.fd = target.file.get();
  }
  target.terminal = isatty(target.fd) == 1;
  winsize size = {};
  if (ioctl(target.fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) target.width = size.ws_col;
  return target;
}

}  // namespace dns_monitor
