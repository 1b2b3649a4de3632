// Runs a command for each finished segment (--on-finished), in a process that has nothing of the
// capture's.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/sandbox/privileges.h"

namespace dns_monitor {

struct CommandOptions {
  std::string command;    // a program; looked up in PATH when it has no slash
  std::string directory;  // of the segments; absolute
  std::string interface;
  std::optional<Account> account;  // whose process it is; none: unchanged
};

// The helper is forked while there is one thread and nothing is open but the capture's directory.
// It closes all descriptors but standard error and its socket, drops all privileges, leaves the
// session, so that a terminal's Ctrl-C is not for it, and then runs `COMMAND DIRECTORY/NAME` for
// each name that it is told: one at a time, in order, at nice 19, without a shell. It takes no name
// but those of finished segments of the interface. What it was told it runs to the end, also when
// the capture has died.
//
// The socket carries names there, a line each, and back a line for each command that has ended
// (src/command/helper_process.h). The end of the helper is the socket's end. SIGCHLD should be
// ignored, so that nobody must wait for it, and SIGPIPE, as it may die at any time.
class CommandHelper {
 public:
  static constexpr size_t kMostWaitingBytes = size_t{64} << 10;  // of names, beside the socket's

  // An error when there is no such program, or the helper cannot be made. The calling process has
  // one thread.
  static absl::StatusOr<std::unique_ptr<CommandHelper>> Start(const CommandOptions& options,
                                                              const Privileges& privileges);

  // The segment has its name. Any thread; waits for nobody: what the socket does not take is kept,
  // as far as kMostWaitingBytes go, and beyond that the log says that the command is not run.
  void Tell(const SegmentName& name);

  // The rest is for one thread.
  // Readable when a command has ended, or the helper.
  int fd() const { return socket_.get(); }
  // Logs what went wrong. Closes the descriptor once the helper has ended.
  void OnReadable();
  // No Tell comes any more: the helper ends when it has done what it was told.
  void Finish();
  bool ended() const { return !socket_.valid(); }
  // How many segments the command has not been run for yet.
  size_t unfinished() const;

 private:
  CommandHelper(std::string command, Fd socket)
      : command_(std::move(command)), socket_(std::move(socket)) {}

  void OnLine(absl::string_view line);
  void OnEnd();
  // Writes what the socket takes. Under mutex_.
  void Flush();

  const std::string command_;
  std::string read_;  // of a line that has not come to its end
  mutable std::mutex mutex_;
  Fd socket_;               // changed under mutex_
  std::string waiting_;     // lines that the socket has not taken; under mutex_
  size_t unfinished_ = 0;   // under mutex_
  bool finishing_ = false;  // under mutex_
};

}  // namespace dns_monitor
