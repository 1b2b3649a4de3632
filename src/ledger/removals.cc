#include "dns_monitor/ledger/removals.h"

#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/archive/free_name.h"
#include "dns_monitor/archive/small_file.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/ledger/chain.h"
#include "dns_monitor/ledger/json.h"

namespace dns_monitor {
namespace {

constexpr uint32_t kMode = 0600;
constexpr auto kPause = std::chrono::milliseconds(20);
constexpr int kMostReplacements = 16;  // in a row, while the lock is waited for

absl::StatusOr<std::string> FormatLines(absl::Span<const RemovedSegment> removals) {
  std::string lines;
  for (const RemovedSegment& removal : removals) {
    DM_ASSIGN_OR_RETURN(const std::string line, FormatRemoval(removal));
    absl::StrAppend(&lines, line, "\n");
  }
  return lines;
}

std::vector<absl::string_view> Lines(absl::string_view bytes) {
  return absl::StrSplit(bytes, '\n', absl::SkipEmpty());
}

// Takes over what the ledger in `file_name` says. False: it cannot be read.
bool AddFacts(Disk& disk, const SegmentName& name, const std::string& file_name,
              RemovedSegment* removal) {
  const absl::StatusOr<std::string> bytes = ReadSmallFile(disk, file_name);
  if (!bytes.ok()) return false;
  const absl::StatusOr<Ledger> ledger = ParseLedgerOf(name, *bytes);
  if (!ledger.ok()) return false;
  removal->sequence = ledger->sequence;
  removal->ledger_sha256 = Digest(*bytes);
  removal->packets = ledger->balance.written;
  removal->first_packet_ns = ledger->first_packet_ns;
  removal->last_packet_ns = ledger->last_packet_ns;
  return true;
}

}  // namespace

std::optional<RemovedSegment> DescribeRemoval(Disk& disk, const SegmentName& name,
                                              absl::string_view reason) {
  SegmentName other = name;
  other.compressed = !name.compressed;
  const std::string files[] = {name.Pcap(), other.Pcap()};
  RemovedSegment removal;
  removal.reason = std::string(reason);
  for (const std::string& file : files) {
    if (removal.file_name.empty() && disk.Exists(file)) removal.file_name = file;
  }
  for (const std::string& file : files) {
    const std::string ledger = absl::StrCat(file, kLedgerSuffix);
    if (!disk.Exists(ledger)) continue;
    if (removal.file_name.empty()) {
      removal.file_name = file;
      removal.reason = absl::StrCat("its ledger alone: ", reason);
    }
    if (AddFacts(disk, name, ledger, &removal)) break;
  }
  if (removal.file_name.empty()) return std::nullopt;
  return removal;
}

RemovalJournal::RemovalJournal(Disk& disk, absl::string_view interface, Patience patience)
    : disk_(disk),
      interface_(interface),
      name_(RemovalsName(interface)),
      patience_(std::move(patience)) {}

absl::StatusOr<bool> RemovalJournal::Lock(const Fd& fd) {
  const auto try_lock = [&] { return disk_.TryLock(fd.get(), LockKind::kExclusive); };
  DM_ASSIGN_OR_RETURN(const bool locked,
                      TryLockRepeatedly(
                          try_lock, patience_.attempts, patience_.wait ? patience_.wait : [] {
                            std::this_thread::sleep_for(kPause);
                          }));
  if (locked) return disk_.HasName(fd.get(), name_);
  return absl::FailedPreconditionError(absl::StrCat("another process holds the lock of ", name_));
}

absl::StatusOr<Fd> RemovalJournal::OpenLocked() {
  for (int opened = 0; opened < kMostReplacements; ++opened) {
    DM_ASSIGN_OR_RETURN(Fd fd, disk_.Open(name_, Caching::kBuffered));
    DM_ASSIGN_OR_RETURN(const bool current, Lock(fd));
    if (current) return fd;
  }
  return absl::AbortedError(absl::StrCat(name_, " is replaced all the time"));
}

absl::StatusOr<Fd> RemovalJournal::OpenOrMakeLocked() {
  absl::StatusOr<Fd> fd = OpenLocked();
  if (!absl::IsNotFound(fd.status())) return fd;
  const absl::Status made = disk_.Create(name_, Caching::kBuffered).status();
  // Another one may have been faster.
  if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
  DM_RETURN_IF_ERROR(disk_.SyncDirectory());
  return OpenLocked();
}

absl::Status RemovalJournal::Append(absl::Span<const RemovedSegment> removals) {
  DM_ASSIGN_OR_RETURN(std::string lines, FormatLines(removals));
  DM_ASSIGN_OR_RETURN(const Fd fd, OpenOrMakeLocked());
  DM_ASSIGN_OR_RETURN(const int64_t size_bytes, disk_.Size(fd.get()));
  if (lines.empty()) return absl::OkStatus();
  if (size_bytes + static_cast<int64_t>(lines.size()) > kMostSmallFileBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(name_, " is full"));
  }
  char last = '\n';
  if (size_bytes > 0) {
    DM_RETURN_IF_ERROR(disk_.ReadAt(fd.get(), size_bytes - 1, absl::MakeSpan(&last, 1)).status());
  }
  // What a crash tore stays a line of its own.
  if (last != '\n') lines = absl::StrCat("\n", lines);
  absl::Status status = disk_.WriteAt(fd.get(), size_bytes, lines);
  if (status.ok()) status = disk_.SyncFile(fd.get());
  if (!status.ok()) disk_.Truncate(fd.get(), size_bytes).IgnoreError();
  return status;
}

// In place, and never by another file: the journal may be another user's.
absl::Status RemovalJournal::Withdraw(const RemovedSegment& removal) {
  DM_ASSIGN_OR_RETURN(const std::string line, FormatLines({&removal, 1}));
  DM_ASSIGN_OR_RETURN(const Fd fd, OpenLocked());
  DM_ASSIGN_OR_RETURN(const int64_t size_bytes, disk_.Size(fd.get()));
  const int64_t begin = size_bytes - static_cast<int64_t>(line.size());
  if (begin < 0) return absl::OkStatus();
  std::string end(line.size(), '\0');
  DM_ASSIGN_OR_RETURN(const size_t got,
                      disk_.ReadAt(fd.get(), begin, absl::MakeSpan(end.data(), end.size())));
  if (got != end.size() || end != line) return absl::OkStatus();
  return disk_.Truncate(fd.get(), begin);
}

absl::StatusOr<RemovedSegment> RemovalJournal::ParseOwn(absl::string_view line) const {
  DM_ASSIGN_OR_RETURN(RemovedSegment removal, ParseRemoval(line));
  const std::optional<ParsedName> name = ParseName(removal.file_name);
  const bool segment = name && name->kind == FileKind::kSegment;
  if (segment && name->segment.interface == interface_) return removal;
  return absl::InvalidArgumentError(absl::StrCat("/file_name: is no segment of ", interface_));
}

absl::StatusOr<std::vector<RemovedSegment>> RemovalJournal::Read() {
  std::vector<RemovedSegment> removals;
  const absl::StatusOr<Fd> fd = OpenLocked();
  if (absl::IsNotFound(fd.status())) return removals;
  DM_RETURN_IF_ERROR(fd.status());
  DM_ASSIGN_OR_RETURN(const std::string bytes, ReadSmallFile(disk_, fd->get()));
  for (const absl::string_view line : Lines(bytes)) {
    if (removals.size() == kMostAtOnce) break;
    absl::StatusOr<RemovedSegment> removal = ParseOwn(line);
    if (!removal.ok() || NameIsTaken(disk_, ParseName(removal->file_name)->segment)) continue;
    removals.push_back(*std::move(removal));
  }
  return removals;
}

std::string RemovalJournal::WithoutTold(absl::string_view bytes,
                                        absl::Span<const RemovedSegment> told,
                                        absl::Status* unreadable) const {
  std::set<std::string> told_lines;
  for (const RemovedSegment& removal : told) told_lines.insert(FormatRemoval(removal).value_or(""));
  std::string rest;
  for (const absl::string_view line : Lines(bytes)) {
    const absl::StatusOr<RemovedSegment> removal = ParseOwn(line);
    unreadable->Update(removal.status());
    // Formatted anew, as a later version may have said more.
    if (removal.ok() && told_lines.count(FormatRemoval(*removal).value_or("")) == 0) {
      absl::StrAppend(&rest, line, "\n");
    }
  }
  return rest;
}

absl::Status RemovalJournal::Clear(absl::Span<const RemovedSegment> told) {
  const absl::StatusOr<Fd> fd = OpenLocked();
  if (absl::IsNotFound(fd.status())) return absl::OkStatus();
  DM_RETURN_IF_ERROR(fd.status());
  DM_ASSIGN_OR_RETURN(const std::string bytes, ReadSmallFile(disk_, fd->get()));
  absl::Status unreadable;
  const std::string rest = WithoutTold(bytes, told, &unreadable);
  if (rest == bytes) return absl::OkStatus();
  if (rest.empty()) {
    // Needs no space, where there may be none.
    DM_RETURN_IF_ERROR(disk_.Truncate(fd->get(), 0));
    DM_RETURN_IF_ERROR(disk_.SyncFile(fd->get()));
  } else {
    DM_RETURN_IF_ERROR(ReplaceSmallFile(disk_, name_, rest, kMode));
  }
  if (!unreadable.ok()) {
    LogWarning("dropped what could not be read in ", name_, ": ", unreadable.message());
  }
  return absl::OkStatus();
}

}  // namespace dns_monitor
