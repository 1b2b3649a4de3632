#include "dns_monitor/writer/assembler.h"

#include <algorithm>
#include <cstdlib>

#include "dns_monitor/base/log.h"
#include "dns_monitor/base/units.h"
#include "dns_monitor/writer/account.h"
#include "dns_monitor/writer/commit_log.h"

namespace dns_monitor {
namespace {

// Two readings of two clocks differ by the time between them: a smaller move is none
// (bpf/store.bpf.h, OFFSET_TOLERANCE_NS).
constexpr int64_t kOffsetToleranceNs = 20'000;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

}  // namespace

Assembler::~Assembler() = default;

Assembler::Assembler(const SegmentOptions& options, const Clock* clock, const RingSet* rings,
                     BufferPool* pool, BufferSink* sink)
    : options_(options),
      clock_(clock),
      rings_(rings),
      pool_(pool),
      sink_(sink),
      stamper_(options.nanoseconds),
      indexer_(options.nanoseconds),
      books_(std::make_unique<Books>()) {
  for (Segment& segment : segments_) Reuse(&segment);
}

void Assembler::Begin(int64_t wall_ns, int64_t wall_offset_ns, absl::Span<const uint64_t> cursors) {
  wall_offset_ns_ = wall_offset_ns;
  tai_offset_ns_ = clock_->TaiOffsetNs();
  cursors_ = cursors;
  BeginSegment(wall_ns);
}

void Assembler::Resume(const Succession& before, const LedgerSettings& settings,
                       int64_t replaced_at_ns, absl::Span<const uint64_t> cursors) {
  const CommitRecord& record = before.record;
  wall_offset_ns_ = record.wall_offset_ns;
  tai_offset_ns_ = record.tai_offset_ns;
  stepped_at_ns_ = record.stepped_at_ns;
  last_time_ns_ = record.last_time_ns;
  taken_before_ = record.taken;
  cursors_ = cursors;
  books_->border = record.border;
  LedgerSettings old_settings = before.settings;
  old_settings.nanoseconds = settings.nanoseconds;  // a matter of the file, which is ours
  if (old_settings != settings) settings_before_ = std::move(old_settings);
  replaced_at_ns_ = replaced_at_ns;
  BeginSegment(record.from_ns);
}

void Assembler::BeginStream(int stream_fd, int64_t wall_offset_ns) {
  wall_offset_ns_ = wall_offset_ns;
  tai_offset_ns_ = clock_->TaiOffsetNs();
  border_boot_ns_ = kNever;
  segment_ = free_segments_[--free_count_];
  segment_->stream = true;
  segment_->opened = true;
  segment_->buffered = Fd(stream_fd);
  buffer_ = pool_->Take(segment_, 0);
  indexed_ = 0;
  PutFileHeader();
  oldest_unflushed_ns_ = 1;  // whoever reads waits for the header
}

void Assembler::BeginSegment(int64_t from_ns) {
  segment_ = free_segments_[--free_count_];
  *segment_ = Segment{};
  books_->begun[IndexOf(segment_)] = books_->border;
  segment_->from_ns = from_ns;
  if (options_.schedule) {
    segment_->to_ns =
        absl::ToUnixNanos(options_.schedule->NextBorder(absl::FromUnixNanos(from_ns)));
  }
  if (settings_before_ && ToBoot(from_ns) < replaced_at_ns_) {
    segment_->facts.settings = settings_before_;
    segment_->to_ns = std::min(segment_->to_ns, replaced_at_ns_ + wall_offset_ns_);
  }
  border_boot_ns_ = ToBoot(segment_->to_ns);
  buffer_ = pool_->Take(segment_, 0);
  indexed_ = 0;
  PutFileHeader();
  // Also a segment without packets is to be seen soon.
  oldest_unflushed_ns_ = static_cast<uint64_t>(std::max<int64_t>(ToBoot(from_ns), 1));
  finisher_->Open(segment_);
}

void Assembler::PutFileHeader() {
  const PcapFileHeader header{
      .magic = options_.nanoseconds ? kPcapMagicNanoseconds : kPcapMagicMicroseconds,
      .snaplen = segment_->facts.settings ? segment_->facts.settings->snaplen : options_.snaplen,
      .link_type = static_cast<uint32_t>(options_.link_type)};
  Append(&header, sizeof(header));
  segment_->facts.length_bytes = sizeof(header);
}

int64_t Assembler::ToBoot(int64_t wall_ns) const {
  return wall_ns == kNever ? kNever : wall_ns - wall_offset_ns_;
}

int64_t Assembler::NextSegmentStart(int64_t wall_ns) const {
  // After a jump ahead over several borders the segments in between do not exist.
  const absl::Time border = options_.schedule->BorderAtOrBefore(absl::FromUnixNanos(wall_ns));
  return std::max(absl::ToUnixNanos(border), segment_->to_ns);
}

void Assembler::EndSegmentAt(int64_t boot_ns) {
  segment_->to_ns = std::min(segment_->to_ns, boot_ns + wall_offset_ns_);
  CloseBooks();
  SealBuffer(/*ends_segment=*/true);
}

void Assembler::CloseBooks() {
  IndexAppended();
  SegmentFacts& facts = segment_->facts;
  facts.index = indexer_.Finish(facts.length_bytes);
  TellTimes(&facts);
  const AccountMark now = Now();
  facts.balance = BalanceOf(*segment_, now);
  books_->border = books_->ended[IndexOf(segment_)] = now;
}

AccountMark Assembler::Now() const {
  return {.filter = rings_->Counters(), .taken = taken_before_ + packets_};
}

const AccountMark& Assembler::BegunOf(const Segment* segment) const {
  return books_->begun[IndexOf(segment)];
}

const AccountMark& Assembler::EndedOf(const Segment* segment) const {
  return books_->ended[IndexOf(segment)];
}

Balance Assembler::BalanceOf(const Segment& segment, const AccountMark& now) const {
  Balance balance = BalanceBetween(BegunOf(&segment), now);
  balance.clipped = segment.facts.clipped;
  balance.late = segment.facts.late;
  return balance;
}

bool Assembler::Rotate(int64_t boot_ns, int64_t from_ns) {
  if (!CanBeginSegment()) return false;
  EndSegmentAt(boot_ns);
  BeginSegment(from_ns);
  return true;
}

bool Assembler::AdvanceTo(int64_t boot_ns) {
  if (boot_ns < border_boot_ns_) return true;
  return Rotate(boot_ns, NextSegmentStart(boot_ns + wall_offset_ns_));
}

bool Assembler::RotateAt(int64_t boot_ns) {
  return Rotate(boot_ns, boot_ns + wall_offset_ns_);
}

bool Assembler::RotateIfDue(const RecordView& record, size_t bytes) {
  const auto time_ns = static_cast<int64_t>(record.time_ns);
  if (!AdvanceTo(time_ns)) return false;
  const SegmentFacts& facts = segment_->facts;
  const bool too_large =
      facts.length_bytes + static_cast<int64_t>(bytes) > options_.max_segment_bytes;
  return !too_large || facts.packets == 0 || RotateAt(time_ns);
}

void Assembler::End(bool for_good) {
  if (segment_->stream) {
    SealBuffer(/*ends_segment=*/true);
  } else {
    const int64_t now_ns = std::max(clock_->BoottimeNs(), static_cast<int64_t>(last_time_ns_));
    const int64_t wall_ns = now_ns + wall_offset_ns_;
    if (for_good) {
      AddGap({.from_ns = wall_ns, .to_ns = wall_ns, .reason = GapReason::kStopped});
    }
    EndSegmentAt(now_ns + 1);  // a packet of this moment is within
  }
  segment_ = nullptr;
}

void Assembler::EndFor(int64_t boot_ns) {
  EndSegmentAt(boot_ns);
  segment_ = nullptr;
}

void Assembler::SealBuffer(bool ends_segment) {
  IndexAppended();
  Mark(&buffer_->sealed);
  buffer_->ends_segment = ends_segment;
  oldest_unflushed_ns_ = 0;
  sink_->Seal(std::exchange(buffer_, nullptr));
}

void Assembler::TakeNextBuffer() {
  const int64_t next_offset = buffer_->file_offset + static_cast<int64_t>(buffer_->used);
  SealBuffer(/*ends_segment=*/false);
  buffer_ = pool_->Take(segment_, next_offset);
  indexed_ = 0;
}

void Assembler::Append(const void* bytes, size_t length) {
  const auto* from = static_cast<const std::byte*>(bytes);
  while (length > 0) {
    if (buffer_->room() == 0) TakeNextBuffer();
    const size_t now = std::min(length, buffer_->room());
    std::memcpy(buffer_->data + buffer_->used, from, now);
    buffer_->used += now;
    from += now;
    length -= now;
  }
}

void Assembler::CountPacket(const RecordView& record) {
  SegmentFacts& facts = segment_->facts;
  facts.length_bytes += sizeof(PcapRecordHeader) + record.length;
  ++facts.packets;
  ++packets_;
  facts.clipped += record.wire_length > record.length;
  const bool late = record.time_ns < last_time_ns_;
  facts.late += late;
  late_ += late;
  last_time_ns_ = std::max<uint64_t>(last_time_ns_, record.time_ns);
  if (oldest_unflushed_ns_ == 0) oldest_unflushed_ns_ = record.time_ns;
}

void Assembler::IndexAppended() {
  if (!segment_->stream) {
    indexer_.OnAppended({buffer_->data + indexed_, buffer_->used - indexed_});
  }
  indexed_ = buffer_->used;
}

bool Assembler::OnPacket(const RecordView& record) {
  const size_t bytes = sizeof(PcapRecordHeader) + record.length;
  if (limit_reached()) return false;
  if (static_cast<int64_t>(record.time_ns) >= border_boot_ns_ ||
      segment_->facts.length_bytes + static_cast<int64_t>(bytes) > options_.max_segment_bytes) {
    if (!RotateIfDue(record, bytes)) return false;
  }
  // A record is shorter than a buffer, so one more is always enough.
  if (buffer_->room() < bytes) {
    if (pool_->available() == 0) return false;
    if (options_.whole_records) TakeNextBuffer();
  }
  const int64_t wall_ns = static_cast<int64_t>(record.time_ns) + wall_offset_ns_;
  const PcapRecordHeader header = stamper_.Stamp(record, wall_ns);
  if (!segment_->stream) indexer_.OnRecord(segment_->facts.length_bytes, wall_ns);
  Append(&header, sizeof(header));
  Append(record.payload, record.length);
  CountPacket(record);
  if (buffer_->used - indexed_ >= kHashBytes) IndexAppended();
  return true;
}

bool Assembler::OnLoss(int cpu, uint64_t, const capture_loss& loss) {
  const LossCause cause =
      loss.cause < CAPTURE_LOST_COUNT ? static_cast<LossCause>(loss.cause) : LossCause::kOther;
  AddLoss({.cause = cause,
           .cpu = static_cast<uint32_t>(cpu),
           .count = loss.count,
           .from_ns = static_cast<int64_t>(loss.from_ns) + wall_offset_ns_,
           .to_ns = static_cast<int64_t>(loss.to_ns) + wall_offset_ns_},
          &segment_->facts.losses);
  return true;
}

bool Assembler::OnStep(uint64_t time_ns, const capture_step& step) {
  // What the event tells holds at its place, also when the clock was set again before it was read
  // here. But CLOCK_TAI moves as well when only its distance to the wall clock is set, and when
  // that was set since the last look, nobody knows which of the two an event tells of: then the
  // wall clock of now decides.
  const int64_t now_offset_ns = clock_->WallOffsetNs();
  const int64_t tai_offset_ns = clock_->TaiOffsetNs();
  const int64_t told_offset_ns = step.new_offset_ns - tai_offset_ns;
  const bool set_again = tai_offset_ns == tai_offset_ns_ &&
                         std::abs(told_offset_ns - now_offset_ns) >= kOffsetToleranceNs;
  if (!SetWallOffset(set_again ? told_offset_ns : now_offset_ns, static_cast<int64_t>(time_ns))) {
    return false;
  }
  tai_offset_ns_ = tai_offset_ns;
  stepped_at_ns_ = static_cast<int64_t>(time_ns);
  return true;
}

bool Assembler::OnSettings(uint64_t, const capture_settings&) {
  return true;
}

bool Assembler::SetWallOffset(int64_t wall_offset_ns, int64_t boot_ns) {
  const int64_t moved_ns = wall_offset_ns - wall_offset_ns_;
  if (std::abs(moved_ns) < kOffsetToleranceNs) return true;
  const bool back = moved_ns < 0;
  if (segment_->stream) {
    wall_offset_ns_ = wall_offset_ns;
    return true;
  }
  if (back) {
    if (!CanBeginSegment()) return false;
    EndSegmentAt(boot_ns);  // by the old clock
    wall_offset_ns_ = wall_offset_ns;
    BeginSegment(boot_ns + wall_offset_ns_);
  }
  wall_offset_ns_ = wall_offset_ns;
  border_boot_ns_ = ToBoot(segment_->to_ns);
  AddGap({.from_ns = boot_ns + wall_offset_ns - moved_ns,
          .to_ns = boot_ns + wall_offset_ns,
          .reason = GapReason::kClockStep,
          .step_ns = moved_ns});
  LogWarning("the clock was set ", back ? "back" : "ahead", " by ",
             FormatDuration(std::abs(moved_ns)), back ? ": a new segment begins" : "");
  return true;
}

}  // namespace dns_monitor
