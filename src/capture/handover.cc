#include "handover.h"

#include <algorithm>
#include <utility>

#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/units.h"

namespace dns_monitor {
namespace {

std::string InRings(const RingSet& rings) {
  return FormatSize(static_cast<int64_t>(rings.BytesInRings()));
}

}  // namespace

FilterCounters CountedSince(const RingSet& rings, const std::optional<Succession>& before) {
  FilterCounters counted = rings.Counters();
  if (!before) return counted;
  const AccountMark& begin = before->begin;
  counted -= begin.filter;
  counted.matched += begin.in_ring();
  counted.seen += begin.in_ring();
  return counted;
}

void BridgeEstimate::Sample(int64_t now_ns, const RingSet& rings) {
  constexpr int64_t kShortestNs = 200 * kNanosecondsPerMillisecond;
  if (sampled_at_ns_ != 0 && now_ns - sampled_at_ns_ < kShortestNs) return;
  const auto cpus = static_cast<size_t>(rings.cpu_count());
  const bool first = produced_.empty();
  produced_.resize(cpus);
  ring_bytes_ = rings.ring_bytes();
  uint64_t most = 0;
  for (size_t cpu = 0; cpu < cpus; ++cpu) {
    const uint64_t head = LoadRelaxed(&rings.cpu(static_cast<int>(cpu))->head);
    most = std::max(most, head - produced_[cpu]);
    produced_[cpu] = head;
  }
  const int64_t elapsed_ns = now_ns - std::exchange(sampled_at_ns_, now_ns);
  if (first) return;
  bytes_per_ns_ = static_cast<double>(most) / static_cast<double>(elapsed_ns);
}

std::optional<int64_t> BridgeEstimate::BridgedNs() const {
  if (bytes_per_ns_ == 0) return std::nullopt;
  return static_cast<int64_t>(static_cast<double>(ring_bytes_) / bytes_per_ns_);
}

void Handover::TakeOver(const Tap& tap) {
  ifindex_ = static_cast<uint32_t>(std::max(tap.BoundIndex(), 0));
  if (!tap.goes_on()) return;
  before_ = dns_monitor::TakeOver(tap.rings());
  LogInfo("going on where the process before has ended: ", InRings(*tap.rings()),
          " wait in the rings");
}

void Handover::TakeOverOld(const Tap& tap) {
  for (const auto& old : tap.old_rings()) {
    before_old_.push_back(old->known() ? dns_monitor::TakeOver(old->rings()) : std::nullopt);
    LogInfo("reading the rings of a process before to their end: ", InRings(*old->rings()));
    if (!old->known()) {
      LogWarning("their layout has version ", old->version(),
                 ", which came later than this program: of what was not captured they tell only "
                 "what stands between the packets");
    }
  }
}

// One that came to its end before anything was in a file has left nothing to go on from.
bool Handover::succeeds() const {
  const auto has_captured = [](const std::optional<Succession>& before) {
    return before && before->record.taken > 0;
  };
  return has_captured(before_) || std::any_of(before_old_.begin(), before_old_.end(), has_captured);
}

std::vector<CommittedSegment> Handover::parts() const {
  std::vector<CommittedSegment> parts;
  const auto add = [&](const std::optional<Succession>& before) {
    if (before) parts.insert(parts.end(), before->segments.begin(), before->segments.end());
  };
  for (const auto& old : before_old_) add(old);
  add(before_);
  return parts;
}

std::optional<KnownPart> Handover::Known(const SegmentName& name) const {
  const std::string part = name.Part();
  const CommittedSegment* found = nullptr;
  const Succession* teller = nullptr;
  const auto look = [&](const std::optional<Succession>& before) {
    if (!before) return;
    for (const CommittedSegment& segment : before->segments) {
      if (part != segment.part) continue;
      if (teller == &*before && segment.number < found->number) continue;
      found = &segment;
      teller = &*before;
    }
  };
  for (const auto& old : before_old_) look(old);
  look(before_);
  if (found == nullptr) return std::nullopt;
  KnownPart known;
  known.end = {.inode = found->inode, .length_bytes = found->length_bytes};
  Ledger& ledger = known.ledger;
  ledger.ifindex = ifindex_;
  ledger.settings = teller->settings;
  ledger.from_ns = found->from_ns;
  ledger.to_ns = found->to_ns;
  ledger.damaged = found->damage[0] != '\0';
  ledger.damage = found->damage;
  ledger.balance = found->balance;
  ledger.losses = found->Losses();
  ledger.gaps = found->Gaps();
  if (found->number == kFirstNumber) {
    ledger.gaps.insert(
        ledger.gaps.begin(),
        {.from_ns = found->from_ns, .to_ns = found->from_ns, .reason = GapReason::kStarted});
  }
  if (found->has_interface_begin != 0) ledger.interface_begin = found->interface_begin;
  return known;
}

void Handover::ForgetOld(const Tap& tap) {
  store_.ForgetAllBut(tap.Descriptors());
  for (const auto& old : tap.old_rings()) old->GiveBack();
  kept_.clear();
}

FilterCounters Handover::Counted(const Tap& tap) const {
  FilterCounters counted = CountedSince(*tap.rings(), before_);
  for (size_t index = 0; index < before_old_.size(); ++index) {
    counted += CountedSince(*tap.old_rings()[index]->rings(), before_old_[index]);
  }
  return counted;
}

}  // namespace dns_monitor
