#include "handover.h"

#include <algorithm>

#include "dns_monitor/base/log.h"
#include "dns_monitor/base/units.h"

namespace dns_monitor {

void BridgeEstimate::Sample(int64_t now_ns, const RingSet& rings) {
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
  if (first || elapsed_ns <= 0) return;
  bytes_per_ns_ = static_cast<double>(most) / static_cast<double>(elapsed_ns);
}

std::optional<int64_t> BridgeEstimate::BridgedNs() const {
  if (bytes_per_ns_ == 0) return std::nullopt;
  return static_cast<int64_t>(static_cast<double>(ring_bytes_) / bytes_per_ns_);
}

void Handover::TakeOver(Tap* tap) {
  if (!tap->taken_over()) return;
  before_ = dns_monitor::TakeOver(tap->rings());
  ifindex_ = static_cast<uint32_t>(std::max(tap->BoundIndex(), 0));
  LogInfo("taken over from the process before: ",
          FormatSize(static_cast<int64_t>(tap->rings()->BytesInRings())), " wait in the rings");
}

std::optional<KnownPart> Handover::Known(const SegmentName& name) const {
  if (!before_) return std::nullopt;
  const std::string part = name.Part();
  const CommittedSegment* found = nullptr;
  for (const CommittedSegment& segment : before_->segments) {
    if (part != segment.part) continue;
    if (found == nullptr || segment.number > found->number) found = &segment;
  }
  if (found == nullptr) return std::nullopt;
  KnownPart known;
  known.end = {.inode = found->inode, .length_bytes = found->length_bytes};
  Ledger& ledger = known.ledger;
  ledger.ifindex = ifindex_;
  ledger.settings = before_->settings;
  ledger.from_ns = found->from_ns;
  ledger.to_ns = found->to_ns;
  ledger.damaged = found->damage[0] != '\0';
  ledger.damage = found->damage;
  ledger.balance = found->balance;
  ledger.losses = found->Losses();
  ledger.gaps = found->Gaps();
  if (found->has_interface_begin != 0) ledger.interface_begin = found->interface_begin;
  return known;
}

absl::Status Handover::Keep(const Tap& tap) {
  const absl::Status kept = store_.Keep(tap.Descriptors(), kept_, tap.taken_over());
  kept_.clear();
  return kept;
}

FilterCounters Handover::Counted(const RingSet& rings) const {
  FilterCounters counted = rings.Counters();
  if (!before_) return counted;
  const AccountMark& begin = before_->begin;
  counted -= begin.filter;
  counted.matched += begin.in_ring();
  counted.seen += begin.in_ring();
  return counted;
}

}  // namespace dns_monitor
