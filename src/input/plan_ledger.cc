#include "plan_ledger.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/archive/small_file.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/read_at.h"
#include "dns_monitor/base/retry.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/ledger/json.h"
#include "index_pieces.h"

namespace dns_monitor {
namespace {

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  // O_NONBLOCK: a pipe of that name is not waited for.
  const Fd fd(Retry([&] { return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
  if (!fd.valid()) return ErrnoError("cannot be opened");
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return ErrnoError("cannot be read");
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError("is no file");
  if (info.st_size > kMostSmallFileBytes) return absl::OutOfRangeError("is too large");
  std::string text(static_cast<size_t>(info.st_size), '\0');
  DM_ASSIGN_OR_RETURN(const size_t got, ReadAt(fd.get(), 0, {text.data(), text.size()}));
  text.resize(got);
  return text;
}

// Widened by what the index says: a packet outside of what was pruned would be lost unseen.
void Widen(const std::vector<IndexEntry>& index, PlannedLedger* ledger) {
  for (const IndexEntry& entry : index) {
    if (!entry.first_ns || !entry.last_ns) continue;
    ledger->first_ns = std::min(ledger->first_ns.value_or(*entry.first_ns), *entry.first_ns);
    ledger->last_ns = std::max(ledger->last_ns.value_or(*entry.last_ns), *entry.last_ns);
  }
}

}  // namespace

std::optional<LedgerBeside> ReadLedgerBeside(const std::string& path, int64_t stored_bytes,
                                             std::string* note) {
  const absl::StatusOr<std::string> text = ReadWhole(absl::StrCat(path, kLedgerSuffix));
  if (absl::IsNotFound(text.status())) return std::nullopt;
  if (!text.ok()) {
    *note = absl::StrCat("its ledger is passed over: ", text.status().message());
    return std::nullopt;
  }
  absl::StatusOr<Ledger> ledger = ParseLedger(*text);
  if (!ledger.ok()) {
    *note = absl::StrCat("its ledger is passed over: ", ledger.status().message());
    return std::nullopt;
  }
  const int64_t length =
      ledger->compression ? ledger->compression->stored_bytes : ledger->length_bytes;
  if (length != stored_bytes) {
    *note = absl::StrCat("its ledger is passed over: it is of a file of ", length,
                         " bytes, not of ", stored_bytes);
    return std::nullopt;
  }
  LedgerBeside beside{.ledger = {.ports = std::move(ledger->settings.ports),
                                 .link_type = ledger->link_type,
                                 .nanoseconds = ledger->settings.nanoseconds,
                                 .packets = ledger->balance.written,
                                 .first_ns = ledger->first_packet_ns,
                                 .last_ns = ledger->last_packet_ns,
                                 .length_bytes = ledger->length_bytes},
                      .interface = std::move(ledger->interface),
                      .compressed = ledger->compression.has_value(),
                      .from_ns = ledger->from_ns};
  Widen(ledger->index, &beside.ledger);
  beside.ledger.index = std::move(ledger->index);
  if (!IndexIsSound(beside.ledger)) {
    beside.ledger.index.clear();
    // Of a damaged file not all has an entry.
    if (!ledger->damaged) *note = "the index of its ledger is passed over: it contradicts itself";
  }
  return beside;
}

}  // namespace dns_monitor
