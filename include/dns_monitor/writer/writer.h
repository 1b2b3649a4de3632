// The thread between the rings and the files.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/disk.h"
#include "dns_monitor/ring/merger.h"
#include "dns_monitor/ring/ring_set.h"
#include "dns_monitor/writer/assembler.h"
#include "dns_monitor/writer/commit_log.h"
#include "dns_monitor/writer/compressor.h"
#include "dns_monitor/writer/finisher.h"
#include "dns_monitor/writer/io_backend.h"
#include "dns_monitor/writer/write_queue.h"

namespace dns_monitor {

struct WriterOptions {
  SegmentOptions segments;
  FinisherOptions finisher;          // answer_fd is set by the writer
  LedgerSettings settings;           // for whoever goes on after this
  bool is_start = true;              // nothing was captured before, in other rings
  std::optional<Succession> before;  // goes on where another process has ended
  int64_t flush_ns = kNanosecondsPerSecond;
  int stream_fd = -1;  // >= 0: one stream there instead of segments; owned
  std::optional<CompressorOptions> compression;  // none: files are as they are
  bool allow_uring = true;                       // false: the fall-back, for tests and benchmarks
  int doorbell_fd = -1;                          // readable when a ring is filling; not owned
  std::function<void()> clear_doorbell;
  // Raised when there is nothing left to do (count reached, stream closed). An eventfd.
  int done_fd = -1;

  bool stream() const { return stream_fd >= 0; }
};

// Written by the writer's thread, read by any.
struct WriterStatus {
  std::atomic<uint64_t> packets_written{0};  // in files or the stream, for sure
  // The same, and those of a compressed frame that has not ended.
  std::atomic<uint64_t> packets_readable{0};
  std::atomic<uint64_t> packets_late{0};
  std::atomic<int64_t> segment_bytes{0};     // of the current segment, appended
  std::atomic<bool> failing{false};          // the disk refuses writes at present
  std::atomic<int64_t> round_began_ns{0};    // the last one, CLOCK_BOOTTIME
  std::atomic<int64_t> stalled_since_ns{0};  // the disk has taken nothing since; 0: it is moving
  std::atomic<bool> count_reached{false};
  std::atomic<bool> stream_closed{false};
};

// What comes after a writer.
enum class Ending {
  kForGood,   // nothing
  kNewRings,  // another one, on rings of its own
  // Another one on the same rings, which the filter goes on filling: what has come by now is
  // written, and what a disk that fails does not take stays there.
  kSameRings,
};

// How many packets the writer could not bring to the disk before it had to end, and why.
struct WriterResult {
  uint64_t packets_written = 0;
  uint64_t packets_lost = 0;  // taken from a ring, never written
  absl::Status status;        // of the last segments' finishing
};

// Merges the rings, fills buffers, keeps one write under way, moves the tails behind what is
// written. No locks between Start and Stop on its thread, and no allocation but for the sizes of a
// compressed segment's frames; it sleeps until a buffer is written, a ring fills, somebody asks, or
// 50 ms have passed: 250 ms where little comes.
class Writer final : private WriteObserver {
 public:
  // `disk` is nullptr for a stream. All pointers outlive this.
  static absl::StatusOr<std::unique_ptr<Writer>> Create(WriterOptions options, const Clock* clock,
                                                        RingSet* rings, Disk* disk);
  ~Writer() override;

  // Begins the first segment, as of Create: the filter may have been attached since. Starts its
  // threads: there are none before. With options.before: at this time (CLOCK_BOOTTIME) the filter
  // of that process was replaced by one with other settings.
  void Start(int64_t replaced_at_ns = 0);
  // Any thread: ends the current segment and begins the next.
  void RotateSoon();
  // The first segment is to begin at this time (CLOCK_BOOTTIME), not as of Create. Before Start.
  void BeginAt(int64_t boot_ns);
  // The filter must be detached: writes everything that the rings hold, ends the segment, waits for
  // the finisher. Gives up on a disk that fails for kPatienceNs; what is lost then is in the
  // result.
  WriterResult Stop(Ending ending = Ending::kForGood);
  // A part that the process before left is a segment now, or removed. Any thread.
  void OnInheritedDone(absl::string_view part);

  const WriterStatus& status() const { return status_; }
  const char* backend_name() const { return backend_->name(); }

  static constexpr int64_t kPatienceNs = 10 * kNanosecondsPerSecond;

 private:
  Writer(WriterOptions options, const Clock* clock, RingSet* rings, Disk* disk);

  absl::Status SetUpWaiting();
  void Run();
  // Everything that can be done now.
  void RunOnce();
  void TakeAnswers();
  // The file cannot be written any more: another one takes what lies behind the last checkpoint.
  // Whether that was so.
  bool GiveUpIfBroken();
  void TellTrouble();
  void SampleClock(int64_t now_ns);
  void FollowClock();
  // Tells the ledger of time in which this thread did not run.
  void NoteAbsence(int64_t now_ns);
  void FlushIfDue(int64_t now_ns);
  // Only the end of the frame makes its packets safe.
  bool FrameShouldEnd(const Buffer& buffer) const;
  void PublishStatus();
  int64_t FlushDueNs(int64_t oldest_ns) const;
  int64_t SleepNs(int64_t now_ns) const;
  int64_t CalmSleepNs(int64_t now_ns) const;
  void Wait(int64_t timeout_ns);
  void WriteTheRest();
  void End();
  // Of the rings. Whether all that is to be written is taken.
  bool DrainTheRest();
  void TakePendingLosses();
  // At the end only: whether the disk has had its time.
  bool OutOfPatience();

  void OnCheckpoint(const Checkpoint& checkpoint) override;
  void OnSegmentWritten(Segment* segment) override;

  const WriterOptions options_;
  const Clock* const clock_;
  RingSet* const rings_;
  const int64_t sleep_ns_;
  Fd kick_fd_;
  Fd epoll_fd_;
  BufferPool pool_;  // of what is written
  std::unique_ptr<IoBackend> backend_;
  std::unique_ptr<Finisher> finisher_;
  WriteQueue queue_;
  std::unique_ptr<BufferPool> frame_pool_;  // of what is compressed before; none: nothing is
  std::unique_ptr<Compressor> compressor_;
  BufferSink* const sink_;  // one of them
  Merger merger_;
  Assembler assembler_;
  std::unique_ptr<CommitLog> commits_;  // none for a stream
  Checkpoint safe_;                     // the last one
  bool segment_ended_ = false;          // with it
  Checkpoint flushing_;                 // of FlushIfDue; here for its memory
  DrainResult drained_ = DrainResult::kDrained;
  bool calm_ = false;            // rings are nearly empty, nothing is under way
  bool under_pressure_ = false;  // a ring is filling: tails must move soon
  // What the wall clock was ahead of the boot clock, and when that was (boot time; 0: no sample).
  struct ClockSample {
    int64_t boot_ns = 0;
    int64_t offset_ns = 0;
  };
  ClockSample sample_;
  int64_t suspended_ns_ = 0;    // of the machine, as of then
  uint64_t answers_ = 0;        // of the finisher
  uint64_t progress_ = 0;       // at the end: bytes and answers when the disk moved last …
  int64_t progress_at_ns_ = 0;  // … and when that was
  bool done_told_ = false;
  WriterStatus status_;
  std::atomic<bool> stopping_{false};
  Ending ending_ = Ending::kForGood;
  int64_t until_ns_ = 0;  // kSameRings: what came before is to be written
  std::atomic<bool> rotate_{false};
  std::thread thread_;
};

}  // namespace dns_monitor
