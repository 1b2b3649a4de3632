#include "dns_monitor/retention/segments.h"

#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace dns_monitor {

bool IsOlder(const SegmentName& left, const SegmentName& right) {
  return std::tie(left.start, left.ordinal, left.interface) <
         std::tie(right.start, right.ordinal, right.interface);
}

std::vector<StoredSegment> GroupSegments(const std::vector<DirectoryEntry>& entries) {
  std::map<std::string, StoredSegment> by_stem;
  std::set<std::string> being_written;
  for (const DirectoryEntry& entry : entries) {
    const std::optional<ParsedName> parsed = ParseName(entry.name);
    if (!parsed) continue;
    const std::string stem = parsed->segment.Stem();
    if (parsed->kind == FileKind::kPart) {
      being_written.insert(stem);
      continue;
    }
    const auto [place, first] = by_stem.try_emplace(stem);
    StoredSegment& segment = place->second;
    const bool ledger = parsed->kind == FileKind::kLedger;
    // The segment's own time counts, and of two (it is being compressed) the earlier one.
    if (first || (segment.ledger_only && !ledger) ||
        (segment.ledger_only == ledger && entry.modified_ns < segment.last_ns)) {
      segment.last_ns = entry.modified_ns;
    }
    segment.ledger_only = ledger && (first || segment.ledger_only);
    segment.name = parsed->segment;
    segment.size_bytes += entry.size_bytes;
    segment.allocated_bytes += entry.allocated_bytes;
  }
  std::vector<StoredSegment> segments;
  for (auto& [stem, segment] : by_stem) {
    // A ledger may be there before its segment has its final name.
    if (segment.ledger_only && being_written.count(stem) != 0) continue;
    segments.push_back(std::move(segment));
  }
  return segments;
}

}  // namespace dns_monitor
