// What a capture does at its start about the parts that a crash left.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/disk.h"
#include "dns_monitor/ledger/ledger.h"
#include "dns_monitor/recovery/salvage.h"

namespace dns_monitor {

// What the file and its name tell, and the gap from the last packet to `now_ns` (CLOCK_REALTIME).
// The filter's counters died with the process: matched is what was written. Left to the caller are
// sequence, previous, ifindex, host, program_version, removed, and the settings but for snap length
// and unit. `zone`: of the names.
Ledger LedgerOf(const SalvagedPart& part, absl::TimeZone zone, int64_t now_ns);

// Of a part: how far it counts, and what its process knew of it. Its ledger is left to that, but
// for what only the file tells.
struct KnownPart {
  CommittedPart end;
  Ledger ledger;
};

struct RecoveryOptions {
  uint32_t mode = 0640;
  int64_t group = -1;
  absl::TimeZone zone;                  // of the names
  const Clock* clock = &SystemClock();  // outlives the call
  // Completes the ledger (LedgerOf), and writes and syncs it beside the segment that it names.
  // None: segments get no ledgers. It counts when on_finished is called; before that, it may be
  // taken back and written once more.
  std::function<absl::Status(Ledger ledger)> write_ledger;
  // After each part that is a segment now: for retention, say.
  std::function<void(const SalvagedPart&)> on_finished;
  // What the process that wrote a part has told of it; nullopt: nothing. None: of no part.
  std::function<std::optional<KnownPart>(const SegmentName&)> known;
  // After each part that is not there any more: finished or removed.
  std::function<void(const SalvagedPart&)> on_gone;
  // As in SalvageOptions:
  std::function<bool()> cancelled;
  int finish_waits = SalvageOptions().finish_waits;
};

// Finishes `leftovers` (salvage.h) one by one, and logs a line for each.
//
// FindLeftovers comes before: in the process that holds the lock of the interface (LockName), and
// before its capture makes a part, which would be taken for one that a crash left. This may then
// run beside that capture, on a thread of its own: it reads each part once, at the disk's speed, so
// it takes minutes for many GiB, and waits up to 10 s for each that a dying process still writes.
// The callbacks are called on that thread. The lock is held until this returns.
void Recover(Disk& disk, const std::vector<SegmentName>& leftovers, const RecoveryOptions& options);

}  // namespace dns_monitor
