#include "dns_monitor/command/command_helper.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/retry.h"
#include "dns_monitor/base/status.h"
#include "helper_process.h"

namespace dns_monitor {
namespace {

// The line with which the helper begins, without its end.
absl::StatusOr<std::string> ReadFirstLine(int fd) {
  std::string line;
  for (char byte = 0;; line.push_back(byte)) {
    const ssize_t got = Retry([&] { return read(fd, &byte, 1); });
    if (got < 0) return ErrnoError("--on-finished");
    if (got == 0) return absl::InternalError("--on-finished: its helper cannot be set up");
    if (byte == '\n') return line;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<CommandHelper>> CommandHelper::Start(const CommandOptions& options,
                                                                    const Privileges& privileges) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return ErrnoError("--on-finished");
  }
  Fd ours(ends[0]);
  Fd theirs(ends[1]);
  const pid_t child = fork();
  if (child < 0) return ErrnoError("--on-finished");
  if (child == 0) RunHelper(std::move(theirs), options, privileges);
  theirs.Reset();
  DM_ASSIGN_OR_RETURN(const std::string wrong, ReadFirstLine(ours.get()));
  if (!wrong.empty()) return absl::FailedPreconditionError(absl::StrCat("--on-finished: ", wrong));
  if (fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) return ErrnoError("--on-finished");
  return std::unique_ptr<CommandHelper>(new CommandHelper(options.command, std::move(ours)));
}

void CommandHelper::Tell(const SegmentName& name) {
  const std::string line = absl::StrCat(name.Pcap(), "\n");
  {
    const std::lock_guard lock(mutex_);
    if (!socket_.valid()) return;  // that it has ended was said
    Flush();
    if (waiting_.size() + line.size() <= kMostWaitingBytes) {
      waiting_.append(line);
      ++unfinished_;
      return Flush();
    }
  }
  LogWarning(command_, " is not run for ", name.Pcap(), ": too many wait for it");
}

void CommandHelper::Flush() {
  while (!waiting_.empty()) {
    const ssize_t done =
        Retry([&] { return write(socket_.get(), waiting_.data(), waiting_.size()); });
    if (done <= 0) return;
    waiting_.erase(0, static_cast<size_t>(done));
  }
  if (finishing_) shutdown(socket_.get(), SHUT_WR);
}

void CommandHelper::OnReadable() {
  if (ended()) return;
  char chunk[4096];
  ssize_t got = 0;
  while ((got = Retry([&] { return read(socket_.get(), chunk, sizeof(chunk)); })) > 0) {
    read_.append(chunk, static_cast<size_t>(got));
    for (size_t end = 0; (end = read_.find('\n')) != std::string::npos; read_.erase(0, end + 1)) {
      OnLine(absl::string_view(read_).substr(0, end));
    }
  }
  if (got == 0 || errno != EAGAIN) return OnEnd();
  const std::lock_guard lock(mutex_);
  Flush();
}

void CommandHelper::OnLine(absl::string_view line) {
  {
    const std::lock_guard lock(mutex_);
    if (unfinished_ > 0) --unfinished_;
  }
  const size_t tab = line.find('\t');
  if (tab == absl::string_view::npos || tab + 1 == line.size()) return;
  LogWarning(command_, " ", line.substr(0, tab), ": ", line.substr(tab + 1));
}

void CommandHelper::OnEnd() {
  size_t unfinished = 0;
  bool expected = false;
  {
    const std::lock_guard lock(mutex_);
    socket_.Reset();
    unfinished = unfinished_;
    expected = finishing_ && unfinished == 0;
  }
  if (expected) return;
  LogError("the helper of --on-finished has died: ", command_, " is not run any more",
           unfinished > 0 ? absl::StrCat(", and not for ", unfinished, " files before") : "");
}

void CommandHelper::Finish() {
  const std::lock_guard lock(mutex_);
  finishing_ = true;
  if (socket_.valid()) Flush();
}

size_t CommandHelper::unfinished() const {
  const std::lock_guard lock(mutex_);
  return unfinished_;
}

}  // namespace dns_monitor
