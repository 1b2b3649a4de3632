// The captures that a session asks: which files, which times, which ports.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dns_monitor/dns/name.h"
#include "dns_monitor/input/block_source.h"
#include "dns_monitor/input/plan.h"
#include "dns_monitor/query/table.h"
#include "dns_monitor/scan/scanner.h"

namespace dns_monitor {

struct CaptureOptions {
  InputOptions input;
  std::vector<uint16_t> ports;  // instead of what the ledgers say; none: as they say
  NameEscapes escapes = NameEscapes::kRfc4343;
  int threads = 1;
  int64_t now_ns = 0;  // what "24h" counts back from
  // Takes what is not as it should be, each note once: from any thread, one at a time.
  std::function<void(const std::string&)> on_note;
};

// A scan with all that it reads from.
struct OpenScan {
  std::shared_ptr<const InputPlan> plan;
  std::shared_ptr<BlockSource> source;
  std::unique_ptr<Scan> scan;
};

struct ReadProgress {
  uint64_t done_bytes = 0;
  uint64_t total_bytes = 0;
};

// Thread-safe, but for PlanAgain.
class Captures {
 public:
  // Plans, and tells the plan's notes. The errors of PlanInput.
  static absl::StatusOr<std::unique_ptr<Captures>> Open(const CaptureOptions& options);
  // Looks again which files there are: segments come and go while somebody asks. Between two
  // statements only. `now_ns` is what the times of requests count back from. The errors of
  // PlanInput, after which the captures are as they were.
  absl::Status PlanAgain(int64_t now_ns);

  const CaptureOptions& options() const { return options_; }
  // The session's files, or those that the request names, within its times. InvalidArgument for
  // times and ports that cannot be read; the errors of PlanInput.
  absl::StatusOr<std::shared_ptr<const InputPlan>> PlanFor(const TableRequest& request) const;
  // Likewise, but of all times: of a time in which no packet came, only ledgers tell. What cannot
  // be read is left out.
  absl::StatusOr<std::shared_ptr<const InputPlan>> PlanOfAllTimes(
      const TableRequest& request) const;
  // The request's times within the session's. InvalidArgument for what cannot be read.
  absl::StatusOr<TimeRange> RangeFor(const TableRequest& request) const;
  absl::StatusOr<OpenScan> OpenFor(const TableRequest& request, ScanFor what) const;

  // Of all scans that are open.
  ReadProgress progress() const;
  // Ends them: what is read next is their end, which is not that of the captures. None is opened
  // any more until Resume.
  void Cancel() const;
  bool cancelled() const { return cancelled_; }
  void Resume() const { cancelled_ = false; }

  // Whether that file is one of the session's.
  bool Reads(const struct stat& file) const;

 private:
  explicit Captures(const CaptureOptions& options);
  absl::StatusOr<std::shared_ptr<const InputPlan>> PlanFor(InputOptions input,
                                                           const TableRequest& request) const;
  // FailedPrecondition when one of them was read already, and cannot be again.
  absl::Status NoteReading(const InputPlan& plan) const;
  std::vector<std::shared_ptr<BlockSource>> LiveSources() const;

  const CaptureOptions options_;
  int64_t now_ns_ = 0;
  std::shared_ptr<const InputPlan> plan_;
  mutable std::mutex mutex_;
  mutable std::vector<std::weak_ptr<BlockSource>> sources_;
  mutable std::set<std::string> read_;  // of what can be read once
  mutable std::atomic<bool> cancelled_ = false;
};

// "53", "53,5353". InvalidArgument says which is no port.
absl::StatusOr<std::vector<uint16_t>> ParsePorts(absl::string_view text);

}  // namespace dns_monitor
