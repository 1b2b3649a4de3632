#include "dns_monitor/verify/verify.h"

#include <algorithm>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "chain_check.h"
#include "dns_monitor/archive/small_file.h"
#include "dns_monitor/ledger/json.h"
#include "listing.h"
#include "pcap_walk.h"
#include "segment_check.h"

namespace dns_monitor {
namespace {

class DirectoryCheck {
 public:
  DirectoryCheck(Disk& disk, bool whole, const VerifyOptions& options, const FindingSink& tell)
      : disk_(disk), whole_(whole), options_(options), tell_([this, &tell](const Finding& finding) {
          totals_.problems += IsProblem(finding.kind) ? 1 : 0;
          tell(finding);
        }) {}
  DirectoryCheck(const DirectoryCheck&) = delete;
  DirectoryCheck& operator=(const DirectoryCheck&) = delete;

  VerifyTotals Run(const std::vector<std::string>& only);

 private:
  void Check(const SegmentFiles& files);
  void CheckFinished(const SegmentFiles& files);
  // What retention removed, and no ledger tells yet.
  void ReadJournal(const std::string& interface, ChainCheck* chain);

  Disk& disk_;
  const bool whole_;  // so that there are chains
  const VerifyOptions& options_;
  const FindingSink tell_;
  VerifyTotals totals_;
  std::map<std::string, ChainCheck> chains_;  // by interface
};

VerifyTotals DirectoryCheck::Run(const std::vector<std::string>& only) {
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = disk_.List();
  if (!entries.ok()) {
    tell_(
        {"", FindingKind::kUnreadable, absl::StrCat("cannot be read: ", Reason(entries.status()))});
    return totals_;
  }
  const Listing listing = ListSegments(*entries, only, options_.interface);
  const bool finished = std::any_of(listing.begin(), listing.end(), [](const auto& entry) {
    return !entry.second.has_part || entry.second.has_segment || entry.second.has_ledger;
  });
  for (const auto& [name, files] : listing) Check(files);
  if (!finished && whole_) {
    const std::string of =
        options_.interface.empty() ? "" : absl::StrCat(" of interface ", options_.interface);
    tell_({"", FindingKind::kEmpty, absl::StrCat("holds no finished segment", of)});
  }
  for (auto& [interface, chain] : chains_) {
    ReadJournal(interface, &chain);
    chain.Finish(tell_);
  }
  return totals_;
}

void DirectoryCheck::ReadJournal(const std::string& interface, ChainCheck* chain) {
  const absl::StatusOr<std::string> journal = ReadSmallFile(disk_, RemovalsName(interface));
  if (!journal.ok()) {
    // Who may not read it cannot tell what the next ledger will say.
    if (!absl::IsNotFound(journal.status())) chain->SetBeingWritten();
    return;
  }
  for (const absl::string_view line : absl::StrSplit(*journal, '\n', absl::SkipEmpty())) {
    const absl::StatusOr<RemovedSegment> removed = ParseRemoval(line);
    if (removed.ok()) chain->AddRemoved(*removed);
  }
}

void DirectoryCheck::Check(const SegmentFiles& files) {
  if (files.has_part) {
    ++totals_.being_written;
    if (whole_) chains_[files.name.interface].SetBeingWritten();
    tell_({files.name.Part(), FindingKind::kBeingWritten, "is being written: not checked"});
    if (!files.has_segment && !files.has_ledger) return;
  }
  CheckFinished(files);
}

void DirectoryCheck::CheckFinished(const SegmentFiles& files) {
  const SegmentResult result = CheckSegment(disk_, files, options_.deep, tell_);
  if (whole_ && result.ledger) chains_[files.name.interface].Add(files, *result.ledger);
  if (whole_ && !result.ledger) chains_[files.name.interface].AddWithoutLedger(files);
  if (!result.tally) return;
  totals_.Add({.segments = 1,
               .packets = result.tally->packets,
               .first_ns = result.tally->first_ns,
               .last_ns = result.tally->last_ns});
}

}  // namespace

void VerifyTotals::Add(const VerifyTotals& other) {
  segments += other.segments;
  packets += other.packets;
  being_written += other.being_written;
  problems += other.problems;
  if (other.first_ns) first_ns = std::min(first_ns.value_or(*other.first_ns), *other.first_ns);
  if (other.last_ns) last_ns = std::max(last_ns.value_or(*other.last_ns), *other.last_ns);
}

VerifyTotals VerifyDirectory(Disk& disk, const std::vector<std::string>& only,
                             const VerifyOptions& options, const FindingSink& tell) {
  return DirectoryCheck(disk, only.empty(), options, tell).Run(only);
}

}  // namespace dns_monitor
