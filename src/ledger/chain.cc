#include "dns_monitor/ledger/chain.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/ledger/json.h"

namespace dns_monitor {
namespace {

absl::Status CheckOwner(const SegmentName& name, const Ledger& ledger) {
  const std::optional<ParsedName> own = ParseName(ledger.file_name);
  if (own && own->segment.Stem() == name.Stem()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("is of ", ledger.file_name));
}

// Ledgers that were written for parts which did not get their names then: whoever finishes such a
// part removes its ledger and writes another, at another place of the chain.
std::set<std::string> StemsOfParts(const std::vector<DirectoryEntry>& entries) {
  std::set<std::string> parts;
  for (const DirectoryEntry& entry : entries) {
    const std::optional<ParsedName> name = ParseName(entry.name);
    if (name && name->kind == FileKind::kPart) parts.insert(name->segment.Stem());
  }
  for (const DirectoryEntry& entry : entries) {
    const std::optional<ParsedName> name = ParseName(entry.name);
    if (name && name->kind == FileKind::kSegment) parts.erase(name->segment.Stem());
  }
  return parts;
}

}  // namespace

absl::StatusOr<Ledger> ParseLedgerOf(const SegmentName& name, absl::string_view bytes) {
  DM_ASSIGN_OR_RETURN(Ledger ledger, ParseLedger(bytes));
  DM_RETURN_IF_ERROR(CheckOwner(name, ledger));
  return ledger;
}

LedgerLink LinkTo(const std::string& file_name, absl::string_view bytes) {
  return {.file_name = file_name, .sha256 = Digest(bytes)};
}

NewestLedger FindNewestLedger(const std::vector<DirectoryEntry>& entries,
                              absl::string_view interface, const ReadFile& read) {
  NewestLedger newest;
  const std::set<std::string> parts = StemsOfParts(entries);
  for (const DirectoryEntry& entry : entries) {
    const std::optional<ParsedName> name = ParseName(entry.name);
    if (!name || name->kind != FileKind::kLedger || name->segment.interface != interface) continue;
    if (parts.count(name->segment.Stem()) > 0) continue;
    const absl::StatusOr<std::string> bytes = read(entry.name);
    if (absl::IsNotFound(bytes.status())) continue;
    absl::StatusOr<Ledger> ledger =
        bytes.ok() ? ParseLedgerOf(name->segment, *bytes) : absl::StatusOr<Ledger>(bytes.status());
    if (!ledger.ok()) {
      newest.unreadable.push_back(absl::StrCat(entry.name, ": ", ledger.status().message()));
    } else if (!newest.link || ledger->sequence > newest.ledger.sequence) {
      newest.link = LinkTo(entry.name, *bytes);
      newest.ledger = *std::move(ledger);
    }
  }
  return newest;
}

}  // namespace dns_monitor
