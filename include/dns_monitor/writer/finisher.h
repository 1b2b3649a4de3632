// Does what blocks: opens segments, and finishes them.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "dns_monitor/archive/schedule.h"
#include "dns_monitor/base/disk.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/base/spsc_queue.h"
#include "dns_monitor/ledger/keeper.h"
#include "dns_monitor/writer/segment.h"

namespace dns_monitor {

struct FinisherOptions {
  std::string interface;
  bool names_need_seconds = false;
  bool compressed = false;
  absl::TimeZone zone;
  uint32_t mode = 0640;  // of segments, and with 0600 of a .part
  int64_t group = -1;
  // Writes the segments' ledgers, on the finisher's thread; outlives it. nullptr: no ledgers.
  LedgerKeeper* keeper = nullptr;
  // Called on the finisher's thread.
  std::function<void(const SegmentFacts&)> on_opened;
  std::function<void(const SegmentFacts&)> on_finished;  // also when it could not be synced
  // Woken after each answer: an eventfd of the writer's.
  int answer_fd = -1;
};

// A thread of its own. Requests and answers pass through queues without locks, so the writer never
// waits for a directory, an fsync or a rename.
class Finisher {
 public:
  // `disk` outlives this.
  Finisher(Disk* disk, FinisherOptions options);
  ~Finisher();

  // Starts the thread. Once; what was asked before is done then.
  void Start();

  // The writer's thread. The segment is the finisher's until NextOpened or NextFinished returns it.
  // A segment that cannot be opened is tried again, with growing pauses, until it can or Stop;
  // others are finished meanwhile.
  void Open(Segment* segment);
  // Gives back what was preallocated, syncs, sets access, renames, syncs the directory. A segment
  // whose length, ledger or name the disk refuses is tried again, before those that ended after it,
  // until it is finished, or more than kMostUnfinished are waiting, or Stop.
  void Finish(Segment* segment);
  // Nothing of it was written, or what was comes into another one: removes it, or at least makes it
  // empty. One that the disk refuses to is tried again, until more than kMostUnwanted are waiting,
  // or Stop. Comes back by NextFinished, and before that possibly by NextOpened.
  void Discard(Segment* segment);
  Segment* NextOpened();
  Segment* NextFinished();

  // Finishes what was asked before, then ends the thread. A segment that still cannot be opened is
  // given up; so is one that cannot be finished: it has its name without a ledger, or is left as a
  // part; or that cannot be removed. With a successor, who knows what belongs into the ledger and
  // what is to go, these are left as parts with those behind them, which do not come back by
  // NextFinished. OK, or the first error of a segment.
  absl::Status Stop(bool has_successor = false);

  // Of kSegmentCount; the writer goes on with the others.
  static constexpr size_t kMostUnfinished = kSegmentCount / 2;
  // What is written to a disk that takes no removal is one; attempts after that bring nothing.
  static constexpr size_t kMostUnwanted = 1;

 private:
  enum class Task { kOpen, kFinish, kDiscard };
  struct Request {
    Task task = Task::kOpen;
    Segment* segment = nullptr;
  };

  void Run();
  void Ask(Request request);
  // Opens the segments that wait for it, in their order, until one cannot be.
  void TryToOpen();
  absl::Status OpenFiles(Segment* segment);
  // Tells whoever finishes a part after a crash (recovery/salvage.h) that a write may be under way.
  // Shared: each of a segment's two descriptions has one, as writes go through both.
  void Lock(const Fd& fd);
  absl::StatusOr<Fd> CreateUnderFreeName(SegmentName* name);
  // The ordinal after those that were given to names of this start before. Retention may have freed
  // one of them; taken again, it would make the newest segment look like the oldest.
  int NextOrdinal(const SegmentName& name);
  void Await(Segment* segment);
  // Finishes the segments that wait for it, in their order, until one cannot be. `at_last`: there
  // is no later attempt.
  void TryToFinish(bool at_last);
  // An error: it has not got its name. `make_do`: rather a segment that is too long, or without a
  // ledger, than one that nobody finds.
  absl::Status FinishFiles(Segment* segment, bool make_do);
  // Discards the segments that wait for it, but those that the disk refuses to. As TryToFinish.
  void TryToDiscard(bool at_last);
  absl::Status DiscardFiles(Segment* segment);
  // The name of a finished segment, its ledger beside it first.
  absl::Status GiveName(Segment* segment, bool make_do);
  void Answer(SpscQueue<Segment*, kSegmentCount>* queue, Segment* segment);
  // Sleeps until asked again, or until the next attempt is due.
  void WaitForRequest();

  Disk* const disk_;
  const FinisherOptions options_;
  SpscQueue<Request, 2 * kSegmentCount> requests_;
  SpscQueue<Segment*, kSegmentCount> opened_;
  SpscQueue<Segment*, kSegmentCount> finished_;
  Fd wake_fd_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> has_successor_{false};
  // The finisher's thread alone:
  std::deque<Segment*> waiting_;     // to be opened
  std::deque<Segment*> unfinished_;  // to be finished
  std::deque<Segment*> unwanted_;    // to be discarded
  // Before the next attempt; 0: the last one succeeded.
  int open_pause_ms_ = 0;
  int finish_pause_ms_ = 0;
  int discard_pause_ms_ = 0;
  bool direct_refused_ = false;
  bool lock_refused_ = false;
  std::optional<SegmentName> last_name_;  // given to a segment, unless it was discarded
  absl::Status sync_error_;               // of the first one of unfinished_
  absl::Status first_error_;
  std::thread thread_;
};

}  // namespace dns_monitor
