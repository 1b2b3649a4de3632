// The journal of what retention deleted, until a ledger tells it: so that the chain can tell a
// segment that retention removed from one that somebody else did.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/disk.h"
#include "dns_monitor/ledger/ledger.h"

namespace dns_monitor {

// What a ledger is to tell of the segment `name` once it is deleted, for this reason: the facts of
// its own ledger, as far as that can be read. None: there are no files of that name. May block.
std::optional<RemovedSegment> DescribeRemoval(Disk& disk, const SegmentName& name,
                                              absl::string_view reason);

// Who deletes appends before, and whoever composes the interface's next ledger reads:
//
//     removals = Read()      into the new ledger, which is written and synced
//     Clear(*removals)       also when there were none
//
// A crash at any point makes a removal be told twice at worst; never lost, once Append was OK.
//
// One JSON object a line in the file RemovalsName(interface), under an exclusive flock(2): threads
// and processes may each have a RemovalJournal of their own. One of them is for one thread at a
// time, and blocks: for the disk, and for the lock as long as `patience` says.
class RemovalJournal {
 public:
  static constexpr size_t kMostAtOnce = 4096;  // what one ledger is to tell

  // Others hold the lock while they rewrite and sync the journal, unless they hang.
  struct Patience {
    int attempts = 50;           // with a call of `wait` between two
    std::function<void()> wait;  // none: sleeps for 20 ms
  };

  // `disk` outlives it.
  RemovalJournal(Disk& disk, absl::string_view interface) : RemovalJournal(disk, interface, {}) {}
  RemovalJournal(Disk& disk, absl::string_view interface, Patience patience);

  // Adds `removals`, synced; none of them after an error. Makes the journal where there is none, of
  // mode 0600. FailedPrecondition: another process holds the lock. ResourceExhausted: nobody has
  // taken anything for so long that the journal is kMostSmallFileBytes long. InvalidArgument: one
  // is not as a ledger's must be (not UTF-8).
  absl::Status Append(absl::Span<const RemovedSegment> removals);
  // Takes `removal` back, when nothing was appended behind it: it did not come about.
  absl::Status Withdraw(const RemovedSegment& removal);

  // The oldest ones, kMostAtOnce at most. Left out, and kept for later, are those whose segments
  // still exist: they are being removed, or a crash came in between. Empty without a journal.
  absl::StatusOr<std::vector<RemovedSegment>> Read();
  // Takes out those that were told. With them go lines that are none of ours (a crash tore one),
  // which the log says.
  absl::Status Clear(absl::Span<const RemovedSegment> told);

 private:
  // The locked file; NotFound when there is none.
  absl::StatusOr<Fd> OpenLocked();
  absl::StatusOr<Fd> OpenOrMakeLocked();
  // False: it was replaced meanwhile by one that others lock.
  absl::StatusOr<bool> Lock(const Fd& fd);
  absl::StatusOr<RemovedSegment> ParseOwn(absl::string_view line) const;
  // The lines of `bytes` that are still to be told; `unreadable` says why others are none.
  std::string WithoutTold(absl::string_view bytes, absl::Span<const RemovedSegment> told,
                          absl::Status* unreadable) const;

  Disk& disk_;
  const std::string interface_;
  const std::string name_;
  const Patience patience_;
};

}  // namespace dns_monitor
