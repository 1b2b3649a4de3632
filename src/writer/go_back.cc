// What becomes of packets that a disk has refused: they still lie in the rings, from the last
// checkpoint on, and are taken once more.

#include <algorithm>
#include <iterator>
#include <utility>

#include "dns_monitor/writer/account.h"
#include "dns_monitor/writer/assembler.h"
#include "dns_monitor/writer/commit_log.h"

namespace dns_monitor {
namespace {

// From `begin` on, those that nobody will tell once more: steps of the clock are met again.
void MoveGaps(std::vector<Gap>* from, size_t begin, std::vector<Gap>* to) {
  std::copy_if(from->begin() + static_cast<ptrdiff_t>(begin), from->end(), std::back_inserter(*to),
               [](const Gap& gap) { return gap.reason != GapReason::kClockStep; });
  from->resize(begin);
}

}  // namespace

void Assembler::Mark(Checkpoint* mark) const {
  const SegmentFacts& facts = segment_->facts;
  mark->segment = segment_;
  mark->packets = packets_;
  mark->length_bytes = mark->stored_bytes = facts.length_bytes;
  mark->tails.assign(cursors_.begin(), cursors_.end());  // within capacity
  mark->late = late_;
  mark->last_time_ns = last_time_ns_;
  mark->wall_offset_ns = wall_offset_ns_;
  mark->tai_offset_ns = tai_offset_ns_;
  mark->stepped_at_ns = stepped_at_ns_;
  mark->segment_packets = facts.packets;
  mark->segment_clipped = facts.clipped;
  mark->segment_late = facts.late;
  mark->losses = facts.losses.size();
  mark->gaps = facts.gaps.size();
}

void Assembler::Restore(const Checkpoint& safe) {
  packets_ = safe.packets;
  late_ = safe.late;
  last_time_ns_ = safe.last_time_ns;
  wall_offset_ns_ = safe.wall_offset_ns;
  tai_offset_ns_ = safe.tai_offset_ns;
  stepped_at_ns_ = safe.stepped_at_ns;
}

void Assembler::GoBack(absl::Span<Segment* const> sealed, const Checkpoint& safe, bool is_within,
                       std::string damage) {
  std::vector<Segment*> unwritten(sealed.begin(), sealed.end());
  if (segment_ != nullptr) {
    // It is complete as far as it goes, and is one of them.
    IndexAppended();
    segment_->facts.index = indexer_.Finish(segment_->facts.length_bytes);
    pool_->Return(std::exchange(buffer_, nullptr));
    if (unwritten.empty() || unwritten.back() != segment_) unwritten.push_back(segment_);
  }

  Segment& first = *unwritten.front();
  std::vector<Gap> gaps;
  std::vector<Loss> losses;
  for (Segment* segment : unwritten) {
    MoveGaps(&segment->facts.gaps, segment == &first && is_within ? safe.gaps : 0, &gaps);
  }
  Restore(safe);
  int64_t from_ns = first.from_ns;
  if (is_within && safe.segment_packets > 0) {
    EndDamaged(&first, safe, std::move(damage));
    from_ns = first.to_ns;
  } else {
    if (is_within) {
      first.facts.losses.resize(safe.losses);
      losses = first.facts.losses;
      gaps.insert(gaps.begin(), first.facts.gaps.begin(), first.facts.gaps.end());
    }
    books_->border = BegunOf(&first);
    finisher_->Discard(&first);
  }
  for (Segment* segment : unwritten) {
    if (segment != &first) finisher_->Discard(segment);
  }
  BeginSegment(from_ns);
  segment_->facts.losses = std::move(losses);
  segment_->facts.gaps = std::move(gaps);
}

void Assembler::EndDamaged(Segment* segment, const Checkpoint& safe, std::string damage) {
  const int64_t last_ns = static_cast<int64_t>(safe.last_time_ns) + safe.wall_offset_ns;
  segment->to_ns = std::max(segment->from_ns, std::min(segment->to_ns, last_ns + 1));
  SegmentFacts& facts = segment->facts;
  facts.length_bytes = safe.length_bytes;
  int64_t stored_bytes = facts.stored_bytes();
  while (!facts.frames.empty() && stored_bytes > safe.stored_bytes) {
    stored_bytes -= facts.frames.back().stored_bytes;
    facts.frames.pop_back();
  }
  facts.packets = safe.segment_packets;
  facts.clipped = safe.segment_clipped;
  facts.late = safe.segment_late;
  facts.losses.resize(safe.losses);
  TellTimes(&facts);
  facts.last_packet_ns = options_.nanoseconds ? last_ns : last_ns - last_ns % 1000;
  // Of a stretch that ends here only the whole was hashed.
  const auto whole = static_cast<size_t>(safe.length_bytes / kStretchBytes);
  facts.index.resize(std::min(facts.index.size(), whole));
  const AccountMark now = Now();
  facts.balance = BalanceOf(*segment, now);
  facts.damage = std::move(damage);
  books_->border = books_->ended[IndexOf(segment)] = now;
  if (commits_ != nullptr) commits_->OnComplete(IndexOf(segment), *segment, now);
  finisher_->Finish(segment);
}

}  // namespace dns_monitor
