#include "dns_monitor/retention/own_segments.h"

#include <limits>

namespace dns_monitor {
namespace {

constexpr int64_t kEarliest = std::numeric_limits<int64_t>::min();
constexpr int64_t kLatest = std::numeric_limits<int64_t>::max();

}  // namespace

void OwnSegments::Put(StoredSegment segment) {
  const Key key = KeyOf(segment.name);
  Erase(segment.name);
  total_bytes_ += segment.size_bytes;
  by_time_.emplace(segment.last_ns, key);
  by_name_.emplace(key, std::move(segment));
}

void OwnSegments::Erase(const SegmentName& name) {
  const auto place = by_name_.find(KeyOf(name));
  if (place == by_name_.end()) return;
  total_bytes_ -= place->second.size_bytes;
  by_time_.erase({place->second.last_ns, place->first});
  by_name_.erase(place);
}

void OwnSegments::Shrink(const SegmentName& name) {
  const auto place = by_name_.find(KeyOf(name));
  if (place == by_name_.end()) return;
  total_bytes_ -= place->second.size_bytes;
  place->second.size_bytes = 0;
  place->second.allocated_bytes = 0;
}

OwnSegments::ByTime::const_iterator OwnSegments::FirstSince(int64_t ns) const {
  return by_time_.lower_bound({ns, Key(absl::CivilSecond::min(), 0, false)});
}

bool OwnSegments::VisitRange(int64_t from_ns, int64_t to_ns, Visitor visit) const {
  for (auto next = FirstSince(from_ns); next != by_time_.end() && next->first <= to_ns;) {
    const auto at = next++;  // which the visitor may erase
    const StoredSegment segment = by_name_.at(at->second);
    if (!visit(segment)) return false;
  }
  return true;
}

void OwnSegments::VisitOldestFirst(int64_t now_ns, Visitor visit) const {
  const int64_t present_ns = now_ns + kClocksDifferNs;
  if (VisitRange(present_ns + 1, kLatest, visit)) VisitRange(kEarliest, present_ns, visit);
}

void OwnSegments::VisitByTime(Visitor visit) const {
  VisitRange(kEarliest, kLatest, visit);
}

std::optional<int64_t> OwnSegments::EarliestAfter(int64_t ns) const {
  if (ns == kLatest) return std::nullopt;
  const auto at = FirstSince(ns + 1);
  if (at == by_time_.end()) return std::nullopt;
  return at->first;
}

}  // namespace dns_monitor
