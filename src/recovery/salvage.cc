#include "dns_monitor/recovery/salvage.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/archive/free_name.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/units.h"
#include "dns_monitor/compress/frame_encoder.h"
#include "dns_monitor/pcap/reader.h"
#include "walk.h"
#include "walk_frames.h"

namespace dns_monitor {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);
constexpr int kMoreAttempts = 6;

void Wait(const SalvageOptions& options) {
  if (options.wait) {
    options.wait();
  } else {
    std::this_thread::sleep_for(kPause);
  }
}

// One part on its way to a segment.
class Part {
 public:
  // `leftovers`: the names of all of them.
  Part(Disk& disk, const SalvageOptions& options, const std::set<std::string>& leftovers,
       const SegmentName& name)
      : disk_(disk), options_(options), leftovers_(leftovers) {
    result_.part = name.Part();
    result_.name = name;
    if (options_.committed) committed_ = options_.committed(name);
  }

  // Finds out what is to be kept. False: it is not to be finished, and the result says why.
  bool Prepare() {
    result_.error = TakeSteps();
    return is_prepared_;
  }
  // Gives back what was preallocated, should Finish have to wait.
  void GiveBack() { disk_.Truncate(fd_.get(), end_).IgnoreError(); }
  // False: the disk refuses that, at present.
  bool Finish() {
    result_.error = TakeName();
    return result_.action == SalvageAction::kFinished;
  }
  const SalvagedPart& result() const { return result_; }

 private:
  absl::Status TakeSteps();
  absl::Status OpenLocked();
  absl::Status CutUncommitted();
  bool IsInode(uint64_t inode) const;
  // Whether there is a file header. False when all there is can be the beginning of one.
  absl::StatusOr<bool> HasHeader();
  absl::StatusOr<bool> IsZeroFrom(int64_t offset);
  absl::Status Walk();
  absl::Status WalkCompressed();
  absl::Status AppendFrame(const std::string& content);
  void Take(Walked walked);
  absl::Status Remove();
  absl::Status TakeName();
  bool IsFree(const SegmentName& name);
  absl::Status RenameWithLedger();
  absl::Status WriteLedger();
  absl::Status RemoveLedger(const SegmentName& name);
  bool Cancelled() const { return options_.cancelled && options_.cancelled(); }

  Disk& disk_;
  const SalvageOptions& options_;
  const std::set<std::string>& leftovers_;
  SalvagedPart result_;
  std::optional<CommittedPart> committed_;
  Fd fd_;
  int64_t found_bytes_ = 0;
  int64_t size_bytes_ = 0;
  int64_t end_ = kPcapFirstRecord;  // of what is kept
  bool is_prepared_ = false;
};

absl::Status Part::TakeSteps() {
  DM_RETURN_IF_ERROR(OpenLocked());
  DM_ASSIGN_OR_RETURN(size_bytes_, disk_.Size(fd_.get()));
  result_.kept_bytes = found_bytes_ = size_bytes_;
  DM_RETURN_IF_ERROR(CutUncommitted());
  if (result_.committed && size_bytes_ == 0) return Remove();
  bool has_header = true;
  if (result_.name.compressed) {
    DM_RETURN_IF_ERROR(WalkCompressed());
    has_header = !result_.frames.empty();
  } else {
    DM_ASSIGN_OR_RETURN(has_header, HasHeader());
    if (has_header) DM_RETURN_IF_ERROR(Walk());
  }
  // A disk may have lost what it had taken: then its process has counted what is not there.
  result_.committed = result_.committed && has_header && end_ == size_bytes_;
  // An empty one counts when its process has ended it: its ledger has what was seen meanwhile.
  if (result_.packets == 0 && !result_.committed) return Remove();
  is_prepared_ = true;
  return absl::OkStatus();
}

absl::Status Part::OpenLocked() {
  DM_ASSIGN_OR_RETURN(fd_, disk_.Open(result_.part, Caching::kBuffered));
  // What is not committed must go, also when the program ends: nobody knows of it later.
  const int attempts = options_.lock_attempts * (committed_ ? kMoreAttempts : 1);
  const auto try_lock = [&]() -> absl::StatusOr<bool> {
    if (Cancelled() && !committed_) return absl::CancelledError("the program ends");
    return disk_.TryLock(fd_.get(), LockKind::kExclusive);
  };
  DM_ASSIGN_OR_RETURN(const bool locked,
                      TryLockRepeatedly(try_lock, attempts, [this] { Wait(options_); }));
  if (locked) return absl::OkStatus();
  return absl::FailedPreconditionError("another process holds its lock");
}

// Before anything else: another process takes what lies behind from the rings, and brings it into a
// file of its own.
absl::Status Part::CutUncommitted() {
  if (!committed_ || !IsInode(committed_->inode)) return absl::OkStatus();
  if (size_bytes_ < committed_->length_bytes) {
    return absl::DataLossError("it is shorter than it was when it was written");
  }
  result_.committed = true;
  size_bytes_ = committed_->length_bytes;
  return disk_.Truncate(fd_.get(), size_bytes_);
}

bool Part::IsInode(uint64_t inode) const {
  struct stat status {};
  return inode == 0 || (fstat(fd_.get(), &status) == 0 && status.st_ino == inode);
}

absl::StatusOr<bool> Part::HasHeader() {
  std::array<char, kPcapFirstRecord> bytes;
  DM_ASSIGN_OR_RETURN(const size_t got, disk_.ReadAt(fd_.get(), 0, absl::MakeSpan(bytes)));
  const absl::string_view header(bytes.data(), got);
  const absl::Status status = ParsePcapFileHeader(header).status();
  if (status.ok()) return true;
  if (!IsTornPcapFileHeader(header)) return status;
  DM_ASSIGN_OR_RETURN(const bool nothing_behind, IsZeroFrom(kPcapFirstRecord));
  if (!nothing_behind) return status;
  return false;
}

absl::StatusOr<bool> Part::IsZeroFrom(int64_t offset) {
  std::vector<char> chunk(1 << 20);
  while (offset < size_bytes_) {
    DM_ASSIGN_OR_RETURN(const size_t got, disk_.ReadAt(fd_.get(), offset, absl::MakeSpan(chunk)));
    if (got == 0) break;
    const auto is_zero = [](char byte) { return byte == 0; };
    if (!std::all_of(chunk.begin(), chunk.begin() + static_cast<ptrdiff_t>(got), is_zero)) {
      return false;
    }
    offset += static_cast<int64_t>(got);
  }
  return true;
}

absl::Status Part::Walk() {
  const ReadAtFunction read = [this](int64_t offset, absl::Span<char> to) {
    return disk_.ReadAt(fd_.get(), offset, to);
  };
  DM_ASSIGN_OR_RETURN(Walked walked, WalkRecords(read, size_bytes_, options_.cancelled));
  if (walked.packets == 0 && !walked.damage.empty()) return absl::DataLossError(walked.damage);
  // Nothing is removed but zeros and a torn record.
  if (walked.packets == 0 && walked.zeros) {
    DM_ASSIGN_OR_RETURN(const bool nothing_behind, IsZeroFrom(*walked.zeros));
    if (!nothing_behind) return absl::DataLossError("it begins with zeros, and data behind them");
  }
  end_ = walked.end;
  Take(std::move(walked));
  return absl::OkStatus();
}

void Part::Take(Walked walked) {
  result_.content_bytes = walked.end;
  result_.packets = walked.packets;
  result_.clipped = walked.clipped;
  result_.late = walked.late;
  result_.first_packet_ns = walked.first_ns;
  result_.last_packet_ns = walked.last_ns;
  result_.file = walked.file;
  result_.index = std::move(walked.index);
  result_.damage = std::move(walked.damage);
}

absl::Status Part::WalkCompressed() {
  const ReadAtFunction read = [this](int64_t offset, absl::Span<char> to) {
    return disk_.ReadAt(fd_.get(), offset, to);
  };
  DM_ASSIGN_OR_RETURN(WalkedFrames walked, WalkFrames(read, size_bytes_, options_.cancelled));
  if (!walked.has_header) return absl::OkStatus();
  result_.frames = std::move(walked.frames);
  result_.cut_bytes = walked.cut_bytes + found_bytes_ - size_bytes_;
  Take(std::move(walked.walked));
  end_ = StoredBytes(result_.frames);
  return walked.rest.empty() || result_.packets == 0 ? absl::OkStatus() : AppendFrame(walked.rest);
}

// In the place of the one that has no end.
absl::Status Part::AppendFrame(const std::string& content) {
  std::string frame(FrameEncoder::Bound(content.size()), '\0');
  const size_t bytes = FrameEncoder().Encode(
      kUsualLevel, {reinterpret_cast<const std::byte*>(content.data()), content.size()},
      {reinterpret_cast<std::byte*>(frame.data()), frame.size()});
  frame.resize(bytes);
  DM_RETURN_IF_ERROR(disk_.WriteAt(fd_.get(), end_, frame));
  result_.frames.push_back({.stored_bytes = static_cast<uint32_t>(bytes),
                            .content_bytes = static_cast<uint32_t>(content.size())});
  end_ += static_cast<int64_t>(bytes);
  return absl::OkStatus();
}

absl::Status Part::Remove() {
  DM_RETURN_IF_ERROR(disk_.Remove(result_.part));
  result_.action = SalvageAction::kRemoved;
  result_.cut_bytes = std::exchange(result_.kept_bytes, 0);
  absl::Status status;
  if (!NameIsTaken(disk_, result_.name)) status = RemoveLedger(result_.name);
  status.Update(disk_.SyncDirectory());
  return status;
}

absl::Status Part::TakeName() {
  // Also gives back what was preallocated behind the end.
  DM_RETURN_IF_ERROR(disk_.Truncate(fd_.get(), end_));
  result_.kept_bytes = end_;
  if (result_.name.compressed) {
    const std::string table = FormatSeekTable(result_.frames);
    DM_RETURN_IF_ERROR(disk_.WriteAt(fd_.get(), end_, table));
    result_.kept_bytes += static_cast<int64_t>(table.size());
  } else {
    result_.cut_bytes = found_bytes_ - end_;
  }
  absl::Status status;
  if (!result_.damage.empty()) status = absl::DataLossError(result_.damage);
  status.Update(disk_.SetAccess(fd_.get(), options_.mode, options_.group));
  // From which retention takes a segment's age.
  if (result_.packets > 0) {
    status.Update(disk_.SetModified(fd_.get(), result_.last_packet_ns));
  }
  // As the finisher does: a file that could not be synced is still better found under its name.
  const absl::Status synced = disk_.SyncFile(fd_.get());
  if (!synced.ok()) result_.damage = std::string(synced.message());
  status.Update(synced);
  DM_RETURN_IF_ERROR(RenameWithLedger());
  result_.action = SalvageAction::kFinished;
  status.Update(disk_.SyncDirectory());
  return status;
}

// A live capture may be about to give a segment the name of its part, and its ledger.
bool Part::IsFree(const SegmentName& name) {
  const std::string part = name.Part();
  return !NameIsTaken(disk_, name) && (leftovers_.count(part) != 0 || !disk_.Exists(part));
}

// The ledger first: whoever sees the segment sees both.
absl::Status Part::RenameWithLedger() {
  SegmentName& name = result_.name;
  for (; name.ordinal < kMaxOrdinal; ++name.ordinal) {
    if (!IsFree(name)) continue;
    DM_RETURN_IF_ERROR(WriteLedger());
    absl::Status renamed = disk_.Rename(result_.part, name.Pcap());
    if (renamed.ok()) return renamed;
    RemoveLedger(name).IgnoreError();
    if (!absl::IsAlreadyExists(renamed)) return renamed;
  }
  return NoNameLeft();
}

absl::Status Part::WriteLedger() {
  // One that a crash left before the rename must not count as the newest of its chain.
  DM_RETURN_IF_ERROR(RemoveLedger(result_.name));
  return options_.write_ledger ? options_.write_ledger(result_) : absl::OkStatus();
}

absl::Status Part::RemoveLedger(const SegmentName& name) {
  const std::string ledger = absl::StrCat(name.Pcap(), kLedgerSuffix);
  return disk_.Exists(ledger) ? disk_.Remove(ledger) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<SegmentName>> FindLeftovers(Disk& disk, absl::string_view interface) {
  DM_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, disk.List());
  std::vector<SegmentName> names;
  for (const DirectoryEntry& entry : entries) {
    std::optional<ParsedName> parsed = ParseName(entry.name);
    if (parsed && parsed->kind == FileKind::kPart && parsed->segment.interface == interface) {
      names.push_back(std::move(parsed->segment));
    }
  }
  std::sort(names.begin(), names.end(), [](const SegmentName& left, const SegmentName& right) {
    return std::tie(left.start, left.ordinal) < std::tie(right.start, right.ordinal);
  });
  return names;
}

void Salvage(Disk& disk, const std::vector<SegmentName>& leftovers, const SalvageOptions& options,
             const std::function<void(const SalvagedPart&)>& on_part) {
  std::set<std::string> parts;
  for (const SegmentName& name : leftovers) parts.insert(name.Part());
  std::vector<std::unique_ptr<Part>> refused;  // and those behind: ledgers are in their order
  for (const SegmentName& name : leftovers) {
    auto part = std::make_unique<Part>(disk, options, parts, name);
    if (part->Prepare()) {
      if (!refused.empty()) part->GiveBack();
      if (!refused.empty() || !part->Finish()) {
        refused.push_back(std::move(part));
        continue;
      }
    }
    on_part(part->result());
  }
  int waits = options.finish_waits;
  const auto may_wait = [&] { return waits-- > 0 && !(options.cancelled && options.cancelled()); };
  for (std::unique_ptr<Part>& part : refused) {
    while (!part->Finish() && may_wait()) Wait(options);
    on_part(part->result());
    part.reset();
  }
}

std::string Describe(const SalvagedPart& part) {
  const std::string but = part.error.ok() ? "" : absl::StrCat("; ", part.error.message());
  switch (part.action) {
    case SalvageAction::kFinished:
      return absl::StrCat(
          "finished ", part.name.Pcap(), ", which a crash left: ", FormatCount(part.packets),
          part.packets == 1 ? " packet, " : " packets, ", FormatSize(part.kept_bytes),
          "; cut off: ", FormatSize(part.cut_bytes), but);
    case SalvageAction::kRemoved:
      return absl::StrCat("removed ", part.part, ", which a crash left without a whole packet (",
                          FormatSize(part.cut_bytes), ")", but);
    case SalvageAction::kLeftAlone:
      break;
  }
  return absl::StrCat("left ", part.part, " as it is: ", part.error.message());
}

}  // namespace dns_monitor
