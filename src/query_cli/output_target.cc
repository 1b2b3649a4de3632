#include "output_target.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "leftovers.h"

namespace dns_monitor {

absl::StatusOr<OutputTarget> OutputTarget::Open(const std::string& path, const Captures* captures) {
  OutputTarget target;
  target.fd_ = STDOUT_FILENO;
  if (!path.empty()) {
    target.file_ = Fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    target.made_ = target.file_.valid();
    if (!target.made_ && errno == EEXIST) {
      target.file_ = Fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    }
    if (!target.file_.valid()) return ErrnoError(path);
    if (target.made_) SetLeftoverFile(path);
    target.path_ = path;
    target.fd_ = target.file_.get();
  }
  struct stat info {};
  if (captures != nullptr && fstat(target.fd_, &info) == 0 && S_ISREG(info.st_mode) &&
      captures->Reads(info)) {
    return absl::InvalidArgumentError(absl::StrCat(path.empty() ? "standard output" : path,
                                                   " is one of the captures that are asked"));
  }
  target.terminal_ = isatty(target.fd_) == 1;
  winsize size = {};
  if (ioctl(target.fd_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) target.width_ = size.ws_col;
  return target;
}

OutputTarget::~OutputTarget() {
  if (!file_.valid() || !made_ || kept_) return;
  unlink(path_.c_str());
  SetLeftoverFile("");
}

void OutputTarget::Keep() {
  kept_ = true;
  SetLeftoverFile("");
}

absl::Status OutputTarget::Begin() {
  if (begun_) return absl::OkStatus();
  begun_ = true;
  struct stat info {};
  if (!file_.valid() || fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) return absl::OkStatus();
  return ftruncate(fd_, 0) == 0 ? absl::OkStatus() : ErrnoError(path_);
}

}  // namespace dns_monitor
