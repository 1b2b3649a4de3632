#include "dns_monitor/seal/sealer.h"

#include <poll.h>

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/strip.h"
#include "dns_monitor/archive/small_file.h"
#include "dns_monitor/base/event_fd.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/thread.h"
#include "dns_monitor/ledger/digest.h"
#include "dns_monitor/seal/seal.h"

namespace dns_monitor {
namespace {

constexpr size_t kChunkBytes = size_t{256} << 10;

absl::StatusOr<Sha256> DigestOf(Disk& disk, int fd, const std::function<bool()>& cancelled) {
  std::string chunk(kChunkBytes, '\0');
  Digester digester;
  for (int64_t offset = 0;;) {
    if (cancelled()) return absl::CancelledError();
    DM_ASSIGN_OR_RETURN(const size_t got, disk.ReadAt(fd, offset, absl::MakeSpan(chunk)));
    digester.Add(absl::string_view(chunk).substr(0, got));
    if (got < chunk.size()) return digester.Finish();
    offset += static_cast<int64_t>(got);
  }
}

bool IsEarlier(const SegmentName& left, const SegmentName& right) {
  return std::tie(left.start, left.ordinal) < std::tie(right.start, right.ordinal);
}

}  // namespace

Sealer::Sealer(Disk& disk, SealerOptions options, const Clock& clock)
    : disk_(disk), options_(std::move(options)), clock_(clock), wake_fd_(MakeEventFd()) {}

Sealer::~Sealer() {
  Stop();
}

void Sealer::Start() {
  thread_ = StartThread("sealer", [this] { Run(); });
}

void Sealer::Add(const SegmentName& name) {
  bool queued = false;
  {
    const std::lock_guard lock(add_mutex_);
    queued = told_.Push(name);
  }
  if (!queued) {
    look_.store(true);
    if (options_.on_done) options_.on_done(name);
  }
  Raise(wake_fd_.get());
}

void Sealer::Stop() {
  if (!thread_.joinable()) return;
  end_ns_.store(clock_.BoottimeNs() + kStopPatienceNs);
  stopping_.store(true);
  Raise(wake_fd_.get());
  thread_.join();
}

void Sealer::Run() {
  MakeThreadIdle();
  for (;;) {
    // Read before the queue is looked at: what was told before Stop is seen after it.
    const bool stopping = stopping_.load();
    while (DoNext()) {
    }
    if (stopping) break;
    pollfd wake{.fd = wake_fd_.get(), .events = POLLIN, .revents = 0};
    if (poll(&wake, 1, -1) > 0) Clear(wake_fd_.get());
  }
  if (left_ > 0) LogInfo(left_, " segments have no seal yet: the next start seals them");
}

bool Sealer::DoNext() {
  if (const std::optional<SegmentName> name = told_.Pop()) {
    SealTold(*name);
    return true;
  }
  if (stopping_.load()) return false;
  if (look_.exchange(false)) Look();
  if (found_.empty()) return false;
  SealFound(std::exchange(found_.back(), {}));
  found_.pop_back();
  return true;
}

void Sealer::SealTold(const SegmentName& name) {
  const absl::Status sealed = Seal(name, [this] { return OutOfTime(); });
  if (absl::IsCancelled(sealed)) {
    ++left_;
  } else if (!sealed.ok()) {
    LogWarning("the seal of ", name.Pcap(), ": ", sealed.message());
  }
  if (options_.on_done) options_.on_done(name);
}

void Sealer::SealFound(const SegmentName& name) {
  if (disk_.Exists(SealName(name))) return;  // it was told meanwhile
  const absl::Status sealed = Seal(name, [this] { return stopping_.load(); });
  if (sealed.ok() || absl::IsCancelled(sealed)) return;
  LogWarning("the seal of ", name.Pcap(), ": ", sealed.message());
}

void Sealer::Look() {
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = disk_.List();
  if (!entries.ok()) {
    LogWarning("segments from before are not sealed: ", entries.status().message());
    return;
  }
  found_.clear();
  std::set<std::string> sealed;
  for (const DirectoryEntry& entry : *entries) {
    absl::string_view file_name = entry.name;
    const bool unfinished = absl::ConsumeSuffix(&file_name, kNewSuffix);
    const std::optional<ParsedName> parsed = ParseName(file_name);
    if (!parsed || parsed->segment.interface != options_.interface) continue;
    if (parsed->kind == FileKind::kSeal && unfinished) {
      // Nobody but this thread makes such files. What it is about stands without a seal, or is
      // gone.
      disk_.Remove(entry.name).IgnoreError();
    } else if (parsed->kind == FileKind::kSeal) {
      sealed.insert(parsed->segment.Stem());
    } else if (parsed->kind == FileKind::kSegment && !unfinished) {
      found_.push_back(parsed->segment);
    }
  }
  std::erase_if(found_, [&](const SegmentName& name) { return sealed.count(name.Stem()) != 0; });
  std::sort(found_.begin(), found_.end(), IsEarlier);
}

absl::Status Sealer::Seal(const SegmentName& name, const std::function<bool()>& cancelled) {
  const std::string pcap = name.Pcap();
  const absl::StatusOr<Fd> fd = disk_.OpenForReading(pcap);
  if (absl::IsNotFound(fd.status())) return absl::OkStatus();
  DM_RETURN_IF_ERROR(fd.status());
  DM_ASSIGN_OR_RETURN(const Sha256 digest, DigestOf(disk_, fd->get(), cancelled));
  const std::string seal = SealName(name);
  absl::Status written =
      ReplaceSmallFile(disk_, seal, FormatSeal(pcap, digest), options_.mode, options_.group);
  if (disk_.HasName(fd->get(), pcap)) return written;
  // Whoever removed the segment may have looked for its seal before there was one.
  disk_.Remove(seal).IgnoreError();
  return absl::OkStatus();
}

}  // namespace dns_monitor
