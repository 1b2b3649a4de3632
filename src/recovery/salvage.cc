#include "dns_monitor/recovery/salvage.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/archive/free_name.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/units.h"
#include "dns_monitor/pcap/reader.h"

namespace dns_monitor {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);

// What the whole records of a part come to.
struct Tally {
  int64_t end = kPcapFirstRecord;  // behind the last one
  uint64_t packets = 0;
  uint64_t clipped = 0;
  int64_t first_ns = 0;
  int64_t last_ns = 0;

  void Add(const PcapRecord& record, int64_t end_of_record) {
    end = end_of_record;
    ++packets;
    clipped += record.captured_length < record.original_length ? 1 : 0;
    first_ns = packets == 1 ? record.time_ns : std::min(first_ns, record.time_ns);
    last_ns = std::max(last_ns, record.time_ns);
  }
};

// One part on its way to a segment.
class Part {
 public:
  Part(Disk& disk, const SalvageOptions& options, const SegmentName& name)
      : disk_(disk), options_(options) {
    result_.part = name.Part();
    result_.name = name;
  }

  SalvagedPart Salvage() {
    result_.error = TakeSteps();
    return std::move(result_);
  }

 private:
  absl::Status TakeSteps();
  absl::Status OpenLocked();
  // Whether there is a file header. False when all there is can be the beginning of one.
  absl::StatusOr<bool> HasHeader();
  absl::StatusOr<bool> IsZeroFrom(int64_t offset);
  absl::Status Walk();
  absl::Status Remove();
  absl::Status Finish();

  Disk& disk_;
  const SalvageOptions& options_;
  SalvagedPart result_;
  Fd fd_;
  int64_t size_bytes_ = 0;
  Tally tally_;
  absl::Status damage_;  // of a record: nothing is cut
};

absl::Status Part::TakeSteps() {
  DM_RETURN_IF_ERROR(OpenLocked());
  DM_ASSIGN_OR_RETURN(size_bytes_, disk_.Size(fd_.get()));
  result_.kept_bytes = size_bytes_;
  DM_ASSIGN_OR_RETURN(const bool has_header, HasHeader());
  if (has_header) DM_RETURN_IF_ERROR(Walk());
  return tally_.packets == 0 ? Remove() : Finish();
}

absl::Status Part::OpenLocked() {
  DM_ASSIGN_OR_RETURN(fd_, disk_.Open(result_.part, Caching::kBuffered));
  DM_ASSIGN_OR_RETURN(
      const bool locked,
      TryLockRepeatedly(
          [&] { return disk_.TryLock(fd_.get(), LockKind::kExclusive); }, options_.lock_attempts,
          options_.wait ? options_.wait : [] { std::this_thread::sleep_for(kPause); }));
  if (locked) return absl::OkStatus();
  return absl::FailedPreconditionError("another process holds its lock");
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
  DM_ASSIGN_OR_RETURN(PcapReader reader, PcapReader::Open(
                                             [this](int64_t offset, absl::Span<char> to) {
                                               return disk_.ReadAt(fd_.get(), offset, to);
                                             },
                                             {.end = size_bytes_}));
  Tally without_last;
  bool ends_in_zero = false;
  PcapRecord record;
  while (reader.Next(&record)) {
    without_last = tally_;
    tally_.Add(record, reader.end_of_whole_records());
    ends_in_zero = record.bytes.empty() || record.bytes.back() == 0;
  }
  DM_ASSIGN_OR_RETURN(const PcapEnd end, reader.end());
  // Zeros that follow a record may begin within it. Rather one packet less than one made up.
  if (end == PcapEnd::kZeros && ends_in_zero) tally_ = without_last;
  // Nothing is removed but zeros and a torn record.
  if (end == PcapEnd::kZeros && tally_.packets == 0) {
    DM_ASSIGN_OR_RETURN(const bool nothing_behind, IsZeroFrom(reader.end_of_whole_records()));
    if (!nothing_behind) return absl::DataLossError("it begins with zeros, and data behind them");
  }
  if (end == PcapEnd::kBadRecord) {
    damage_ = absl::DataLossError(reader.bad_record());
    if (tally_.packets == 0) return damage_;
    tally_.end = size_bytes_;
  }
  return absl::OkStatus();
}

absl::Status Part::Remove() {
  DM_RETURN_IF_ERROR(disk_.Remove(result_.part));
  result_.action = SalvageAction::kRemoved;
  result_.cut_bytes = std::exchange(result_.kept_bytes, 0);
  return disk_.SyncDirectory();
}

absl::Status Part::Finish() {
  // Also gives back what was preallocated behind the end.
  DM_RETURN_IF_ERROR(disk_.Truncate(fd_.get(), tally_.end));
  result_.kept_bytes = tally_.end;
  result_.cut_bytes = size_bytes_ - tally_.end;
  result_.packets = tally_.packets;
  result_.clipped = tally_.clipped;
  result_.first_packet_ns = tally_.first_ns;
  result_.last_packet_ns = tally_.last_ns;
  // As the finisher does: a file that could not be synced is still better found under its name.
  absl::Status status = damage_;
  status.Update(disk_.SetAccess(fd_.get(), options_.mode, options_.group));
  status.Update(disk_.SyncFile(fd_.get()));
  DM_RETURN_IF_ERROR(RenameToFreeName(disk_, &result_.name));
  result_.action = SalvageAction::kFinished;
  status.Update(disk_.SyncDirectory());
  return status;
}

}  // namespace

absl::StatusOr<std::vector<SalvagedPart>> Salvage(Disk& disk, absl::string_view interface,
                                                  const SalvageOptions& options) {
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
  std::vector<SalvagedPart> parts;
  parts.reserve(names.size());
  for (const SegmentName& name : names) parts.push_back(Part(disk, options, name).Salvage());
  return parts;
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
