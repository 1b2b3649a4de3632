#include "dns_monitor/retention/remover.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/units.h"

namespace dns_monitor {
namespace {

constexpr int64_t kFirstPauseNs = 10 * kNanosecondsPerSecond;
constexpr int64_t kLongestPauseNs = 3600 * kNanosecondsPerSecond;

constexpr absl::string_view kSegmentSuffixes[] = {".pcap", ".pcap.zst"};
constexpr absl::string_view kLedgerSuffixes[] = {".pcap.json", ".pcap.zst.json"};

}  // namespace

Remover::Outcome Remover::Remove(Disk& disk, absl::string_view directory,
                                 const StoredSegment& segment, absl::string_view reason) {
  const std::string stem = segment.name.Stem();
  const std::string path = absl::StrCat(directory, "/", stem);
  const auto failure = failures_.find(path);
  if (failure != failures_.end() && clock_.BoottimeNs() < failure->second.retry_ns) {
    return Outcome::kFailed;
  }
  // Tried by all names it may have, whichever was seen: it may have been compressed since.
  absl::string_view removed;
  for (const absl::string_view suffix : kSegmentSuffixes) {
    const absl::Status status = disk.Remove(absl::StrCat(stem, suffix));
    if (status.ok()) removed = suffix;
    if (!status.ok() && !absl::IsNotFound(status)) return Fail(path, status, Outcome::kFailed);
  }
  const bool segment_removed = !removed.empty();
  absl::Status ledger_status;
  for (const absl::string_view suffix : kLedgerSuffixes) {
    const absl::Status status = disk.Remove(absl::StrCat(stem, suffix));
    if (status.ok() && removed.empty()) removed = suffix;
    if (!absl::IsNotFound(status)) ledger_status.Update(status);
  }
  if (!removed.empty()) {
    LogInfo("removed ", path, removed, " (", FormatSize(segment.size_bytes), "): ", reason);
    last_failure_.reset();
  }
  if (!ledger_status.ok()) {
    return Fail(path, ledger_status, segment_removed ? Outcome::kLedgerLeft : Outcome::kFailed);
  }
  failures_.erase(path);
  return removed.empty() ? Outcome::kWasGone : Outcome::kRemoved;
}

Remover::Outcome Remover::Fail(const std::string& path, const absl::Status& status,
                               Outcome outcome) {
  Failure& failure = failures_[path];
  const bool first = failure.pause_ns == 0;
  failure.pause_ns = std::clamp(2 * failure.pause_ns, kFirstPauseNs, kLongestPauseNs);
  failure.retry_ns = clock_.BoottimeNs() + failure.pause_ns;
  if (first && last_failure_ != status.code()) {
    LogWarning(path, " is due for removal, but: ", status.message(),
               "; it will be tried again, and the same of others is not logged");
  }
  last_failure_ = status.code();
  return outcome;
}

void Remover::Forget() {
  const int64_t now_ns = clock_.BoottimeNs();
  std::erase_if(failures_, [now_ns](const auto& entry) {
    return now_ns - entry.second.retry_ns > 2 * kLongestPauseNs;
  });
}

}  // namespace dns_monitor
