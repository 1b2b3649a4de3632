// The one line on the terminal that is refreshed each second.
#pragma once

#include <cstdint>
#include <string>

namespace dns_monitor {

struct StatusSample {
  int64_t time_ns = 0;  // CLOCK_BOOTTIME
  uint64_t matched = 0;
  uint64_t written = 0;
  uint64_t lost = 0;
  std::string file;  // of the current segment; empty for a stream
  int64_t file_bytes = 0;
  bool failing = false;
};

// Lives while a capture runs; log lines are written above it. One thread.
class StatusLine {
 public:
  StatusLine() = default;
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  // Shows the sample, with the rate since the one before.
  void Show(const StatusSample& sample);
  // What was shown last, of any length.
  std::string Text() const;

  // The line without escape sequences, clipped to `columns`.
  static std::string Format(const StatusSample& sample, double packets_per_second, int columns);

 private:
  StatusSample last_;
  double packets_per_second_ = 0;
};

}  // namespace dns_monitor
