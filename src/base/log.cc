#include "dns_monitor/base/log.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>

#include "absl/strings/str_format.h"
#include "dns_monitor/base/thread.h"

namespace dns_monitor {
namespace {

constexpr char kEraseLine[] = "\r\x1b[K";

struct LogState {
  std::mutex mutex;
  std::function<void(Severity, absl::string_view)> sink;
  std::string status;             // as it shall be shown …
  std::string shown;              // … and as it is
  std::deque<std::string> lines;  // that wait for the thread
  uint64_t dropped = 0;           // since the thread wrote last
  bool threaded = false;
  bool writing = false;  // the thread is
  bool ending = false;
  std::condition_variable work;
  std::condition_variable idle;
  std::thread thread;
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

std::string FormatLine(Severity severity, absl::string_view text) {
  static const bool journal = StderrIsJournal();
  std::string line =
      journal ? absl::StrFormat("<%d>", static_cast<int>(severity)) : "dns-monitor: ";
  AppendEscaped(text, &line);
  line.push_back('\n');
  return line;
}

// May wait for as long as standard error likes. Nobody can be told when it fails.
void WriteAll(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return;
    }
  }
}

// What brings `lines` and then the status to the terminal. Under the mutex.
std::string Compose(LogState* state, absl::string_view lines) {
  std::string text = state->shown.empty() ? "" : kEraseLine;
  absl::StrAppend(&text, lines, state->status);
  state->shown = state->status;
  return text;
}

bool HasWork(const LogState& state) {
  return !state.lines.empty() || state.dropped > 0 || state.status != state.shown;
}

void RunLogThread(LogState* state) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    state->work.wait(lock, [state] { return state->ending || HasWork(*state); });
    if (!HasWork(*state)) return;
    std::string lines;
    if (!state->lines.empty()) {
      lines = std::move(state->lines.front());
      state->lines.pop_front();
    } else if (state->dropped > 0) {
      lines = FormatLine(Severity::kWarning, absl::StrCat(state->dropped,
                                                          " lines were not logged: standard error "
                                                          "did not take them"));
      state->dropped = 0;
    }
    const std::string text = Compose(state, lines);
    state->writing = true;
    lock.unlock();
    WriteAll(text);
    lock.lock();
    state->writing = false;
    state->idle.notify_all();
  }
}

void Put(std::string lines) {
  LogState& state = State();
  const std::lock_guard lock(state.mutex);
  if (!state.threaded) {
    WriteAll(Compose(&state, lines));
  } else if (state.dropped > 0 || state.lines.size() >= LogThread::kMaxLines) {
    ++state.dropped;
  } else {
    state.lines.push_back(std::move(lines));
    state.work.notify_one();
  }
}

}  // namespace

void Log(Severity severity, absl::string_view text) {
  LogState& state = State();
  {
    const std::lock_guard lock(state.mutex);
    if (state.sink) {
      state.sink(severity, text);
      return;
    }
  }
  Put(FormatLine(severity, text));
}

void LogText(absl::string_view text) {
  Put(std::string(text));
}

void ShowStatus(absl::string_view line) {
  static const bool terminal = isatty(STDERR_FILENO) != 0;
  if (!terminal) return;
  LogState& state = State();
  const std::lock_guard lock(state.mutex);
  state.status = std::string(line);
  if (state.threaded) {
    state.work.notify_one();
  } else if (HasWork(state)) {
    WriteAll(Compose(&state, ""));
  }
}

LogThread::LogThread() {
  LogState& state = State();
  const std::lock_guard lock(state.mutex);
  state.threaded = true;
  state.ending = false;
  state.thread = StartThread("log", [&state] { RunLogThread(&state); });
}

LogThread::~LogThread() {
  LogState& state = State();
  std::unique_lock lock(state.mutex);
  state.ending = true;
  state.work.notify_one();
  const bool done = state.idle.wait_for(lock, std::chrono::milliseconds(kPatienceMs),
                                        [&state] { return !state.writing && !HasWork(state); });
  if (!done) {
    // It stands in write(2), and so would whoever wrote next. The process is about to end.
    state.thread.detach();
    return;
  }
  state.threaded = false;
  lock.unlock();
  state.thread.join();
}

void SetLogSink(std::function<void(Severity, absl::string_view)> sink) {
  LogState& state = State();
  const std::lock_guard lock(state.mutex);
  state.sink = std::move(sink);
}

}  // namespace dns_monitor
