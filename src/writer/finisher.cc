#include "dns_monitor/writer/finisher.h"

#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "dns_monitor/archive/free_name.h"
#include "dns_monitor/base/event_fd.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/thread.h"

namespace dns_monitor {
namespace {

constexpr int kFirstPauseMs = 50;
constexpr int kLongestPauseMs = 1000;

void Lengthen(int* pause_ms) {
  *pause_ms = std::clamp(*pause_ms * 2, kFirstPauseMs, kLongestPauseMs);
}

Ledger LedgerOf(const Segment& segment) {
  const SegmentFacts& facts = segment.facts;
  Ledger ledger;
  ledger.length_bytes = facts.length_bytes;
  ledger.from_ns = segment.from_ns;
  ledger.to_ns = segment.to_ns;
  if (facts.packets > 0) {
    ledger.first_packet_ns = facts.first_packet_ns;
    ledger.last_packet_ns = facts.last_packet_ns;
  }
  ledger.damaged = !facts.damage.empty();
  ledger.damage = facts.damage;
  ledger.balance = facts.balance;
  ledger.losses = facts.losses;
  ledger.gaps = facts.gaps;
  ledger.ifindex = facts.ifindex;
  ledger.interface_begin = facts.interface_begin;
  ledger.interface_end = facts.interface_end;
  ledger.index = facts.index;
  if (facts.name.compressed) {
    ledger.compression = {.stored_bytes = facts.file_bytes(),
                          .frames = facts.frames.size(),
                          .level = facts.level,
                          .lowest_level = facts.lowest_level};
  }
  return ledger;
}

bool IsSameFile(const Fd& left, const Fd& right) {
  struct stat one {};
  struct stat other {};
  return fstat(left.get(), &one) == 0 && fstat(right.get(), &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

uint64_t InodeOf(const Fd& file) {
  struct stat status {};
  return fstat(file.get(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace

Finisher::Finisher(Disk* disk, FinisherOptions options)
    : disk_(disk), options_(std::move(options)), wake_fd_(MakeEventFd()) {}

Finisher::~Finisher() {
  if (thread_.joinable()) Stop().IgnoreError();
}

void Finisher::Start() {
  thread_ = StartThread("finisher", [this] { Run(); });
}

void Finisher::Open(Segment* segment) {
  Ask({Task::kOpen, segment});
}
void Finisher::Finish(Segment* segment) {
  Ask({Task::kFinish, segment});
}

void Finisher::Discard(Segment* segment) {
  Ask({Task::kDiscard, segment});
}

void Finisher::Ask(Request request) {
  requests_.Push(request);  // never full: each segment stands in it at most twice
  Raise(wake_fd_.get());
}

Segment* Finisher::NextOpened() {
  return opened_.Pop().value_or(nullptr);
}
Segment* Finisher::NextFinished() {
  return finished_.Pop().value_or(nullptr);
}

absl::Status Finisher::Stop(bool has_successor) {
  has_successor_.store(has_successor);
  stopping_.store(true);
  Raise(wake_fd_.get());
  if (thread_.joinable()) thread_.join();
  return first_error_;
}

void Finisher::Run() {
  for (;;) {
    // Read before the queue is looked at: what was asked before Stop is seen after it.
    const bool stopping = stopping_.load();
    while (const std::optional<Request> request = requests_.Pop()) {
      switch (request->task) {
        case Task::kOpen:
          waiting_.push_back(request->segment);
          break;
        case Task::kFinish:
          Await(request->segment);
          break;
        case Task::kDiscard:
          unwanted_.push_back(request->segment);
          break;
      }
    }
    TryToDiscard(stopping);
    TryToFinish(stopping);
    TryToOpen();
    if (stopping) return;
    WaitForRequest();
  }
}

void Finisher::WaitForRequest() {
  int timeout_ms = std::numeric_limits<int>::max();
  if (!waiting_.empty()) timeout_ms = std::min(timeout_ms, open_pause_ms_);
  if (!unfinished_.empty()) timeout_ms = std::min(timeout_ms, finish_pause_ms_);
  if (!unwanted_.empty()) timeout_ms = std::min(timeout_ms, discard_pause_ms_);
  pollfd wake{.fd = wake_fd_.get(), .events = POLLIN, .revents = 0};
  if (poll(&wake, 1, timeout_ms) > 0) Clear(wake_fd_.get());
}

void Finisher::Answer(SpscQueue<Segment*, kSegmentCount>* queue, Segment* segment) {
  queue->Push(segment);
  if (options_.answer_fd >= 0) Raise(options_.answer_fd);
}

void Finisher::TryToOpen() {
  while (!waiting_.empty()) {
    Segment* segment = waiting_.front();
    const absl::Status status = OpenFiles(segment);
    if (!status.ok()) {
      if (open_pause_ms_ == 0) {
        LogError("cannot open a segment: ", status.message(), "; trying again");
      }
      if (stopping_.load()) first_error_.Update(status);
      Lengthen(&open_pause_ms_);
      return;
    }
    if (std::exchange(open_pause_ms_, 0) != 0) LogInfo("opened ", segment->facts.name.Part());
    waiting_.pop_front();
    if (options_.on_opened) options_.on_opened(segment->facts);
    Answer(&opened_, segment);
  }
}

absl::Status Finisher::OpenFiles(Segment* segment) {
  SegmentName name{
      .interface = options_.interface,
      .start = absl::ToCivilSecond(absl::FromUnixNanos(segment->from_ns), options_.zone),
      .has_seconds = options_.names_need_seconds,
      .compressed = options_.compressed};
  DM_ASSIGN_OR_RETURN(segment->buffered, CreateUnderFreeName(&name));
  segment->facts.name = name;
  segment->inode = InodeOf(segment->buffered);
  if (options_.keeper != nullptr) {
    if (const auto reading = options_.keeper->ReadInterface()) {
      segment->facts.interface_begin = reading->counters;
    }
  }
  Lock(segment->buffered);
  if (direct_refused_) return absl::OkStatus();
  absl::StatusOr<Fd> direct = disk_->Open(name.Part(), Caching::kDirect);
  if (direct.ok() && !IsSameFile(*direct, segment->buffered)) {
    LogWarning(name.Part(), " was replaced by another file, which is left alone");
  } else if (direct.ok()) {
    segment->direct = *std::move(direct);
    Lock(segment->direct);
  } else {
    // Only this answer is the file system's (open(2)); others may pass.
    direct_refused_ = absl::IsInvalidArgument(direct.status());
    LogWarning("no direct writes here (", direct.status().message(),
               "): writing through the page cache");
  }
  return absl::OkStatus();
}

void Finisher::Lock(const Fd& fd) {
  const absl::Status status = disk_->TryLock(fd.get(), LockKind::kShared).status();
  if (status.ok() || std::exchange(lock_refused_, true)) return;
  LogWarning("no locks on segments here (", status.message(),
             "): after a crash, the next start may finish one while the disk still writes it");
}

int Finisher::NextOrdinal(const SegmentName& name) {
  int next = 0;
  const auto count = [&](const SegmentName& other) {
    SegmentName same = other;
    same.ordinal = name.ordinal;
    if (same.Stem() == name.Stem()) next = std::max(next, other.ordinal + 1);
  };
  if (last_name_) {
    count(*last_name_);
    return next;
  }
  // The first one of this process: another may have written here within the same minute.
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = disk_->List();
  if (!entries.ok()) return 0;
  for (const DirectoryEntry& entry : *entries) {
    const std::optional<ParsedName> parsed = ParseName(entry.name);
    if (parsed) count(parsed->segment);
  }
  return next;
}

absl::StatusOr<Fd> Finisher::CreateUnderFreeName(SegmentName* name) {
  name->ordinal = NextOrdinal(*name);
  for (; name->ordinal < kMaxOrdinal; ++name->ordinal) {
    if (NameIsTaken(*disk_, *name)) continue;
    absl::StatusOr<Fd> file = disk_->Create(name->Part(), Caching::kBuffered);
    if (file.ok()) {
      last_name_ = *name;
      // Who may read segments may read the one that is being written. Its owner can write it
      // whatever the mode says, or a next start could not finish it. A refusal is told at the end,
      // when this is done once more.
      constexpr uint32_t kOwner = 0600;
      disk_->SetAccess(file->get(), options_.mode | kOwner, options_.group).IgnoreError();
    }
    if (file.ok() || !absl::IsAlreadyExists(file.status())) return file;
  }
  return NoNameLeft();
}

absl::Status Finisher::GiveName(Segment* segment, bool make_do) {
  SegmentFacts& facts = segment->facts;
  LedgerKeeper* keeper = options_.keeper;
  if (keeper == nullptr) return RenameToFreeName(*disk_, &facts.name);
  Ledger ledger = LedgerOf(*segment);
  keeper->Prepare(&ledger);
  if (facts.settings) ledger.settings = *facts.settings;
  for (SegmentName name = facts.name; name.ordinal < kMaxOrdinal; ++name.ordinal) {
    if (NameIsTaken(*disk_, name)) continue;
    absl::Status written = keeper->Write(ledger, name);
    if (absl::IsAlreadyExists(written)) continue;
    if (!written.ok() && !make_do) return written;
    const absl::Status renamed = disk_->Rename(facts.name.Part(), name.Pcap());
    if (!renamed.ok() && written.ok()) keeper->Drop();
    if (absl::IsAlreadyExists(renamed)) continue;
    DM_RETURN_IF_ERROR(renamed);
    facts.name = name;
    if (written.ok()) {
      facts.ledger_bytes = keeper->written_bytes();
      keeper->Keep();
    } else {
      LogError(name.Pcap(), " has no ledger: ", written.message());
      first_error_.Update(written);
    }
    return absl::OkStatus();
  }
  return NoNameLeft();
}

// What is as of its end is taken now, and what it has reserved given back: it may be what the one
// before waits for.
void Finisher::Await(Segment* segment) {
  SegmentFacts& facts = segment->facts;
  if (options_.keeper != nullptr) {
    if (const auto reading = options_.keeper->ReadInterface()) {
      facts.ifindex = reading->ifindex;
      facts.interface_end = reading->counters;
    }
  }
  if (!unfinished_.empty()) {
    disk_->Truncate(segment->buffered.get(), facts.stored_bytes()).IgnoreError();
  }
  unfinished_.push_back(segment);
}

void Finisher::TryToFinish(bool at_last) {
  while (!unfinished_.empty()) {
    Segment* segment = unfinished_.front();
    const bool last = at_last || unfinished_.size() > kMostUnfinished;
    const bool has_successor = has_successor_.load();
    const absl::Status status = FinishFiles(segment, last && !has_successor);
    if (!status.ok()) {
      const std::string part = segment->facts.name.Part();
      if (finish_pause_ms_ == 0) {
        LogError("cannot finish ", part, ": ", status.message(), last ? "" : "; trying again");
      } else if (last) {
        LogError("giving up on ", part, ": ", status.message());
      }
      Lengthen(&finish_pause_ms_);
      if (!last) return;
      first_error_.Update(status);
      // Those behind it are left to the successor as well: ledgers are in their order. What is
      // committed tells that one of each that has not come back.
      if (has_successor) return;
    }
    unfinished_.pop_front();
    finish_pause_ms_ = 0;
    sync_error_ = absl::OkStatus();
    segment->direct.Reset();
    segment->buffered.Reset();
    if (status.ok() && options_.on_finished) options_.on_finished(segment->facts);
    Answer(&finished_, segment);
  }
}

absl::Status Finisher::FinishFiles(Segment* segment, bool make_do) {
  SegmentFacts& facts = segment->facts;
  const int fd = segment->buffered.get();
  absl::Status status;
  if (!segment->rescued.empty()) {
    status.Update(disk_->WriteAt(fd, segment->rescued_offset, segment->rescued));
  }
  status.Update(disk_->Truncate(fd, facts.stored_bytes()));
  if (facts.name.compressed) {
    status.Update(disk_->WriteAt(fd, facts.stored_bytes(), FormatSeekTable(facts.frames)));
  }
  if (!status.ok() && !make_do) return status;
  // Not worth another attempt: a file system may know nothing of access.
  status.Update(disk_->SetAccess(fd, options_.mode, options_.group));
  const absl::Status synced = disk_->SyncFile(fd);
  // What the disk has refused once it may tell as written the next time (fsync(2)).
  if (!synced.ok() && facts.damage.empty()) facts.damage = std::string(synced.message());
  sync_error_.Update(synced);
  DM_RETURN_IF_ERROR(GiveName(segment, make_do));
  status.Update(sync_error_);
  status.Update(disk_->SyncDirectory());
  if (!status.ok()) {
    LogError(facts.name.Pcap(), " is not as it should be: ", status.message());
    first_error_.Update(status);
  }
  return absl::OkStatus();
}

void Finisher::TryToDiscard(bool at_last) {
  const auto let_go = [this](const auto& at) {
    Segment* segment = *at;
    segment->direct.Reset();
    segment->buffered.Reset();
    Answer(&finished_, segment);
    return unwanted_.erase(at);
  };
  absl::Status refused;
  for (auto at = unwanted_.begin(); at != unwanted_.end();) {
    const absl::Status status = DiscardFiles(*at);
    refused.Update(status);
    at = status.ok() ? let_go(at) : std::next(at);
  }
  if (refused.ok()) {
    discard_pause_ms_ = 0;
    return;
  }
  if (discard_pause_ms_ == 0 && !at_last) {
    LogError("cannot discard ", unwanted_.front()->facts.name.Part(), ": ", refused.message(),
             "; trying again");
  }
  Lengthen(&discard_pause_ms_);
  if (at_last) first_error_.Update(refused);
  // What is committed tells a successor to remove them.
  if (has_successor_.load()) return;
  while (unwanted_.size() > (at_last ? 0 : kMostUnwanted)) {
    LogError("giving up on discarding ", unwanted_.front()->facts.name.Part(), ": ",
             refused.message());
    first_error_.Update(refused);
    let_go(unwanted_.begin());
  }
}

absl::Status Finisher::DiscardFiles(Segment* segment) {
  const std::string part = segment->facts.name.Part();
  const auto waiting = std::find(waiting_.begin(), waiting_.end(), segment);
  if (waiting != waiting_.end()) {
    waiting_.erase(waiting);
    return absl::OkStatus();
  }
  const int fd = segment->buffered.get();
  if (!disk_->HasName(fd, part)) return absl::OkStatus();
  // Its ordinal is free again, and the directory tells which is next: attempts once a second
  // would use all of them up within hours.
  last_name_.reset();
  absl::Status status = disk_->Remove(part);
  if (status.ok()) return status;
  // An empty one the next start removes. Of one that is not it would make a segment, with packets
  // that are in another one as well.
  const absl::StatusOr<int64_t> size = disk_->Size(fd);
  if ((size.ok() && *size == 0) || disk_->Truncate(fd, 0).ok()) return absl::OkStatus();
  return status;
}

}  // namespace dns_monitor
