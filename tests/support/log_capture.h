// Collects the log's lines for a test, and lets standard error alone meanwhile.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "dns_monitor/base/log.h"

namespace dns_monitor {

// One at a time. Thread-safe.
class LogCapture {
 public:
  LogCapture() {
    SetLogSink([this](Severity, absl::string_view text) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(text);
    });
  }
  ~LogCapture() { SetLogSink({}); }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  std::vector<std::string> Lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  // How many lines contain `text`.
  int Count(const std::string& text) const {
    const std::lock_guard lock(mutex_);
    int count = 0;
    for (const std::string& line : lines_) count += line.find(text) != std::string::npos ? 1 : 0;
    return count;
  }
  void Clear() {
    const std::lock_guard lock(mutex_);
    lines_.clear();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace dns_monitor
