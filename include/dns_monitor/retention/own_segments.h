// The finished segments of our interface, found by name and by the order of deletion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/time/civil_time.h"
#include "dns_monitor/retention/segments.h"

namespace dns_monitor {

// All takes time by the logarithm of their number, but for visiting. One thread at a time.
class OwnSegments {
 public:
  size_t count() const { return by_name_.size(); }
  int64_t total_bytes() const { return total_bytes_; }
  bool Has(const SegmentName& name) const { return by_name_.count(KeyOf(name)) != 0; }

  // Replaces what has the same name.
  void Put(StoredSegment segment);
  // These two of one that is not here, too.
  void Erase(const SegmentName& name);
  // What is left of it is kept for another try, and how small that is does not matter.
  void Shrink(const SegmentName& name);

  // Calls `visit` with one after the other, the oldest first (IsOlder), until it returns false. It
  // may erase or shrink what it is given, and change nothing else.
  using Visitor = absl::FunctionRef<bool(const StoredSegment&)>;
  void VisitOldestFirst(int64_t now_ns, Visitor visit) const;
  // The same by `last_ns` alone.
  void VisitByTime(Visitor visit) const;
  // The earliest `last_ns` that is later than `ns`.
  std::optional<int64_t> EarliestAfter(int64_t ns) const;

 private:
  using Key = std::tuple<absl::CivilSecond, int, bool>;  // start, ordinal, has_seconds
  // The order of IsOlder, but for times that are yet to come.
  using ByTime = std::set<std::pair<int64_t, Key>>;

  static Key KeyOf(const SegmentName& name) { return {name.start, name.ordinal, name.has_seconds}; }
  // Not before any with that time.
  ByTime::const_iterator FirstSince(int64_t ns) const;
  // Those with times from `from_ns` to `to_ns`. False when the visitor has had enough.
  bool VisitRange(int64_t from_ns, int64_t to_ns, Visitor visit) const;

  std::map<Key, StoredSegment> by_name_;
  ByTime by_time_;
  int64_t total_bytes_ = 0;
};

}  // namespace dns_monitor
