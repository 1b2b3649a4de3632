#include "dns_monitor/ledger/keeper.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/ledger/chain.h"
#include "dns_monitor/ledger/json.h"

namespace dns_monitor {
namespace {

absl::StatusOr<std::string> ReadWhole(Disk& disk, const std::string& name) {
  DM_ASSIGN_OR_RETURN(const Fd fd, disk.OpenForReading(name));
  DM_ASSIGN_OR_RETURN(const int64_t size, disk.Size(fd.get()));
  std::string bytes(static_cast<size_t>(size), '\0');
  DM_ASSIGN_OR_RETURN(const size_t length, disk.ReadAt(fd.get(), 0, absl::MakeSpan(bytes)));
  bytes.resize(length);
  return bytes;
}

absl::Status WriteAll(int fd, absl::string_view bytes) {
  int64_t offset = 0;
  while (!bytes.empty()) {
    const ssize_t written = pwrite(fd, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return ErrnoError("cannot write a ledger", written == 0 ? EIO : errno);
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += written;
  }
  return absl::OkStatus();
}

}  // namespace

std::string LedgerName(const SegmentName& name) {
  return absl::StrCat(name.Pcap(), ".json");
}

LedgerKeeper::LedgerKeeper(Disk* disk, KeeperOptions options)
    : disk_(disk), options_(std::move(options)) {}

std::optional<InterfaceReading> LedgerKeeper::ReadInterface() const {
  return options_.read_interface ? options_.read_interface() : std::nullopt;
}

void LedgerKeeper::Prepare(Ledger* ledger) {
  if (!std::exchange(looked_, true)) FindPrevious(ledger->from_ns);
  const Ledger& common = options_.common;
  ledger->sequence = sequence_ + 1;
  ledger->previous = previous_;
  ledger->interface = common.interface;
  ledger->host = common.host;
  ledger->program_version = common.program_version;
  ledger->link_type = common.link_type;
  ledger->settings = common.settings;
  ledger->ifindex = common.ifindex;
  if (const std::optional<InterfaceReading> reading = ReadInterface()) {
    ledger->ifindex = reading->ifindex;
    ledger->interface_end = reading->counters;
  }
  if (options_.gaps != nullptr) {
    for (const Gap& gap : options_.gaps->Take(ledger->to_ns)) gaps_.push_back(gap);
  }
  ledger->gaps.insert(ledger->gaps.begin(), gaps_.begin(), gaps_.end());
  std::stable_sort(ledger->gaps.begin(), ledger->gaps.end(),
                   [](const Gap& left, const Gap& right) { return left.from_ns < right.from_ns; });
}

void LedgerKeeper::FindPrevious(int64_t from_ns) {
  int64_t ended_ns = from_ns;
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = disk_->List();
  if (!entries.ok()) {
    LogWarning("the ledgers begin a new chain: ", entries.status().message());
  } else {
    NewestLedger newest =
        FindNewestLedger(*entries, options_.common.interface,
                         [this](const std::string& name) { return ReadWhole(*disk_, name); });
    for (const std::string& why : newest.unreadable) LogWarning("not a ledger: ", why);
    if (newest.link) {
      previous_ = std::move(newest.link);
      sequence_ = newest.ledger.sequence;
      ended_ns = newest.ledger.to_ns;
    }
  }
  gaps_.push_back(
      {.from_ns = std::min(ended_ns, from_ns), .to_ns = from_ns, .reason = GapReason::kStarted});
}

absl::Status LedgerKeeper::Write(Ledger ledger, const SegmentName& name) {
  ledger.file_name = name.Pcap();
  DM_ASSIGN_OR_RETURN(const std::string bytes, FormatLedger(ledger));
  const std::string file = LedgerName(name);
  DM_RETURN_IF_ERROR(WriteFile(file, bytes));
  written_ = LinkTo(file, bytes);
  return absl::OkStatus();
}

absl::Status LedgerKeeper::WriteFile(const std::string& name, const std::string& bytes) {
  DM_ASSIGN_OR_RETURN(const Fd fd, disk_->Create(name, Caching::kBuffered));
  absl::Status status = WriteAll(fd.get(), bytes);
  status.Update(disk_->SetAccess(fd.get(), options_.mode, options_.group));
  status.Update(disk_->SyncFile(fd.get()));
  if (!status.ok()) disk_->Remove(name).IgnoreError();
  return status;
}

void LedgerKeeper::Keep() {
  ++sequence_;
  previous_ = written_;
  gaps_.clear();
}

void LedgerKeeper::Drop() {
  const absl::Status removed = disk_->Remove(written_.file_name);
  if (!removed.ok()) LogWarning("a ledger without its segment stays: ", removed.message());
}

}  // namespace dns_monitor
