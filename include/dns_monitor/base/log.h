// One line an event on standard error.
#pragma once

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace dns_monitor {

// syslog's severities, whose numbers journald reads from "<6>" (sd-daemon(3)).
enum class Severity { kError = 3, kWarning = 4, kNotice = 5, kInfo = 6 };

// Writes one line. With the journal on standard error (JOURNAL_STREAM matches it, systemd.exec(5))
// each carries "<N>" in front; by hand it carries "dns-monitor: ". Control characters in `text` are
// escaped. Thread-safe; one write(2) a line.
void Log(Severity severity, absl::string_view text);

// Called before and after each line, so that whoever keeps a status line on the terminal can take
// it away and put it back. Empty functions remove it. Called under the log's lock.
void SetLogFrame(std::function<void()> before, std::function<void()> after);

// Runs `update` under the log's lock, to change what the frame shows.
void UpdateLogFrame(const std::function<void()>& update);

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
