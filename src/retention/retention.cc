#include "dns_monitor/retention/retention.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/units.h"

namespace dns_monitor {
namespace {

// File systems free blocks a while after unlink(2) has returned. Looking again at once would find
// space as short as before, and delete more than needed.
constexpr int64_t kSettleNs = kNanosecondsPerSecond;

// Logs `status` when it is the first failure in a row.
void SayOnce(const absl::Status& status, bool* said) {
  if (!status.ok() && !*said) LogWarning("retention: ", status.message());
  *said = !status.ok();
}

}  // namespace

absl::Status CheckLimits(const RetentionLimits& limits, const absl::StatusOr<DiskSpace>& space) {
  const int64_t wanted_bytes = limits.min_free_bytes.value_or(0);
  if (!space.ok() || wanted_bytes < space->total_bytes) return absl::OkStatus();
  return absl::OutOfRangeError(absl::StrCat(
      "--min-free: ", FormatSize(wanted_bytes), " can never be free: the file system has ",
      FormatSize(space->total_bytes), " in all, and every file would be deleted"));
}

Retention::Retention(RetentionConfig config, Disk& disk, Peers& peers, const Clock& clock)
    : config_(std::move(config)),
      disk_(disk),
      peers_(peers),
      clock_(clock),
      remover_(clock),
      owners_(clock, kPatienceNs) {}

void Retention::Add(const FinishedSegment& segment) {
  if (segment.name.interface != config_.interface) return;
  const int64_t last_ns =
      segment.last_packet_ns != 0 ? segment.last_packet_ns : clock_.RealtimeNs();
  Insert({segment.name, segment.size_bytes, segment.size_bytes, last_ns, false});
  futile_until_ns_ = 0;
}

int64_t Retention::Enforce() {
  if (!loaded_) Load();
  remover_.Forget();
  EnforceAge();
  EnforceSize();
  EnforceFreeSpace();
  // There may be space for it by now.
  remover_.SaveNotes(disk_, config_.directory, config_.interface);
  return NextWaitNs();
}

// Once: from then on the archive changes through Add and our own removals, and what somebody else
// removes is noticed when its turn comes.
void Retention::Load() {
  const auto entries = disk_.List();
  SayOnce(entries.status(), &load_failure_said_);
  if (!entries.ok()) return;
  loaded_ = true;
  for (StoredSegment& segment : GroupSegments(*entries)) {
    // Of one that was added already, more is known than the directory tells.
    if (segment.name.interface != config_.interface || segments_.Has(segment.name)) continue;
    Insert(std::move(segment));
  }
}

void Retention::Insert(StoredSegment segment) {
  const int64_t start_ns = absl::ToUnixNanos(absl::FromCivil(segment.name.start, config_.zone));
  if (start_ns <= clock_.RealtimeNs()) segment.last_ns = std::max(segment.last_ns, start_ns);
  segments_.Put(std::move(segment));
}

void Retention::EnforceAge() {
  if (!config_.limits.max_age_ns) return;
  const int64_t limit_ns = *config_.limits.max_age_ns;
  segments_.VisitByTime([this, limit_ns](const StoredSegment& segment) {
    const int64_t age_ns = AgeNs(segment);
    if (age_ns < limit_ns || OutOfTime()) return false;
    RemoveOwn(segment,
              absl::StrCat("age ", FormatDuration(age_ns), ", limit ", FormatDuration(limit_ns)));
    return true;
  });
}

void Retention::EnforceSize() {
  if (!config_.limits.max_size_bytes) return;
  const int64_t limit_bytes = *config_.limits.max_size_bytes;
  if (total_bytes() <= limit_bytes) return;
  segments_.VisitOldestFirst(
      clock_.RealtimeNs(), [this, limit_bytes](const StoredSegment& segment) {
        if (total_bytes() <= limit_bytes || OutOfTime()) return false;
        RemoveOwn(segment, absl::StrCat("total size ", FormatSize(total_bytes()), ", limit ",
                                        FormatSize(limit_bytes)));
        return true;
      });
}

// Everybody who finds space short sees the same oldest segments that would make up for it, and
// removes its share of them. What belongs to another live capture is counted as if it were gone,
// and left to that one for a while.
void Retention::EnforceFreeSpace() {
  const int64_t now_ns = clock_.BoottimeNs();
  if (now_ns < settled_ns_) return;
  const int64_t missing_bytes = LookAtSpace().missing_bytes;
  if (missing_bytes == 0) {
    owners_.ShortageIsOver();
    futile_until_ns_ = 0;
    shortage_said_ = false;
  } else if (now_ns >= futile_until_ns_ || missing_bytes > futile_bytes_) {
    MakeSpace();
  }
}

void Retention::MakeSpace() {
  const std::vector<Candidate> candidates = Candidates();
  // Only now: what others have removed until the files were listed must count as free.
  const auto [short_bytes, reason] = LookAtSpace();
  int64_t missing_bytes = short_bytes;
  for (const Candidate& candidate : candidates) {
    if (missing_bytes <= 0 || OutOfTime()) break;
    const SegmentName& name = candidate.segment.name;
    const bool others =
        !candidate.own && owners_.MustWait(candidate.directory, name.interface,
                                           absl::StrCat(candidate.directory, "/", name.Stem()));
    missing_bytes -= others ? candidate.segment.allocated_bytes : Remove(candidate, reason);
  }
  owners_.EndPass();
  const int64_t now_ns = clock_.BoottimeNs();
  if (now_ns >= settled_ns_) {
    futile_until_ns_ = now_ns + kIntervalNs;
    futile_bytes_ = short_bytes;
  }
  if (missing_bytes > 0 && !OutOfTime() && !std::exchange(shortage_said_, true)) {
    LogWarning(reason, ", and no finished segment is left that could be removed");
  }
}

Retention::Shortage Retention::LookAtSpace() {
  const RetentionLimits& limits = config_.limits;
  if (!limits.min_free()) return {};
  const auto space = disk_.Space();
  SayOnce(space.status(), &space_failure_said_);
  if (!space.ok()) return {};
  const double fraction = limits.min_free_fraction.value_or(0);
  const int64_t wanted_bytes =
      std::max(limits.min_free_bytes.value_or(0),
               static_cast<int64_t>(fraction * static_cast<double>(space->total_bytes)));
  return {std::max<int64_t>(wanted_bytes - space->available_bytes, 0),
          absl::StrCat("free space ", FormatSize(space->available_bytes), ", limit ",
                       FormatSize(wanted_bytes))};
}

std::vector<Retention::Candidate> Retention::Candidates() {
  std::vector<Candidate> candidates;
  const std::shared_ptr<Disk> own_disk(std::shared_ptr<void>(), &disk_);
  AppendCandidates({config_.directory, own_disk, {config_.interface}}, true, &candidates);
  for (const PeerDirectory& directory : peers_.Directories()) {
    AppendCandidates(directory, false, &candidates);
  }
  // In the same order for everybody who looks.
  std::sort(candidates.begin(), candidates.end(),
            [now_ns = clock_.RealtimeNs()](const Candidate& left, const Candidate& right) {
              if (IsOlder(left.segment, right.segment, now_ns)) return true;
              if (IsOlder(right.segment, left.segment, now_ns)) return false;
              return left.directory < right.directory;
            });
  return candidates;
}

void Retention::AppendCandidates(const PeerDirectory& directory, bool own,
                                 std::vector<Candidate>* candidates) {
  const auto entries = directory.disk->List();
  SayOnce(entries.status(), &list_failure_said_);
  if (!entries.ok()) return;
  for (StoredSegment& segment : GroupSegments(*entries)) {
    if (directory.interfaces.count(segment.name.interface) == 0) continue;
    // The ledgers and seals that others left over are theirs to clean up.
    if (segment.companions_only && !own) continue;
    candidates->push_back({directory.path, directory.disk, std::move(segment), own});
  }
}

int64_t Retention::Remove(const Candidate& candidate, const std::string& reason) {
  const StoredSegment& segment = candidate.segment;
  const Remover::Outcome outcome =
      candidate.own ? RemoveOwn(segment, reason)
                    : remover_.Remove(*candidate.disk, candidate.directory, segment, reason);
  if (outcome != Remover::Outcome::kRemoved && outcome != Remover::Outcome::kCompanionsLeft)
    return 0;
  settled_ns_ = clock_.BoottimeNs() + kSettleNs;
  return segment.allocated_bytes;
}

Remover::Outcome Retention::RemoveOwn(const StoredSegment& segment, const std::string& reason) {
  const Remover::Outcome outcome = remover_.Remove(disk_, config_.directory, segment, reason);
  // What came here since the directory was read is not counted.
  if (outcome == Remover::Outcome::kFailed || !segments_.Has(segment.name)) return outcome;
  if (outcome == Remover::Outcome::kCompanionsLeft) {
    segments_.Shrink(segment.name);
  } else {
    segments_.Erase(segment.name);
  }
  return outcome;
}

int64_t Retention::AgeNs(const StoredSegment& segment) const {
  return clock_.RealtimeNs() - segment.last_ns;
}

int64_t Retention::NextWaitNs() const {
  int64_t wait_ns = config_.limits.min_free() ? kLookNs : kIntervalNs;
  // Woken meanwhile, it may have come too early to look.
  const int64_t unsettled_ns = settled_ns_ - clock_.BoottimeNs();
  if (unsettled_ns > 0) wait_ns = std::min(wait_ns, unsettled_ns);
  if (!config_.limits.max_age_ns) return wait_ns;
  // One that is too old and still here could not be removed: no reason to hurry.
  const int64_t old_ns = clock_.RealtimeNs() - *config_.limits.max_age_ns;
  const std::optional<int64_t> next_ns = segments_.EarliestAfter(old_ns);
  if (next_ns) wait_ns = std::min(wait_ns, *next_ns - old_ns);
  return wait_ns;
}

}  // namespace dns_monitor
