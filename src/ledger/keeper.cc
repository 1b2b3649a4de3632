#include "dns_monitor/ledger/keeper.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/archive/small_file.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/ledger/chain.h"
#include "dns_monitor/ledger/json.h"

namespace dns_monitor {
std::string LedgerName(const SegmentName& name) {
  return absl::StrCat(name.Pcap(), ".json");
}

LedgerKeeper::LedgerKeeper(Disk* disk, KeeperOptions options)
    : disk_(disk), options_(std::move(options)), journal_(*disk, options_.common.interface) {}

std::optional<InterfaceReading> LedgerKeeper::ReadInterface() const {
  return options_.read_interface ? options_.read_interface() : std::nullopt;
}

void LedgerKeeper::Prepare(Ledger* ledger) {
  if (!std::exchange(started_, true)) {
    if (options_.await_recovery) options_.await_recovery();
    FindPrevious();
    gaps_.push_back(HowItBegan(ledger->from_ns, taken_over_ns_));
  }
  Link(ledger);
  const Ledger& common = options_.common;
  ledger->interface = common.interface;
  ledger->link_type = common.link_type;
  ledger->settings = common.settings;
  if (ledger->ifindex == 0) ledger->ifindex = common.ifindex;
  if (options_.gaps != nullptr) {
    for (const Gap& gap : options_.gaps->Take(ledger->to_ns)) gaps_.push_back(gap);
  }
  ledger->gaps.insert(ledger->gaps.begin(), gaps_.begin(), gaps_.end());
  std::stable_sort(ledger->gaps.begin(), ledger->gaps.end(),
                   [](const Gap& left, const Gap& right) { return left.from_ns < right.from_ns; });
  TakeRemovals(ledger);
}

Gap LedgerKeeper::HowItBegan(int64_t from_ns, std::optional<int64_t> taken_over_ns) const {
  if (taken_over_ns) {
    return {.from_ns = from_ns,
            .to_ns = std::max(from_ns, *taken_over_ns),
            .reason = GapReason::kTakenOver};
  }
  return {.from_ns = std::min(ended_ns_.value_or(from_ns), from_ns),
          .to_ns = from_ns,
          .reason = GapReason::kStarted};
}

void LedgerKeeper::Link(Ledger* ledger) {
  ledger->sequence = sequence_ + 1;
  ledger->previous = previous_;
  ledger->host = options_.common.host;
  ledger->program_version = options_.common.program_version;
}

void LedgerKeeper::TakeRemovals(Ledger* ledger) {
  removed_.clear();
  absl::StatusOr<std::vector<RemovedSegment>> removed = journal_.Read();
  if (removed.ok()) {
    removed_ = *std::move(removed);
  } else if (!std::exchange(journal_failed_, true)) {
    LogWarning("what retention removed is told by a later ledger: ", removed.status().message());
  }
  ledger->removed = removed_;
}

void LedgerKeeper::FindPrevious() {
  if (std::exchange(looked_, true)) return;
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = disk_->List();
  if (!entries.ok()) {
    LogWarning("the ledgers begin a new chain: ", entries.status().message());
    return;
  }
  NewestLedger newest =
      FindNewestLedger(*entries, options_.common.interface,
                       [this](const std::string& name) { return ReadSmallFile(*disk_, name); });
  for (const std::string& why : newest.unreadable) LogWarning("not a ledger: ", why);
  if (!newest.link) return;
  previous_ = std::move(newest.link);
  sequence_ = newest.ledger.sequence;
  ended_ns_ = newest.ledger.to_ns;
}

absl::Status LedgerKeeper::Write(Ledger ledger, const SegmentName& name) {
  if (!undropped_.empty()) {
    DM_RETURN_IF_ERROR(disk_->Remove(undropped_));
    undropped_.clear();
  }
  ledger.file_name = name.Pcap();
  return WriteLedger(ledger);
}

absl::Status LedgerKeeper::WriteRecovered(Ledger ledger) {
  FindPrevious();
  Link(&ledger);
  for (Gap& gap : ledger.gaps) {
    if (gap.reason == GapReason::kStarted) gap = HowItBegan(ledger.from_ns, std::nullopt);
  }
  recovered_to_ns_ = ledger.to_ns;
  return WriteLedger(ledger);
}

void LedgerKeeper::KeepRecovered() {
  ++sequence_;
  previous_ = written_;
  ended_ns_ = recovered_to_ns_;
}

absl::Status LedgerKeeper::WriteLedger(const Ledger& ledger) {
  DM_ASSIGN_OR_RETURN(const std::string bytes, FormatLedger(ledger));
  const std::string file = absl::StrCat(ledger.file_name, ".json");
  DM_RETURN_IF_ERROR(WriteFile(file, bytes));
  written_ = LinkTo(file, bytes);
  written_bytes_ = static_cast<int64_t>(bytes.size());
  return absl::OkStatus();
}

absl::Status LedgerKeeper::WriteFile(const std::string& name, const std::string& bytes) {
  DM_ASSIGN_OR_RETURN(const Fd fd, disk_->Create(name, Caching::kBuffered));
  const absl::Status written = disk_->WriteAt(fd.get(), 0, bytes);
  if (!written.ok()) {
    disk_->Remove(name).IgnoreError();
    return written;
  }
  // A file system may know nothing of access.
  const absl::Status access = disk_->SetAccess(fd.get(), options_.mode, options_.group);
  if (!access.ok() && !std::exchange(access_refused_, true)) {
    LogError("ledgers do not have the access that was asked for: ", access.message());
  }
  // It stays: on a disk that fails, this is where it is told.
  const absl::Status synced = disk_->SyncFile(fd.get());
  if (!synced.ok()) LogError(name, " may not survive a crash: ", synced.message());
  return absl::OkStatus();
}

void LedgerKeeper::Keep() {
  ++sequence_;
  previous_ = written_;
  gaps_.clear();
  // Told twice at worst, should this fail.
  const absl::Status cleared = journal_.Clear(removed_);
  if (cleared.ok()) {
    journal_failed_ = false;
  } else if (!std::exchange(journal_failed_, true)) {
    LogWarning("what retention removed is told once more: ", cleared.message());
  }
}

void LedgerKeeper::Drop() {
  const absl::Status removed = disk_->Remove(written_.file_name);
  if (removed.ok()) return;
  LogWarning("a ledger without its segment stays for now: ", removed.message());
  undropped_ = written_.file_name;
}

}  // namespace dns_monitor
