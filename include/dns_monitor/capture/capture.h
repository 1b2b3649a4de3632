// A capture from beginning to end: the one place where the stages are wired together.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/retention/retention.h"
#include "dns_monitor/sandbox/privileges.h"
#include "dns_monitor/tap/tap.h"
#include "dns_monitor/writer/compressor.h"

namespace dns_monitor {

struct CaptureOptions {
  std::string interface;
  bool wait = false;      // for an interface that does not exist yet
  TapOptions tap;         // its interface is filled in from the name
  std::string directory;  // empty: one stream to standard output
  absl::Duration rotate = absl::Hours(24);
  bool utc = false;  // borders and names in UTC instead of local time
  int64_t max_segment_bytes = std::numeric_limits<int64_t>::max();
  bool nanoseconds = false;
  int64_t flush_ns = kNanosecondsPerSecond;
  uint32_t mode = 0640;
  int64_t group = -1;                            // -1: as created
  std::optional<CompressorOptions> compression;  // none: files are as they are
  bool seal = false;                             // each finished file with its SHA-256
  std::string on_finished;  // a command to run for each finished file; empty: none
  RetentionLimits retention;
  uint64_t max_packets = std::numeric_limits<uint64_t>::max();
  int64_t duration_ns = 0;         // 0: until a signal
  std::optional<Account> account;  // whose process it becomes once it is open; none: unchanged
  bool sandbox = true;             // false, for debugging: keeps its privileges, all is allowed

  bool stream() const { return directory.empty(); }
};

// Captures until SIGINT, SIGTERM, the count, the duration or the end of the stream's reader, then
// prints the summary to standard error. While it waits for its interface, a signal ends it without
// one. SIGHUP rotates. Call it from the main thread, before other threads exist: it blocks these
// signals for all. An error means that the capture could not begin, or that something of it was
// lost at the end.
absl::Status RunCapture(const CaptureOptions& options);

}  // namespace dns_monitor
