#include "dns_monitor/retention/segments.h"

#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace dns_monitor {
namespace {

auto NameOrder(const SegmentName& name) {
  return std::tie(name.start, name.ordinal, name.has_seconds, name.interface);
}

}  // namespace

bool IsOlder(const StoredSegment& left, const StoredSegment& right, int64_t now_ns) {
  const bool left_to_come = left.last_ns > now_ns + kClocksDifferNs;
  const bool right_to_come = right.last_ns > now_ns + kClocksDifferNs;
  if (left_to_come != right_to_come) return left_to_come;
  if (left.last_ns != right.last_ns) return left.last_ns < right.last_ns;
  return NameOrder(left.name) < NameOrder(right.name);
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
    const bool companion = parsed->kind == FileKind::kLedger || parsed->kind == FileKind::kSeal;
    // The segment's own time counts, and of two (it is being compressed) the earlier one.
    if (first || (segment.companions_only && !companion) ||
        (segment.companions_only == companion && entry.modified_ns < segment.last_ns)) {
      segment.last_ns = entry.modified_ns;
    }
    segment.companions_only = companion && (first || segment.companions_only);
    segment.name = parsed->segment;
    segment.size_bytes += entry.size_bytes;
    segment.allocated_bytes += entry.allocated_bytes;
  }
  std::vector<StoredSegment> segments;
  for (auto& [stem, segment] : by_stem) {
    // A ledger may be there before its segment has its final name.
    if (segment.companions_only && being_written.count(stem) != 0) continue;
    segments.push_back(std::move(segment));
  }
  return segments;
}

}  // namespace dns_monitor
