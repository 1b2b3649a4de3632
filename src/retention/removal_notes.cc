#include "dns_monitor/retention/removal_notes.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/log.h"

namespace dns_monitor {

RemovalNotes::Journal& RemovalNotes::Of(absl::string_view directory, absl::string_view interface) {
  return journals_[absl::StrCat(directory, "/", RemovalsName(interface))];
}

void RemovalNotes::Add(Disk& disk, absl::string_view directory, absl::string_view interface,
                       const RemovedSegment& removal) {
  Journal& journal = Of(directory, interface);
  if (journal.kept.size() == kMostKept) journal.kept.erase(journal.kept.begin());
  journal.kept.push_back(removal);
  Save(disk, directory, interface);
}

void RemovalNotes::Withdraw(Disk& disk, absl::string_view directory, absl::string_view interface,
                            const RemovedSegment& removal) {
  Journal& journal = Of(directory, interface);
  if (!journal.kept.empty() && journal.kept.back() == removal) {
    journal.kept.pop_back();
    return;
  }
  // If it stays, it is not told as long as its segment exists.
  RemovalJournal(disk, interface, patience_).Withdraw(removal).IgnoreError();
}

void RemovalNotes::Save(Disk& disk, absl::string_view directory, absl::string_view interface) {
  Journal& journal = Of(directory, interface);
  if (journal.made && journal.kept.empty()) return;
  RemovalJournal::Patience patience = patience_;
  // A process that hangs with the lock is waited for once, not with each removal.
  if (journal.failing) patience.attempts = 1;
  const absl::Status status =
      RemovalJournal(disk, interface, std::move(patience)).Append(journal.kept);
  if (status.ok()) {
    journal = Journal();
    journal.made = true;
    return;
  }
  if (!std::exchange(journal.failing, true)) {
    LogWarning("what is removed cannot be noted in ", directory, "/", RemovalsName(interface),
               " for the next ledger: ", status.message(),
               "; it is removed all the same, and noted later");
  }
  // It would never be taken, and hold up all others.
  if (absl::IsInvalidArgument(status)) journal.kept.clear();
}

}  // namespace dns_monitor
