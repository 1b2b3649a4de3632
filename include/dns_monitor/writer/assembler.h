// Turns records into pcap segments: timestamps, borders between segments, bytes in buffers.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "dns_monitor/archive/schedule.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/ledger/index.h"
#include "dns_monitor/pcap/format.h"
#include "dns_monitor/ring/merger.h"
#include "dns_monitor/writer/buffer_pool.h"
#include "dns_monitor/writer/finisher.h"
#include "dns_monitor/writer/write_queue.h"

namespace dns_monitor {

class CommitLog;
struct AccountMark;
struct Books;
struct Succession;

// Makes the headers of a file's records. Divides only when a second begins.
class RecordStamper {
 public:
  explicit RecordStamper(bool nanoseconds) : nanoseconds_(nanoseconds) {}

  PcapRecordHeader Stamp(const RecordView& record, int64_t wall_ns) {
    auto fraction_ns = static_cast<uint64_t>(wall_ns - second_start_ns_);
    if (fraction_ns >= kNanosecondsPerSecond) {
      seconds_ = static_cast<uint32_t>(wall_ns / kNanosecondsPerSecond);
      fraction_ns = static_cast<uint64_t>(wall_ns % kNanosecondsPerSecond);
      second_start_ns_ = wall_ns - static_cast<int64_t>(fraction_ns);
    }
    const auto fraction = static_cast<uint32_t>(fraction_ns);
    return {.seconds = seconds_,
            .fraction = nanoseconds_ ? fraction : fraction / 1000,
            .captured_length = record.length,
            .original_length = record.wire_length};
  }

 private:
  bool nanoseconds_;
  uint32_t seconds_ = 0;
  int64_t second_start_ns_ = 0;  // of the last record
};

struct SegmentOptions {
  LinkType link_type = LinkType::kEthernet;
  uint32_t snaplen = CAPTURE_MAX_SNAPLEN;
  bool nanoseconds = false;                  // fractions in the file; the ring always has them
  std::optional<RotationSchedule> schedule;  // none: no rotation by the clock
  int64_t max_segment_bytes = std::numeric_limits<int64_t>::max();
  uint64_t max_packets = std::numeric_limits<uint64_t>::max();  // of the capture
  bool whole_records = false;                                   // in each buffer
};

// The writer thread's alone: the sink of its Merger. Every method that returns bool says false when
// there is no free buffer or segment now; nothing has changed then, and the caller tries again.
class Assembler {
 public:
  // All outlive this.
  Assembler(const SegmentOptions& options, const Clock* clock, const RingSet* rings,
            BufferPool* pool, BufferSink* sink);
  ~Assembler();
  // Opens and finishes the segments; not for a stream.
  void set_finisher(Finisher* finisher) { finisher_ = finisher; }
  // Is told of segments that end where the disk refused them.
  void set_commits(CommitLog* commits) { commits_ = commits; }

  // Begins the first segment at this wall-clock time, with this difference to the ring's clock. A
  // stream goes to `stream_fd`, which is closed with this.
  void Begin(int64_t wall_ns, int64_t wall_offset_ns, absl::Span<const uint64_t> cursors);
  // As Begin, where the process before has ended. Its settings hold up to `replaced_at_ns`
  // (CLOCK_BOOTTIME), and segments end there when `settings` are others.
  void Resume(const Succession& before, const LedgerSettings& settings, int64_t replaced_at_ns,
              absl::Span<const uint64_t> cursors);
  void BeginStream(int stream_fd, int64_t wall_offset_ns);

  // Takes all that is final from the rings (Merger::Drain with this as the sink).
  DrainResult DrainFrom(Merger* merger);

  // As the Merger calls them. `cursors` of the merger stand at the record.
  bool OnPacket(const RecordView& record);
  bool OnLoss(int cpu, uint64_t time_ns, const capture_loss& loss);
  bool OnStep(uint64_t time_ns, const capture_step& step);
  bool OnSettings(uint64_t time_ns, const capture_settings& settings);

  // The clock has moved against the ring's by now: backwards begins a segment.
  bool SetWallOffset(int64_t wall_offset_ns, int64_t boot_ns);
  // Ends the buffer here, so that what it holds is soon safe.
  void EndBuffer() {
    if (pool_->available() > 0) TakeNextBuffer();
  }
  // No packet before this time can come any more: segments that end before it end now.
  bool AdvanceTo(int64_t boot_ns);
  // Ends the segment here, and begins the next at this time.
  bool RotateAt(int64_t boot_ns);
  // Nothing was captured in a while, for this reason: told in the segment's ledger.
  void AddGap(const Gap& gap) { segment_->facts.gaps.push_back(gap); }
  // Ends the last segment now: no packet follows.
  void End(bool for_good = true);
  // Ends it at this time: another process goes on from there.
  void EndFor(int64_t boot_ns);

  // What stands behind the last record. `tails` has room for all of them.
  void Mark(Checkpoint* mark) const;
  // The disk does not take what came behind `safe`, for this reason. `sealed` are the segments of
  // which the queue has dropped something (WriteQueue::GiveUp); `safe` is within the first that is
  // not written, if `is_within`. That one ends there, damaged; all others, and it as well when it
  // has no packet, are forgotten; and a segment begins as if nothing had been taken since. The
  // caller takes the merger back to `safe`, too. Only when there is a free segment. Also after End.
  bool CanGoBack() const { return free_count_ > 0; }
  void GoBack(absl::Span<Segment* const> sealed, const Checkpoint& safe, bool is_within,
              std::string damage);

  // What was appended, in all segments.
  uint64_t packets() const { return packets_; }
  uint64_t late() const { return late_; }
  bool limit_reached() const { return packets_ >= options_.max_packets; }
  Buffer* buffer() { return buffer_; }
  Segment* segment() { return segment_; }
  // Time of the oldest record that no flush or seal has covered yet (CLOCK_BOOTTIME); 0: none.
  uint64_t oldest_unflushed_ns() const { return oldest_unflushed_ns_; }
  void OnFlushed() { oldest_unflushed_ns_ = 0; }
  void set_cursors(absl::Span<const uint64_t> cursors) { cursors_ = cursors; }
  size_t IndexOf(const Segment* segment) const {
    return static_cast<size_t>(segment - segments_.data());
  }
  const AccountMark& BegunOf(const Segment* segment) const;
  const AccountMark& EndedOf(const Segment* segment) const;
  // A segment that the finisher gave back.
  void Reuse(Segment* segment) { free_segments_[free_count_++] = segment; }
  int64_t wall_offset_ns() const { return wall_offset_ns_; }
  // Where the last step that the rings told stands (CLOCK_BOOTTIME); 0: none was told.
  int64_t stepped_at_ns() const { return stepped_at_ns_; }

 private:
  class HotPath;

  bool CanBeginSegment() const { return free_count_ > 0 && pool_->available() > 0; }
  // Only when one can.
  void BeginSegment(int64_t from_ns);
  void EndSegmentAt(int64_t boot_ns);
  // From boot time `boot_ns` on: the segment after this one.
  bool Rotate(int64_t boot_ns, int64_t from_ns);
  void PutFileHeader();
  void SealBuffer(bool ends_segment);
  // Only when there is one.
  void TakeNextBuffer();
  void Append(const void* bytes, size_t length);
  void CountPacket(const RecordView& record);
  // How many bytes of packets may be appended to the buffer until something else is due.
  size_t RoomForMore() const;
  // Gives the indexer what the buffer has got since.
  void IndexAppended();
  // The segment holds all that it will: its index, and the balance up to here.
  void CloseBooks();
  AccountMark Now() const;
  // Of `segment`, up to now.
  Balance BalanceOf(const Segment& segment, const AccountMark& now) const;
  // Of GoBack.
  void EndDamaged(Segment* segment, const Checkpoint& safe, std::string damage);
  void Restore(const Checkpoint& safe);
  int64_t ToBoot(int64_t wall_ns) const;
  int64_t NextSegmentStart(int64_t wall_ns) const;
  bool RotateIfDue(const RecordView& record, size_t bytes);

  const SegmentOptions options_;
  const Clock* const clock_;
  const RingSet* const rings_;
  BufferPool* const pool_;
  BufferSink* const sink_;
  Finisher* finisher_ = nullptr;
  CommitLog* commits_ = nullptr;
  absl::Span<const uint64_t> cursors_;

  std::array<Segment, kSegmentCount> segments_;
  std::array<Segment*, kSegmentCount> free_segments_{};
  size_t free_count_ = 0;
  Segment* segment_ = nullptr;
  Buffer* buffer_ = nullptr;
  RecordStamper stamper_;
  SegmentIndexer indexer_;
  size_t indexed_ = 0;  // bytes of the buffer
  std::unique_ptr<Books> books_;

  int64_t wall_offset_ns_ = 0;  // CLOCK_REALTIME - CLOCK_BOOTTIME
  int64_t tai_offset_ns_ = 0;   // CLOCK_TAI - CLOCK_REALTIME, as last looked at
  int64_t stepped_at_ns_ = 0;
  int64_t border_boot_ns_ = 0;  // where the segment ends, in the ring's time
  uint64_t last_time_ns_ = 0;   // of the youngest record appended
  uint64_t packets_ = 0;
  std::optional<LedgerSettings> settings_before_;  // of the process before …
  int64_t replaced_at_ns_ = 0;                     // … up to here
  uint64_t taken_before_ = 0;                      // from the same rings, by processes before
  uint64_t late_ = 0;
  uint64_t oldest_unflushed_ns_ = 0;
};

}  // namespace dns_monitor
