// Notes what is about to be removed in the journal of its directory (ledger/removals.h).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "dns_monitor/base/disk.h"
#include "dns_monitor/ledger/removals.h"

namespace dns_monitor {

// Of one process, for the journals of all directories and interfaces that it removes from. A
// journal that cannot be written holds up no removal: to free space matters more, and may be what
// the journal needs. What it should have is kept in memory, and appended later; only a crash before
// that makes the chain tell it as missing. The log says so once, until it succeeds. One thread.
class RemovalNotes {
 public:
  static constexpr size_t kMostKept = 1024;  // of one journal; the oldest are forgotten then

  explicit RemovalNotes(RemovalJournal::Patience patience = {}) : patience_(std::move(patience)) {}

  // Before the removal: when this returns, the note is on the disk, or kept.
  void Add(Disk& disk, absl::string_view directory, absl::string_view interface,
           const RemovedSegment& removal);
  // The newest one did not come about.
  void Withdraw(Disk& disk, absl::string_view directory, absl::string_view interface,
                const RemovedSegment& removal);
  // Appends what is kept. Makes the journal, so that it is its owner's and not that of whoever
  // removes the first segment. Costs nothing when there is nothing to do.
  void Save(Disk& disk, absl::string_view directory, absl::string_view interface);

 private:
  struct Journal {
    std::vector<RemovedSegment> kept;
    bool made = false;
    bool failing = false;  // said
  };

  Journal& Of(absl::string_view directory, absl::string_view interface);

  const RemovalJournal::Patience patience_;
  std::map<std::string, Journal> journals_;  // by path
};

}  // namespace dns_monitor
