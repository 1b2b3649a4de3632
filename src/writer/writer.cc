#include "dns_monitor/writer/writer.h"

#include <sys/epoll.h>

#include <algorithm>
#include <optional>
#include <string>

#include "dns_monitor/base/event_fd.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/thread.h"

namespace dns_monitor {
namespace {

// Measured (bench/): waking for each millisecond costs four times as much a packet as waking each
// fifty, because caches and the kernel's worker are cold each time. The doorbell wakes the writer
// in between when a ring fills faster than that.
constexpr int64_t kLongestSleepNs = 50 * kNanosecondsPerMillisecond;
// Where little comes there is nothing to be late for but its flush: at 10 000 packets/s the
// wake-ups would be most of the work.
constexpr uint64_t kCalmPart = 32;  // of a ring
constexpr int64_t kLongestCalmSleepNs = 250 * kNanosecondsPerMillisecond;
constexpr int64_t kShortestSleepNs = kNanosecondsPerMillisecond;
// A round that begins so late is told in the ledger: the rings have bridged it, or have not.
constexpr int64_t kNotableNs = kNanosecondsPerSecond;

std::unique_ptr<IoBackend> ChooseBackend(bool allow_uring, const BufferPool& pool) {
  if (!allow_uring) return MakePwriteBackend();
  const std::vector<iovec> iovecs = pool.Iovecs();
  absl::StatusOr<std::unique_ptr<IoBackend>> uring = MakeUringBackend(iovecs);
  if (uring.ok()) return *std::move(uring);
  LogWarning(uring.status().message(), ": writing with pwrite(2) instead");
  return MakePwriteBackend();
}

SegmentOptions SegmentsOf(const WriterOptions& options) {
  SegmentOptions segments = options.segments;
  segments.whole_records = options.compression.has_value();
  return segments;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Writer>> Writer::Create(WriterOptions options, const Clock* clock,
                                                       RingSet* rings, Disk* disk) {
  std::unique_ptr<Writer> writer(new Writer(std::move(options), clock, rings, disk));
  DM_RETURN_IF_ERROR(writer->SetUpWaiting());
  writer->SampleClock(clock->BoottimeNs());
  return writer;
}

Writer::Writer(WriterOptions options, const Clock* clock, RingSet* rings, Disk* disk)
    : options_(std::move(options)),
      clock_(clock),
      rings_(rings),
      sleep_ns_(std::clamp(options_.flush_ns / 4, kShortestSleepNs, kLongestSleepNs)),
      kick_fd_(MakeEventFd()),
      epoll_fd_(epoll_create1(EPOLL_CLOEXEC)),
      pool_(rings->cpu_count(), options_.compression ? kFramesBufferBytes : kBufferBytes),
      backend_(ChooseBackend(options_.allow_uring, pool_)),
      queue_(backend_.get(), clock, &pool_, this),
      frame_pool_(options_.compression ? std::make_unique<BufferPool>(
                                             rings->cpu_count(), kFrameBytes,
                                             Compressor::FrameCount(options_.compression->threads))
                                       : nullptr),
      compressor_(frame_pool_ ? std::make_unique<Compressor>(*options_.compression, clock,
                                                             frame_pool_.get(), &pool_, &queue_,
                                                             kick_fd_.get())
                              : nullptr),
      sink_(compressor_ ? static_cast<BufferSink*>(compressor_.get()) : &queue_),
      merger_(*rings),
      assembler_(SegmentsOf(options_), clock, rings, frame_pool_ ? frame_pool_.get() : &pool_,
                 sink_) {
  if (disk == nullptr) return;
  FinisherOptions finisher = options_.finisher;
  finisher.answer_fd = kick_fd_.get();
  finisher.compressed = options_.compression.has_value();
  finisher_ = std::make_unique<Finisher>(disk, std::move(finisher));
  assembler_.set_finisher(finisher_.get());
  const auto& before = options_.before;
  commits_ = std::make_unique<CommitLog>(rings, options_.settings, before ? &*before : nullptr,
                                         options_.is_start);
  assembler_.set_commits(commits_.get());
}

Writer::~Writer() {
  if (thread_.joinable()) Stop();
}

absl::Status Writer::SetUpWaiting() {
  for (const int fd : {kick_fd_.get(), backend_->wait_fd(), options_.doorbell_fd}) {
    if (fd < 0) continue;
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    if (epoll_ctl(epoll_fd_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return ErrnoError("epoll_ctl");
  }
  return absl::OkStatus();
}

void Writer::Start(int64_t replaced_at_ns) {
  if (finisher_ == nullptr) {
    assembler_.BeginStream(options_.stream_fd, sample_.offset_ns);
  } else {
    finisher_->Start();
    if (compressor_ != nullptr) compressor_->Start();
    if (options_.before) {
      assembler_.Resume(*options_.before, options_.settings, replaced_at_ns, merger_.cursors());
    } else {
      assembler_.Begin(sample_.boot_ns + sample_.offset_ns, sample_.offset_ns, merger_.cursors());
    }
  }
  assembler_.Mark(&safe_);
  if (commits_ != nullptr) commits_->Begin(assembler_.segment()->from_ns, safe_);
  segment_ended_ = true;  // before the first one has begun
  thread_ = StartThread("writer", [this] { Run(); });
}

void Writer::BeginAt(int64_t boot_ns) {
  sample_ = {};
  SampleClock(boot_ns);
}

void Writer::RotateSoon() {
  rotate_.store(true);
  Raise(kick_fd_.get());
}

void Writer::Run() {
  while (!stopping_.load()) {
    RunOnce();
    Wait(SleepNs(clock_->BoottimeNs()));
  }
  progress_at_ns_ = clock_->BoottimeNs();
  WriteTheRest();
}

void Writer::RunOnce() {
  const int64_t now_ns = clock_->BoottimeNs();
  SampleClock(now_ns);
  NoteAbsence(now_ns);
  TakeAnswers();
  sink_->Pump();
  GiveUpIfBroken();
  TellTrouble();
  const uint64_t fullest = merger_.Observe(now_ns);
  under_pressure_ = fullest > rings_->ring_bytes() / 4;
  if (compressor_ != nullptr) {
    compressor_->set_ring_fill(static_cast<double>(fullest) /
                               static_cast<double>(rings_->ring_bytes()));
  }
  assembler_.set_cursors(merger_.cursors());
  drained_ = queue_.stream_closed() ? DrainResult::kBlocked : assembler_.DrainFrom(&merger_);
  if (drained_ == DrainResult::kDrained && !options_.stream()) FollowClock();
  FlushIfDue(now_ns);
  calm_ = fullest < rings_->ring_bytes() / kCalmPart && sink_->idle();
  PublishStatus();
}

void Writer::TakeAnswers() {
  if (finisher_ == nullptr) return;
  absl::InlinedVector<Segment*, kSegmentCount> finished;
  while (Segment* segment = finisher_->NextFinished()) finished.push_back(segment);
  // After that: one that was discarded soon after it had been opened is not to be found here when
  // it is in use again.
  while (Segment* segment = finisher_->NextOpened()) {
    // Committed before anything is written to it.
    commits_->OnOpened(assembler_.IndexOf(segment), *segment);
    segment->opened = true;
    ++answers_;
  }
  for (Segment* segment : finished) {
    commits_->OnGone(assembler_.IndexOf(segment));
    assembler_.Reuse(segment);
  }
  answers_ += finished.size();
}

bool Writer::GiveUpIfBroken() {
  const std::optional<int> error = queue_.broken();
  if (!error || !assembler_.CanGoBack()) return false;
  const absl::InlinedVector<Segment*, kBufferCount> sealed = sink_->GiveUp();
  const bool is_within = !segment_ended_;
  if (is_within && safe_.segment_packets > 0) {
    LogError("a segment ends here, damaged: ", ErrnoError("write", *error).message(),
             "; going on with another file");
  }
  merger_.GoBack(safe_.tails);
  assembler_.GoBack(sealed, safe_, is_within, std::string(ErrnoError("write", *error).message()));
  segment_ended_ = true;  // the new one has no checkpoint yet
  return true;
}

// So that the filter counts what a full ring has to refuse under what it is due to.
void Writer::TellTrouble() {
  const int64_t now_ns = clock_->BoottimeNs();
  rings_->SetFullCause(queue_.Trouble(now_ns));
  status_.stalled_since_ns.store(queue_.stalled_since_ns(now_ns), std::memory_order_relaxed);
}

// Kept until every record from before it has been taken: a step of the clock is not to move those.
void Writer::SampleClock(int64_t now_ns) {
  if (sample_.boot_ns == 0) sample_ = {.boot_ns = now_ns, .offset_ns = clock_->WallOffsetNs()};
}

void Writer::NoteAbsence(int64_t now_ns) {
  const int64_t since_ns = status_.round_began_ns.exchange(now_ns, std::memory_order_relaxed);
  const int64_t suspended_before_ns = std::exchange(suspended_ns_, clock_->SuspendedNs());
  if (since_ns == 0 || options_.stream()) return;
  const int64_t offset_ns = assembler_.wall_offset_ns();
  const int64_t asleep_ns = suspended_ns_ - suspended_before_ns;
  if (asleep_ns > kNotableNs) {
    assembler_.AddGap({.from_ns = now_ns - asleep_ns + offset_ns,
                       .to_ns = now_ns + offset_ns,
                       .reason = GapReason::kSuspended});
  }
  if (now_ns - since_ns - std::max<int64_t>(asleep_ns, 0) > kNotableNs) {
    assembler_.AddGap({.from_ns = since_ns + offset_ns,
                       .to_ns = now_ns + offset_ns,
                       .reason = GapReason::kStalled});
  }
}

// What depends on the clock alone. A false answer means "later": the next round asks again.
void Writer::FollowClock() {
  const int64_t horizon_ns = merger_.horizon_ns();
  if (horizon_ns >= sample_.boot_ns) {
    // What an event in the rings told since is newer.
    const bool newest = sample_.boot_ns > assembler_.stepped_at_ns();
    if (newest && !assembler_.SetWallOffset(sample_.offset_ns, horizon_ns)) return;
    sample_ = {};
  }
  if (!assembler_.AdvanceTo(horizon_ns)) return;
  if (rotate_.load() && assembler_.RotateAt(horizon_ns)) rotate_.store(false);
}

// Early enough that a round that comes late still keeps the promise.
int64_t Writer::FlushDueNs(int64_t oldest_ns) const {
  return oldest_ns + options_.flush_ns - 2 * sleep_ns_;
}

void Writer::FlushIfDue(int64_t now_ns) {
  Buffer* buffer = assembler_.buffer();
  const auto oldest_ns = static_cast<int64_t>(assembler_.oldest_unflushed_ns());
  if (oldest_ns == 0 || buffer == nullptr) return;
  if (now_ns < FlushDueNs(oldest_ns) && !under_pressure_) return;
  if (FrameShouldEnd(*buffer)) {
    assembler_.EndBuffer();
    return;
  }
  assembler_.Mark(&flushing_);
  if (sink_->Flush(buffer, flushing_)) assembler_.OnFlushed();
}

bool Writer::FrameShouldEnd(const Buffer& buffer) const {
  if (compressor_ == nullptr) return false;
  // Rings may be smaller than a frame.
  return (under_pressure_ && buffer.used >= rings_->ring_bytes() / 16) ||
         compressor_->IsWornOut(buffer);
}

void Writer::PublishStatus() {
  const Segment* segment = assembler_.segment();
  if (segment != nullptr) {
    status_.segment_bytes.store(segment->facts.length_bytes, std::memory_order_relaxed);
  }
  const uint64_t written = status_.packets_written.load(std::memory_order_relaxed);
  const uint64_t readable = compressor_ != nullptr ? compressor_->readable_packets() : 0;
  status_.packets_readable.store(std::max(written, readable), std::memory_order_relaxed);
  status_.packets_late.store(assembler_.late(), std::memory_order_relaxed);
  status_.failing.store(queue_.failing(), std::memory_order_relaxed);
  status_.stream_closed.store(queue_.stream_closed(), std::memory_order_relaxed);
  status_.count_reached.store(assembler_.limit_reached(), std::memory_order_relaxed);
  if (done_told_ || !(queue_.stream_closed() || assembler_.limit_reached())) return;
  done_told_ = true;
  if (options_.done_fd >= 0) Raise(options_.done_fd);
}

int64_t Writer::SleepNs(int64_t now_ns) const {
  int64_t sleep_ns = under_pressure_ ? std::min(kShortestSleepNs, sleep_ns_) : sleep_ns_;
  // Blocked by the disk or the finisher, or done: their answers wake us.
  if (drained_ == DrainResult::kBlocked) sleep_ns = sleep_ns_;
  if (queue_.retry_at_ns() != 0) {
    sleep_ns = std::clamp(queue_.retry_at_ns() - now_ns, kShortestSleepNs, sleep_ns);
  }
  return calm_ && drained_ == DrainResult::kDrained ? CalmSleepNs(now_ns) : sleep_ns;
}

// What comes right after the look at the rings is found after a quarter of --flush at most, and due
// later than that.
int64_t Writer::CalmSleepNs(int64_t now_ns) const {
  const int64_t longest_ns =
      std::clamp(options_.flush_ns / 4, kShortestSleepNs, kLongestCalmSleepNs);
  const auto oldest_ns = static_cast<int64_t>(assembler_.oldest_unflushed_ns());
  if (oldest_ns == 0) return longest_ns;
  return std::clamp(FlushDueNs(oldest_ns) - now_ns, sleep_ns_, longest_ns);
}

void Writer::Wait(int64_t timeout_ns) {
  epoll_event events[4];
  const int timeout_ms =
      static_cast<int>((timeout_ns + kNanosecondsPerMillisecond - 1) / kNanosecondsPerMillisecond);
  const int count = epoll_wait(epoll_fd_.get(), events, 4, timeout_ms);
  for (int index = 0; index < count; ++index) {
    const int fd = events[index].data.fd;
    if (fd == kick_fd_.get()) Clear(fd);
    if (fd == options_.doorbell_fd && options_.clear_doorbell) options_.clear_doorbell();
  }
}

void Writer::WriteTheRest() {
  for (bool ended = false;;) {
    TakeAnswers();
    sink_->Pump();
    if (GiveUpIfBroken()) ended = false;
    const bool out_of_patience = OutOfPatience();
    if (!ended && (DrainTheRest() || out_of_patience)) {
      End();
      ended = true;
    }
    if ((ended && sink_->idle()) || out_of_patience) break;
    Wait(kShortestSleepNs);
  }
  if (!sink_->idle()) {
    LogError("giving up on the ", options_.stream() ? "reader of the stream" : "disk",
             ending_ == Ending::kSameRings ? "; what is not written stays in the rings"
                                           : "; what is not written is lost");
    sink_->Abandon();
  }
  PublishStatus();
}

bool Writer::DrainTheRest() {
  const bool goes_on = ending_ == Ending::kSameRings;
  if (goes_on) {
    merger_.Observe(clock_->BoottimeNs());
  } else {
    merger_.ObserveAll();
  }
  assembler_.set_cursors(merger_.cursors());
  if (queue_.stream_closed() || assembler_.limit_reached()) return true;
  return assembler_.DrainFrom(&merger_) == DrainResult::kDrained &&
         (!goes_on || merger_.horizon_ns() >= until_ns_);
}

void Writer::End() {
  if (ending_ == Ending::kSameRings) {
    assembler_.EndFor(merger_.horizon_ns());
    return;
  }
  TakePendingLosses();
  if (queue_.stream_closed()) return;
  assembler_.End(ending_ == Ending::kForGood);
}

// A loss is told by the next record that finds room; after the last one nothing tells it.
void Writer::TakePendingLosses() {
  for (int index = 0; index < rings_->cpu_count(); ++index) {
    const capture_cpu& cpu = *rings_->cpu(index);
    if (cpu.pending_count == 0) continue;
    assembler_.OnLoss(index, cpu.pending_to_ns,
                      {.cause = cpu.pending_cause,
                       .reserved = 0,
                       .count = cpu.pending_count,
                       .from_ns = cpu.pending_from_ns,
                       .to_ns = cpu.pending_to_ns});
  }
}

bool Writer::OutOfPatience() {
  const int64_t now_ns = clock_->BoottimeNs();
  // While the disk refuses all, the finisher still answers: each attempt is a file of its own.
  const uint64_t answers = queue_.failing() ? 0 : answers_;
  if (const uint64_t progress = queue_.bytes_written() + answers; progress != progress_) {
    progress_ = progress;
    progress_at_ns_ = now_ns;
  }
  return now_ns - progress_at_ns_ > kPatienceNs;
}

WriterResult Writer::Stop(Ending ending) {
  ending_ = ending;
  until_ns_ = clock_->BoottimeNs();
  stopping_.store(true);
  Raise(kick_fd_.get());
  if (thread_.joinable()) thread_.join();
  WriterResult result;
  result.packets_written = status_.packets_written.load();
  if (ending != Ending::kSameRings) {
    result.packets_lost = assembler_.packets() - result.packets_written;
  }
  if (finisher_ == nullptr) return result;
  result.status = finisher_->Stop(/*has_successor=*/ending == Ending::kSameRings);
  TakeAnswers();
  commits_->Flush();
  return result;
}

void Writer::OnInheritedDone(absl::string_view part) {
  if (commits_ != nullptr) commits_->OnInheritedDone(part);
}

void Writer::OnCheckpoint(const Checkpoint& checkpoint) {
  safe_ = checkpoint;  // within capacity
  segment_ended_ = false;
  if (commits_ != nullptr) {
    const Segment* segment = checkpoint.segment;
    commits_->OnCheckpoint(assembler_.IndexOf(segment), *segment, assembler_.BegunOf(segment),
                           checkpoint);
  }
  status_.packets_written.store(checkpoint.packets, std::memory_order_relaxed);
  for (int cpu = 0; cpu < rings_->cpu_count(); ++cpu) {
    StoreRelease(&rings_->cpu(cpu)->tail, checkpoint.tails[cpu]);
  }
}

void Writer::OnSegmentWritten(Segment* segment) {
  segment_ended_ = true;
  if (finisher_ == nullptr) return;
  commits_->OnComplete(assembler_.IndexOf(segment), *segment, assembler_.EndedOf(segment));
  finisher_->Finish(segment);
}

}  // namespace dns_monitor
