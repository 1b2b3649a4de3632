#include "dns_monitor/base/log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>

#include "absl/strings/str_format.h"

namespace dns_monitor {
namespace {

struct LogState {
  std::mutex mutex;
  std::function<void()> before;
  std::function<void()> after;
  std::function<void(Severity, absl::string_view)> sink;
};

LogState& State() {
  static auto* state = new LogState;  // never destroyed: threads may log until the very end
  return *state;
}

// systemd.exec(5): JOURNAL_STREAM is "device:inode" of the stream that goes to the journal.
bool StderrIsJournal() {
  const char* stream = getenv("JOURNAL_STREAM");
  struct stat info {};
  if (stream == nullptr || fstat(STDERR_FILENO, &info) != 0) return false;
  return absl::StrCat(info.st_dev, ":", info.st_ino) == stream;
}

// Names of files and interfaces come from outside: none of them may steer a terminal.
void AppendEscaped(absl::string_view text, std::string* out) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppendFormat(out, "\\x%02x", byte);
    } else {
      out->push_back(c);
    }
  }
}

}  // namespace

void Log(Severity severity, absl::string_view text) {
  static const bool journal = StderrIsJournal();
  std::string line =
      journal ? absl::StrFormat("<%d>", static_cast<int>(severity)) : "dns-monitor: ";
  AppendEscaped(text, &line);
  line.push_back('\n');
  LogState& state = State();
  const std::lock_guard lock(state.mutex);
  if (state.sink) {
    state.sink(severity, text);
    return;
  }
  if (state.before) state.before();
  // Nobody can be told when standard error itself fails.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
  if (state.after) state.after();
}

void SetLogFrame(std::function<void()> before, std::function<void()> after) {
  LogState& state = State();
  const std::lock_guard lock(state.mutex);
  state.before = std::move(before);
  state.after = std::move(after);
}

void UpdateLogFrame(const std::function<void()>& update) {
  const std::lock_guard lock(State().mutex);
  update();
}

void SetLogSink(std::function<void(Severity, absl::string_view)> sink) {
  LogState& state = State();
  const std::lock_guard lock(state.mutex);
  state.sink = std::move(sink);
}

}  // namespace dns_monitor
