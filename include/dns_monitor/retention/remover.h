// Removes a segment with its companions, and remembers what could not be removed.
//
// The segment goes first, then its seal, at last its ledger. When that is broken off in between,
// what stays is a small ledger that still tells truly what there was, and the next start removes
// it. The other order would leave packets of which nobody could tell any more what had been lost
// among them. A seal that comes after the segment has gone is taken back by who writes it
// (seal/sealer.h), so it must go after the segment here.
// Before both, the journal of the directory notes what goes, so that a later ledger can tell it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/disk.h"
#include "dns_monitor/retention/removal_notes.h"
#include "dns_monitor/retention/segments.h"

namespace dns_monitor {

// One thread at a time.
class Remover {
 public:
  // What became of a segment.
  enum class Outcome {
    kRemoved,
    kWasGone,         // somebody else removed it
    kCompanionsLeft,  // the segment is gone; its ledger or its seal could not be removed
    kFailed,          // nothing could be removed, now or a moment ago
  };

  explicit Remover(const Clock& clock) : clock_(clock) {}

  // Notes and removes the files of `segment` in `directory`, and logs it with `reason`. After a
  // failure it does not try again until a pause is over that doubles each time; a failure is logged
  // once.
  Outcome Remove(Disk& disk, absl::string_view directory, const StoredSegment& segment,
                 absl::string_view reason);
  // Notes what could not be noted when it was removed; makes the journal of `interface`.
  void SaveNotes(Disk& disk, absl::string_view directory, absl::string_view interface) {
    notes_.Save(disk, directory, interface);
  }
  // Forgets failures so old that their segments must be gone.
  void Forget();

 private:
  struct Failure {
    int64_t retry_ns = 0;  // boot time
    int64_t pause_ns = 0;
  };

  Outcome Fail(const std::string& path, const absl::Status& status, Outcome outcome);

  const Clock& clock_;
  RemovalNotes notes_;
  std::map<std::string, Failure> failures_;  // by path without suffixes
  // When a whole directory refuses removals, one line says it, not one a segment.
  std::optional<absl::StatusCode> last_failure_;
};

}  // namespace dns_monitor
