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
constexpr absl::string_view kCompanionSuffixes[] = {".pcap.sha256", ".pcap.zst.sha256",
                                                    ".pcap.json", ".pcap.zst.json"};

// What became of a segment's files.
struct Removal {
  absl::string_view first;       // the suffix of the first one that was removed; empty: none was
  bool segment_left = false;     // could not be removed; its companions were left alone then
  bool companions_left = false;  // could not be removed after the segment
  absl::Status status;           // why
};

// Tried by all names it may have, whichever was seen: it may have been compressed since.
Removal RemoveFiles(Disk& disk, const std::string& stem) {
  Removal removal;
  for (const absl::string_view suffix : kSegmentSuffixes) {
    const absl::Status status = disk.Remove(absl::StrCat(stem, suffix));
    if (status.ok()) removal.first = suffix;
    if (status.ok() || absl::IsNotFound(status)) continue;
    removal.segment_left = true;
    removal.status = status;
    return removal;
  }
  const bool segment_removed = !removal.first.empty();
  for (const absl::string_view suffix : kCompanionSuffixes) {
    const absl::Status status = disk.Remove(absl::StrCat(stem, suffix));
    if (status.ok() && removal.first.empty()) removal.first = suffix;
    if (!absl::IsNotFound(status)) removal.status.Update(status);
  }
  removal.companions_left = segment_removed && !removal.status.ok();
  return removal;
}

}  // namespace

Remover::Outcome Remover::Remove(Disk& disk, absl::string_view directory,
                                 const StoredSegment& segment, absl::string_view reason) {
  const std::string stem = segment.name.Stem();
  const std::string path = absl::StrCat(directory, "/", stem);
  const auto failure = failures_.find(path);
  if (failure != failures_.end() && clock_.BoottimeNs() < failure->second.retry_ns) {
    return Outcome::kFailed;
  }
  const std::string& interface = segment.name.interface;
  const std::optional<RemovedSegment> note = DescribeRemoval(disk, segment.name, reason);
  if (note) notes_.Add(disk, directory, interface, *note);
  const Removal removal = RemoveFiles(disk, stem);
  if (note && removal.first.empty()) notes_.Withdraw(disk, directory, interface, *note);
  if (!removal.first.empty() && !removal.segment_left) {
    LogInfo("removed ", path, removal.first, " (", FormatSize(segment.size_bytes), "): ", reason);
    last_failure_.reset();
  }
  if (!removal.status.ok()) {
    return Fail(path, removal.status,
                removal.companions_left ? Outcome::kCompanionsLeft : Outcome::kFailed);
  }
  failures_.erase(path);
  return removal.first.empty() ? Outcome::kWasGone : Outcome::kRemoved;
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
