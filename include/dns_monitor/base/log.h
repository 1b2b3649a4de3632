// One line an event on standard error.
#pragma once

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace dns_monitor {

// syslog's severities, whose numbers journald reads from "<6>" (sd-daemon(3)).
enum class Severity { kError = 3, kWarning = 4, kInfo = 6 };

// Writes one line. With the journal on standard error (JOURNAL_STREAM matches it, systemd.exec(5))
// each carries "<N>" in front; by hand it carries "dns-monitor: ". Control characters in `text` are
// escaped. Thread-safe; one write(2) a line.
void Log(Severity severity, absl::string_view text);

// Writes `text` as it is: lines that are for a person, such as a summary.
void LogText(absl::string_view text);

// Keeps `line` on the terminal below all other lines, in place of the one before; empty removes it.
// Without a terminal on standard error nothing is shown.
void ShowStatus(absl::string_view line);

// While one lives, the functions above hand over what they have to a thread, and never wait for
// standard error: a terminal that was stopped (Ctrl-S) or a pipe that nobody reads holds up nobody
// but that thread. Lines that it cannot take any more are counted, and the count is logged.
class LogThread {
 public:
  LogThread();
  // Waits until everything is written, kPatienceMs at most. What is not written by then is given
  // up, with all that is logged later.
  ~LogThread();
  LogThread(const LogThread&) = delete;
  LogThread& operator=(const LogThread&) = delete;

  static constexpr int kPatienceMs = 3000;
  static constexpr int kMaxLines = 1000;  // that wait
};

// In tests: lines go to `sink` instead. An empty function restores standard error.
void SetLogSink(std::function<void(Severity, absl::string_view)> sink);

template <typename... Args>
void LogInfo(const Args&... args) {
  Log(Severity::kInfo, absl::StrCat(args...));
}
template <typename... Args>
void LogWarning(const Args&... args) {
  Log(Severity::kWarning, absl::StrCat(args...));
}
template <typename... Args>
void LogError(const Args&... args) {
  Log(Severity::kError, absl::StrCat(args...));
}

}  // namespace dns_monitor
