// Checks the chain of an interface's ledgers, from each to the one before it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dns_monitor/verify/finding.h"
#include "listing.h"
#include "segment_check.h"

namespace dns_monitor {

// Takes the segments of one interface in any order, then tells. Keeps the links alone.
class ChainCheck {
 public:
  void Add(const SegmentFiles& files, const OwnLedger& own);
  // What a ledger of the chain, or what stands for one that is not there yet, tells of retention.
  void AddRemoved(const RemovedSegment& removed);
  // There is, or was a moment ago, a segment that has no ledger to go by: that is told already.
  void AddWithoutLedger(const SegmentFiles& files) { without_ledger_.insert(files.name.Stem()); }
  // One is being written, and with it a ledger that is not there yet.
  void SetBeingWritten() { being_written_ = true; }

  void Finish(const FindingSink& tell);

 private:
  struct Link {
    std::string ledger;  // its file's name
    std::string stem;    // the segment's
    uint64_t sequence = 0;
    std::optional<LedgerLink> previous;
    Sha256 sha256{};
    int64_t from_ns = 0;
    int64_t to_ns = 0;
    bool stepped = false;  // the clock was set
    uint64_t in_ring_begin = 0;
    uint64_t in_ring_end = 0;
    bool goes_on = true;  // with the packets that the one before left in the ring
  };
  using Links = std::vector<Link>;

  // `link` and those with the number before its own.
  void CheckStep(Links::const_iterator begin, Links::const_iterator end, const Link& link) const;
  // Which one the packets in the ring come from; `before`: in the chain. nullptr: one that is not
  // here.
  const Link* InTimeBefore(const Link& link, const Link& before) const;
  void CheckInRing(const Link& link, const Link& in_chain_before) const;
  // That retention removed what stands between `link` and the ones before: those with the number
  // `before`, or nothing.
  void CheckHole(std::optional<uint64_t> before, const Link& link) const;
  // How many of the numbers were removed, by what ledgers tell.
  uint64_t CountRemoved(uint64_t first, uint64_t last, const Link& link) const;
  void TellMissing(std::optional<uint64_t> first, const Link& link) const;
  void Tell(const std::string& file, FindingKind kind, const std::string& message) const {
    (*tell_)({.file = file, .kind = kind, .message = message});
  }

  Links links_;
  std::map<int64_t, const Link*> by_end_;              // of the segment
  std::set<std::string> without_ledger_;               // stems
  std::map<uint64_t, std::optional<Sha256>> removed_;  // by sequence number
  std::set<std::string> removed_without_number_;       // stems
  bool being_written_ = false;
  const FindingSink* tell_ = nullptr;
};

}  // namespace dns_monitor
