#include "chain_check.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace dns_monitor {
namespace {

std::string StemOf(const std::string& file_name) {
  const std::optional<ParsedName> name = ParseName(file_name);
  return name ? name->segment.Stem() : file_name;
}

std::string PcapOf(const std::string& file_name) {
  const std::optional<ParsedName> name = ParseName(file_name);
  return name ? name->segment.Pcap() : file_name;
}

bool HasGap(const Ledger& ledger, std::initializer_list<GapReason> reasons) {
  return std::any_of(ledger.gaps.begin(), ledger.gaps.end(), [&](const Gap& gap) {
    return std::find(reasons.begin(), reasons.end(), gap.reason) != reasons.end();
  });
}

}  // namespace

void ChainCheck::Add(const SegmentFiles& files, const OwnLedger& own) {
  const Ledger& ledger = own.ledger;
  links_.push_back({.ledger = files.Ledger(),
                    .stem = files.name.Stem(),
                    .sequence = ledger.sequence,
                    .previous = ledger.previous,
                    .sha256 = own.sha256,
                    .from_ns = ledger.from_ns,
                    .to_ns = ledger.to_ns,
                    .stepped = HasGap(ledger, {GapReason::kClockStep}),
                    .in_ring_begin = ledger.balance.in_ring_begin,
                    .in_ring_end = ledger.balance.in_ring_end,
                    .goes_on = !HasGap(ledger, {GapReason::kStarted, GapReason::kCrashed})});
  for (const RemovedSegment& removed : ledger.removed) AddRemoved(removed);
}

void ChainCheck::AddRemoved(const RemovedSegment& removed) {
  if (removed.sequence) {
    removed_[*removed.sequence] = removed.ledger_sha256;
  } else {
    removed_without_number_.insert(StemOf(removed.file_name));
  }
}

void ChainCheck::Finish(const FindingSink& tell) {
  tell_ = &tell;
  std::sort(links_.begin(), links_.end(), [](const Link& left, const Link& right) {
    return std::tie(left.sequence, left.ledger) < std::tie(right.sequence, right.ledger);
  });
  for (const Link& link : links_) by_end_[link.to_ns] = &link;
  auto before = links_.cbegin();  // those with the number before, up to `same`
  auto same = links_.cbegin();    // the first one with this number
  for (auto link = links_.cbegin(); link != links_.cend(); ++link) {
    if (link->sequence != same->sequence) {
      before = same;
      same = link;
    }
    if (link != same) {
      Tell(link->ledger, FindingKind::kSequence,
           absl::StrCat("has the number ", link->sequence, ", as ", same->ledger, " has"));
    } else if (before == same) {
      if (link->previous) CheckHole(std::nullopt, *link);
    } else if (link->sequence - before->sequence == 1) {
      CheckStep(before, same, *link);
    } else {
      CheckHole(before->sequence, *link);
    }
  }
}

void ChainCheck::CheckStep(Links::const_iterator begin, Links::const_iterator end,
                           const Link& link) const {
  if (!link.previous) {
    return Tell(link.ledger, FindingKind::kChain,
                absl::StrCat("names no ledger before it, but ", begin->ledger, " has the number ",
                             begin->sequence, " before its own"));
  }
  const std::string stem = StemOf(link.previous->file_name);
  const auto before =
      std::find_if(begin, end, [&](const Link& candidate) { return candidate.stem == stem; });
  if (before == end) {
    return Tell(link.ledger, FindingKind::kChain,
                absl::StrCat("says that it follows ", link.previous->file_name, ", but ",
                             begin->ledger, " has the number before its own"));
  }
  if (before->sha256 != link.previous->sha256) {
    Tell(before->ledger, FindingKind::kChain,
         absl::StrCat("has not the SHA-256 that ", link.ledger, " names: one of them was changed"));
  }
  CheckInRing(link, *before);
}

// What a process left that was killed gets its ledger from the next one, and that one may have been
// busy: then it stands in the chain behind segments that are younger.
const ChainCheck::Link* ChainCheck::InTimeBefore(const Link& link, const Link& before) const {
  if (before.to_ns == link.from_ns || link.stepped) return &before;
  const auto found = by_end_.find(link.from_ns);
  if (found != by_end_.end() && found->second != &link) return found->second;
  return before.to_ns < link.from_ns ? &before : nullptr;
}

void ChainCheck::CheckInRing(const Link& link, const Link& in_chain_before) const {
  // Nothing ran before: what was in the ring then is not known, or in another ring.
  if (!link.goes_on) return;
  const Link* const before = InTimeBefore(link, in_chain_before);
  if (before == nullptr || link.in_ring_begin == before->in_ring_end) return;
  Tell(link.ledger, FindingKind::kInRing,
       absl::StrCat("begins with ", link.in_ring_begin, " packets in the ring, but ",
                    before->ledger, " ended with ", before->in_ring_end));
}

void ChainCheck::CheckHole(std::optional<uint64_t> before, const Link& link) const {
  if (!link.previous) {
    return Tell(link.ledger, FindingKind::kChain,
                absl::StrCat("has the number ", link.sequence, ", but names no ledger before it"));
  }
  const std::string stem = StemOf(link.previous->file_name);
  const bool known = std::any_of(links_.begin(), links_.end(),
                                 [&](const Link& other) { return other.stem == stem; });
  if (known || link.sequence == 0) {
    return Tell(link.ledger, FindingKind::kSequence,
                absl::StrCat("has the number ", link.sequence, ", which does not follow that of ",
                             link.previous->file_name));
  }
  const auto removed = removed_.find(link.sequence - 1);
  if (removed != removed_.end() && removed->second && *removed->second != link.previous->sha256) {
    Tell(link.ledger, FindingKind::kChain,
         absl::StrCat("does not follow ", link.previous->file_name,
                      " as that was when it was removed"));
  }
  TellMissing(before ? std::make_optional(*before + 1) : std::nullopt, link);
}

uint64_t ChainCheck::CountRemoved(uint64_t first, uint64_t last, const Link& link) const {
  const auto begin = removed_.lower_bound(first);
  const auto end = removed_.upper_bound(last);
  const auto count = static_cast<uint64_t>(std::distance(begin, end));
  // The name of the last one is known, whatever number it had.
  const bool last_counts = end != begin && std::prev(end)->first == last;
  const bool by_name = removed_without_number_.count(StemOf(link.previous->file_name)) != 0;
  return count + (by_name && !last_counts ? 1 : 0);
}

void ChainCheck::TellMissing(std::optional<uint64_t> first, const Link& link) const {
  const uint64_t last = link.sequence - 1;
  // Before the oldest ledger only the one that it follows must be accounted for: what told of those
  // before that one may have been removed with it, as the oldest ones are.
  const uint64_t count = first ? last - *first + 1 : 1;
  const uint64_t removed = CountRemoved(first.value_or(last), last, link);
  if (removed >= count) return;
  const uint64_t missing = count - removed;
  const bool told = without_ledger_.count(StemOf(link.previous->file_name)) != 0;
  if (told && without_ledger_.size() >= missing) return;

  const std::string file = PcapOf(link.previous->file_name);
  const std::string what = count == 1
                               ? absl::StrCat("is missing, and its ledger: number ", last)
                               : absl::StrCat("or others are missing, and their ledgers: ", missing,
                                              " of the numbers ", *first, " to ", last);
  // Of what a ledger told that was removed itself nobody knows.
  if (!removed_.empty() && removed_.rbegin()->first > last) {
    return Tell(file, FindingKind::kGone,
                absl::StrCat(what, "; a ledger that may have told why was removed"));
  }
  if (!first && being_written_) {
    return Tell(file, FindingKind::kGone,
                absl::StrCat(what, "; the ledger that is to tell why is not written yet"));
  }
  Tell(file, FindingKind::kSegmentMissing,
       absl::StrCat(what, "; no ledger tells that retention removed ", count == 1 ? "it" : "them"));
}

}  // namespace dns_monitor
