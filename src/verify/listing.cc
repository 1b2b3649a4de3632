#include "listing.h"

#include "absl/strings/str_cat.h"

namespace dns_monitor {
namespace {

// The segment of a file, without what the directory has of it.
std::optional<SegmentFiles> Owner(absl::string_view file_name) {
  const std::optional<ParsedName> parsed = ParseName(file_name);
  if (!parsed) return std::nullopt;
  return SegmentFiles{.name = parsed->segment};
}

void Mark(FileKind kind, SegmentFiles* files) {
  switch (kind) {
    case FileKind::kSegment:
      files->has_segment = true;
      break;
    case FileKind::kLedger:
      files->has_ledger = true;
      break;
    case FileKind::kSeal:
      break;
    case FileKind::kPart:
      files->has_part = true;
      break;
  }
}

}  // namespace

std::string SegmentFiles::Ledger() const {
  return absl::StrCat(Segment(), kLedgerSuffix);
}

bool BelongsToSegment(absl::string_view file_name) {
  return Owner(file_name).has_value();
}

Listing ListSegments(const std::vector<DirectoryEntry>& entries,
                     const std::vector<std::string>& only, absl::string_view interface) {
  const auto wanted = [&](const SegmentFiles& files) {
    return interface.empty() || files.name.interface == interface;
  };
  Listing listing;
  for (const std::string& name : only) {
    const std::optional<SegmentFiles> owner = Owner(name);
    if (owner && wanted(*owner)) listing.emplace(owner->Segment(), *owner);
  }
  for (const DirectoryEntry& entry : entries) {
    const std::optional<ParsedName> parsed = ParseName(entry.name);
    if (!parsed || parsed->kind == FileKind::kSeal) continue;  // a seal alone is no segment
    const std::optional<SegmentFiles> owner = Owner(entry.name);
    if (!owner || !wanted(*owner)) continue;
    const auto place = only.empty() ? listing.emplace(owner->Segment(), *owner).first
                                    : listing.find(owner->Segment());
    if (place != listing.end()) Mark(parsed->kind, &place->second);
  }
  return listing;
}

}  // namespace dns_monitor
