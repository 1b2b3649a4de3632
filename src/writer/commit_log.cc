#include "dns_monitor/writer/commit_log.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace dns_monitor {
namespace {

template <size_t kSize>
void CopyText(absl::string_view text, char (&to)[kSize]) {
  const size_t length = std::min(text.size(), kSize - 1);
  std::memset(to, 0, kSize);
  std::memcpy(to, text.data(), length);
}

uint64_t* SequenceOf(std::byte* copy) {
  return reinterpret_cast<uint64_t*>(copy + offsetof(CommitRecord, sequence));
}

// A process that ended while it wrote a copy has left its sequence at 0, and the other one whole.
const std::byte* NewestCopy(const RingSet& rings) {
  const std::byte* newest = nullptr;
  uint64_t highest = 0;
  for (uint32_t copy = 0; copy < kCommitCopies; ++copy) {
    std::byte* const bytes = rings.commit_copy(copy);
    const uint64_t sequence = __atomic_load_n(SequenceOf(bytes), __ATOMIC_ACQUIRE);
    if (sequence <= highest) continue;
    highest = sequence;
    newest = bytes;
  }
  return newest;
}

void AddLosses(const std::vector<Loss>& losses, size_t count, CommittedSegment* to) {
  to->losses = {};
  for (size_t index = 0; index < std::min(count, losses.size()); ++index) {
    const Loss& loss = losses[index];
    CommittedLosses& sum = to->losses[static_cast<size_t>(loss.cause)];
    sum.from_ns = sum.losses == 0 ? loss.from_ns : std::min(sum.from_ns, loss.from_ns);
    sum.to_ns = sum.losses == 0 ? loss.to_ns : std::max(sum.to_ns, loss.to_ns);
    sum.count += loss.count;
    sum.losses += 1 + loss.merged;
  }
}

void AddGaps(const std::vector<Gap>& gaps, size_t count, CommittedSegment* to) {
  to->gap_count = std::min({count, gaps.size(), to->gaps.size()});
  for (size_t index = 0; index < to->gap_count; ++index) {
    const Gap& gap = gaps[index];
    to->gaps[index] = {.from_ns = gap.from_ns,
                       .to_ns = gap.to_ns,
                       .reason = static_cast<uint64_t>(gap.reason),
                       .has_step = gap.step_ns.has_value() ? 1u : 0u,
                       .step_ns = gap.step_ns.value_or(0)};
  }
}

// At most so many bytes, and not a part of a character: ledgers are UTF-8.
std::string Shortened(const std::string& text, size_t most) {
  if (text.size() <= most) return text;
  constexpr absl::string_view kDots = "...";
  size_t length = most - kDots.size();
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;
  return absl::StrCat(text.substr(0, length), kDots);
}

void Copy(const LedgerSettings& settings, CommittedSettings* to) {
  *to = {};
  to->port_count = std::min(settings.ports.size(), to->ports.size());
  std::copy_n(settings.ports.begin(), to->port_count, to->ports.begin());
  to->direction = static_cast<uint32_t>(settings.direction);
  to->snaplen = settings.snaplen;
  to->promiscuous = settings.promiscuous;
  to->icmp_errors = settings.icmp_errors;
  to->nanoseconds = settings.nanoseconds;
  if (settings.hook) to->hook = 1 + static_cast<uint8_t>(*settings.hook);
  CopyText(Shortened(settings.filter, sizeof(to->filter) - 1), to->filter);
}

// The process that wrote it is gone: it ends at what is committed, and its books now.
void Close(const CommitRecord& record, const AccountMark& now, CommittedSegment* segment) {
  const int64_t last_ns = static_cast<int64_t>(record.last_time_ns) + record.wall_offset_ns;
  segment->state = CommitState::kComplete;
  // A late packet may be older than its segment.
  segment->to_ns = std::max(segment->from_ns, std::min(segment->to_ns, last_ns + 1));
  segment->balance = BalanceBetween(record.border, now);
  segment->balance.clipped = segment->clipped;
  segment->balance.late = segment->late;
}

}  // namespace

std::vector<Loss> CommittedSegment::Losses() const {
  std::vector<Loss> result;
  for (size_t cause = 0; cause < losses.size(); ++cause) {
    const CommittedLosses& sum = losses[cause];
    if (sum.losses == 0) continue;
    result.push_back({.cause = static_cast<LossCause>(cause),
                      .count = sum.count,
                      .from_ns = sum.from_ns,
                      .to_ns = sum.to_ns,
                      .merged = sum.losses - 1});
  }
  return result;
}

std::vector<Gap> CommittedSegment::Gaps() const {
  std::vector<Gap> result;
  for (size_t index = 0; index < std::min<size_t>(gap_count, gaps.size()); ++index) {
    const CommittedGap& gap = gaps[index];
    result.push_back({.from_ns = gap.from_ns,
                      .to_ns = gap.to_ns,
                      .reason = static_cast<GapReason>(
                          std::min(gap.reason, static_cast<uint64_t>(GapReason::kOther)))});
    if (gap.has_step != 0) result.back().step_ns = gap.step_ns;
  }
  return result;
}

LedgerSettings CommittedSettings::Settings() const {
  LedgerSettings settings;
  const auto count = static_cast<ptrdiff_t>(std::min<uint64_t>(port_count, ports.size()));
  settings.ports.assign(ports.begin(), ports.begin() + count);
  settings.filter = filter;
  settings.direction = static_cast<CapturedDirection>(direction);
  settings.promiscuous = promiscuous != 0;
  settings.icmp_errors = icmp_errors != 0;
  settings.snaplen = snaplen;
  settings.nanoseconds = nanoseconds != 0;
  if (hook >= 1 && hook <= kHookNames.size()) settings.hook = static_cast<CapturedHook>(hook - 1);
  return settings;
}

std::optional<Succession> TakeOver(RingSet* rings) {
  const std::byte* copy = NewestCopy(*rings);
  if (copy == nullptr) return std::nullopt;
  Succession succession;
  CommitRecord& record = succession.record;
  std::memcpy(&record, copy, sizeof(record));
  const auto* tails = reinterpret_cast<const uint64_t*>(copy + sizeof(record));
  for (int cpu = 0; cpu < rings->cpu_count(); ++cpu) {
    // Behind what was there, and not before what the filter may have overwritten.
    const uint64_t head = LoadAcquire(&rings->cpu(cpu)->head);
    if (head - tails[cpu] > rings->ring_bytes()) return std::nullopt;
  }
  for (int cpu = 0; cpu < rings->cpu_count(); ++cpu) {
    StoreRelease(&rings->cpu(cpu)->tail, tails[cpu]);
  }
  succession.settings = record.settings.Settings();
  succession.begin = record.border;
  for (CommittedSegment& segment : record.segments) {
    if (segment.state == CommitState::kNone) continue;
    if (segment.state == CommitState::kCurrent && segment.packets > 0) {
      succession.begin = {.filter = rings->Counters(), .taken = record.taken};
      Close(record, succession.begin, &segment);
      record.from_ns = segment.to_ns;
    } else if (segment.state != CommitState::kComplete) {
      segment.state = CommitState::kOpened;
      segment.length_bytes = 0;
    }
    succession.segments.push_back(std::exchange(segment, {}));
  }
  record.border = succession.begin;
  return succession;
}

CommitLog::CommitLog(RingSet* rings, const LedgerSettings& settings, const Succession* before,
                     bool is_start)
    : rings_(rings), tails_(static_cast<size_t>(rings->cpu_count())), taken_before_(0) {
  if (before != nullptr) record_ = before->record;
  Copy(settings, &record_.settings);
  numbers_ = is_start ? kFirstNumber - 1 : kFirstNumber;
  if (before == nullptr) return;
  taken_before_ = record_.taken;
  // The copy that counts now is the last to be overwritten.
  copy_ = NewestCopy(*rings) == rings->commit_copy(0) ? 1 : 0;
  for (size_t index = 0; index < std::min(before->segments.size(), kInheritedCount); ++index) {
    const CommittedSegment& segment = before->segments[index];
    numbers_ = std::max(numbers_, segment.number);
    inherited_[index] = segment.part;
    record_.segments[kSegmentCount + index] = segment;
  }
}

void CommitLog::Begin(int64_t from_ns, const Checkpoint& mark) {
  Place(from_ns, mark);
  Publish();
}

void CommitLog::Place(int64_t from_ns, const Checkpoint& mark) {
  record_.from_ns = from_ns;
  record_.last_time_ns = mark.last_time_ns;
  record_.wall_offset_ns = mark.wall_offset_ns;
  record_.tai_offset_ns = mark.tai_offset_ns;
  record_.stepped_at_ns = mark.stepped_at_ns;
  std::copy(mark.tails.begin(), mark.tails.end(), tails_.begin());
}

void CommitLog::Describe(size_t slot, const Segment& segment) {
  CommittedSegment& to = record_.segments[slot];
  to.from_ns = segment.from_ns;
  to.to_ns = segment.to_ns;
}

void CommitLog::OnOpened(size_t slot, const Segment& segment) {
  CommittedSegment& to = record_.segments[slot];
  to = {};
  to.state = CommitState::kOpened;
  to.number = ++numbers_;
  CopyText(segment.facts.name.Part(), to.part);
  to.inode = segment.inode;
  to.has_interface_begin = segment.facts.interface_begin.has_value() ? 1 : 0;
  to.interface_begin = segment.facts.interface_begin.value_or(InterfaceCounters{});
  Describe(slot, segment);
  Publish();
}

void CommitLog::OnCheckpoint(size_t slot, const Segment& segment, const AccountMark& begun,
                             const Checkpoint& mark) {
  CommittedSegment& to = record_.segments[slot];
  Describe(slot, segment);
  to.state = CommitState::kCurrent;
  to.length_bytes = mark.stored_bytes;
  to.packets = mark.segment_packets;
  to.clipped = mark.segment_clipped;
  to.late = mark.segment_late;
  AddLosses(segment.facts.losses, mark.losses, &to);
  AddGaps(segment.facts.gaps, mark.gaps, &to);
  record_.taken = taken_before_ + mark.packets;
  record_.border = begun;
  Place(segment.from_ns, mark);
  Publish();
}

void CommitLog::OnComplete(size_t slot, const Segment& segment, const AccountMark& ended) {
  const SegmentFacts& facts = segment.facts;
  CommittedSegment& to = record_.segments[slot];
  Describe(slot, segment);
  to.state = CommitState::kComplete;
  to.balance = facts.balance;
  AddLosses(facts.losses, facts.losses.size(), &to);
  AddGaps(facts.gaps, facts.gaps.size(), &to);
  CopyText(facts.damage, to.damage);
  record_.border = ended;
  record_.from_ns = segment.to_ns;
  Publish();
}

void CommitLog::OnGone(size_t slot) {
  record_.segments[slot].state = CommitState::kNone;
  Publish();
}

void CommitLog::OnInheritedDone(absl::string_view part) {
  for (size_t index = 0; index < inherited_.size(); ++index) {
    if (inherited_[index] == part) inherited_done_[index].store(true);
  }
}

// A copy is not valid while it is written, and the other one stays as it is.
void CommitLog::Publish() {
  for (size_t index = 0; index < inherited_done_.size(); ++index) {
    if (inherited_done_[index].load()) {
      record_.segments[kSegmentCount + index].state = CommitState::kNone;
    }
  }
  std::byte* const copy = rings_->commit_copy(copy_);
  const uint64_t sequence = record_.sequence + 1;
  __atomic_store_n(SequenceOf(copy), 0, __ATOMIC_SEQ_CST);
  record_.sequence = 0;
  std::memcpy(copy, &record_, sizeof(record_));
  std::memcpy(copy + sizeof(record_), tails_.data(), tails_.size() * sizeof(uint64_t));
  __atomic_store_n(SequenceOf(copy), sequence, __ATOMIC_RELEASE);
  record_.sequence = sequence;
  copy_ = 1 - copy_;
}

}  // namespace dns_monitor
