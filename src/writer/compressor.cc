#include "dns_monitor/writer/compressor.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "dns_monitor/base/log.h"
#include "dns_monitor/compress/frame_encoder.h"
#include "frame_workers.h"

namespace dns_monitor {
namespace {

// A frame that is flushed each second ends after ten minutes: what takes over from a process that
// was killed, or reads the rings' tails, has no more than that to do again.
constexpr size_t kMostFlushes = 600;
// While frames come one after the other, what they make is flushed that often.
constexpr int64_t kFlushPauseNs = 50 * kNanosecondsPerMillisecond;
// Half the work of the one before, or about (bench/compress_bench).
constexpr std::array<int, 5> kSteps = {12, 9, 6, 3, 1};
constexpr size_t kFirstPatience = 64;
constexpr size_t kLongestPatience = 4096;

}  // namespace

struct Compressor::Frame {
  MadeFrame made;
  Buffer* buffer = nullptr;
  size_t worker = 0;
  int level = 0;
  uint32_t jobs = 0;   // given
  size_t flushes = 0;  // of them
  bool sealed = false;
  size_t taken = 0;  // of what was made
};

Compressor::~Compressor() = default;

Compressor::Compressor(const CompressorOptions& options, const Clock* clock, BufferPool* frames,
                       BufferPool* written, WriteQueue* queue, int wake_fd)
    : options_(options),
      clock_(clock),
      frame_pool_(frames),
      pool_(written),
      queue_(queue),
      frames_(std::make_unique<Frame[]>(frames->count())),
      workers_(std::make_unique<FrameWorkers>(options.threads, wake_fd)),
      steps_{options.level},
      patience_(kFirstPatience),
      since_rise_(kFirstPatience) {
  const size_t room = FrameEncoder::Bound(kFrameBytes, kMostFlushes);
  for (size_t index = 0; index < frames->count(); ++index) {
    frames_[index].made.bytes = std::make_unique_for_overwrite<std::byte[]>(room);
    frames_[index].made.room = room;
  }
  for (const int level : kSteps) {
    if (level < options.level) steps_.push_back(level);
  }
  steps_.push_back(kStoredLevel);
  under_way_.reserve(frames->count());
  ended_.tails.reserve(static_cast<size_t>(written->cpu_count()));
  flushing_.tails.reserve(static_cast<size_t>(written->cpu_count()));
}

void Compressor::Start() {
  workers_->Start();
}

Compressor::Frame& Compressor::FrameOf(Buffer* buffer) {
  if (!under_way_.empty() && under_way_.back()->buffer == buffer) return *under_way_.back();
  Frame& frame = frames_[static_cast<size_t>(buffer->index)];
  frame.made.made.store(0, std::memory_order_relaxed);
  frame.made.jobs_done.store(0, std::memory_order_relaxed);
  frame.made.content_done = 0;
  frame.buffer = buffer;
  frame.worker = next_worker_++ % workers_->count();
  frame.level = level();
  frame.jobs = 0;
  frame.flushes = 0;
  frame.sealed = false;
  frame.taken = 0;
  under_way_.push_back(&frame);
  return frame;
}

void Compressor::Give(Frame* frame, bool ends) {
  ++frame->jobs;
  workers_->Give(frame->worker, {.frame = &frame->made,
                                 .content = frame->buffer->data,
                                 .to = frame->buffer->used,
                                 .level = frame->level,
                                 .ends = ends});
}

void Compressor::Seal(Buffer* buffer) {
  ChooseLevel();
  Frame& frame = FrameOf(buffer);
  frame.sealed = true;
  given_packets_ = buffer->sealed.packets;
  Give(&frame, /*ends=*/true);
  Pump();
}

bool Compressor::Flush(Buffer* buffer, const Checkpoint& safe) {
  if (buffer->written == buffer->used) return true;
  Frame& frame = FrameOf(buffer);
  if (!IsDone(frame) || IsWornOut(*buffer)) return false;
  ++frame.flushes;
  given_packets_ = safe.packets;
  Give(&frame, /*ends=*/false);
  buffer->written = buffer->used;
  return true;
}

bool Compressor::IsWornOut(const Buffer& buffer) const {
  const Frame& frame = frames_[static_cast<size_t>(buffer.index)];
  return !under_way_.empty() && under_way_.back() == &frame && frame.buffer == &buffer &&
         frame.flushes >= kMostFlushes;
}

void Compressor::Pump() {
  queue_->Pump();
  while (!under_way_.empty()) {
    Frame& frame = *under_way_.front();
    const bool done = IsDone(frame);  // before what it has made is looked at
    if (!CopyOut(&frame) || !frame.sealed || !done) break;
    EndFrame();
  }
  FlushOut();
  if (idle()) readable_packets_ = given_packets_;
}

bool Compressor::IsDone(const Frame& frame) const {
  return frame.made.jobs_done.load(std::memory_order_acquire) == frame.jobs;
}

bool Compressor::AllDone() const {
  return under_way_.empty() ||
         (under_way_.size() == 1 && !under_way_.front()->sealed && IsDone(*under_way_.front()) &&
          under_way_.front()->taken == under_way_.front()->made.made.load());
}

bool Compressor::CopyOut(Frame* frame) {
  const size_t made = frame->made.made.load(std::memory_order_acquire);
  while (frame->taken < made) {
    if (out_ != nullptr && out_->room() == 0) SealOut(/*ends_segment=*/false);
    if (out_ == nullptr) out_ = pool_->Take(frame->buffer->segment, out_offset_);
    if (out_ == nullptr) return false;
    const size_t bytes = std::min(made - frame->taken, out_->room());
    std::memcpy(out_->data + out_->used, frame->made.bytes.get() + frame->taken, bytes);
    out_->used += bytes;
    frame->taken += bytes;
    if (dirty_since_ns_ == 0) dirty_since_ns_ = clock_->BoottimeNs();
  }
  return true;
}

void Compressor::EndFrame() {
  const Frame& frame = *under_way_.front();
  Buffer* buffer = frame.buffer;
  SegmentFacts& facts = buffer->segment->facts;
  const auto used_level = static_cast<uint32_t>(frame.level);
  facts.level = static_cast<uint32_t>(options_.level);
  facts.lowest_level = facts.frames.empty() ? used_level : std::min(facts.lowest_level, used_level);
  facts.frames.push_back({.stored_bytes = static_cast<uint32_t>(frame.taken),
                          .content_bytes = static_cast<uint32_t>(buffer->used)});
  stored_bytes_ += static_cast<int64_t>(frame.taken);
  ended_ = buffer->sealed;  // within capacity
  ended_.stored_bytes = stored_bytes_;
  const bool ends_segment = buffer->ends_segment;
  under_way_.erase(under_way_.begin());
  frame_pool_->Return(buffer);
  if (!ends_segment) return;
  SealOut(/*ends_segment=*/true);
  stored_bytes_ = 0;
}

void Compressor::Mark(Checkpoint* mark) const {
  if (ended_.segment == out_->segment) {
    *mark = ended_;  // within capacity
  } else {
    mark->segment = nullptr;
  }
}

void Compressor::SealOut(bool ends_segment) {
  Mark(&out_->sealed);
  out_->ends_segment = ends_segment;
  out_offset_ = ends_segment ? 0 : out_->file_offset + static_cast<int64_t>(out_->used);
  if (ends_segment) {
    dirty_since_ns_ = 0;
    ended_.segment = nullptr;  // the next one may be in the same memory
  }
  queue_->Seal(std::exchange(out_, nullptr));
}

void Compressor::FlushOut() {
  if (dirty_since_ns_ == 0 || out_ == nullptr) return;
  if (!AllDone() && clock_->BoottimeNs() - dirty_since_ns_ < kFlushPauseNs) return;
  Mark(&flushing_);
  if (queue_->Flush(out_, flushing_)) dirty_since_ns_ = 0;
}

bool Compressor::idle() const {
  return AllDone() && (out_ == nullptr || out_->written == out_->used) && queue_->idle();
}

absl::InlinedVector<Segment*, kBufferCount> Compressor::GiveUp() {
  absl::InlinedVector<Segment*, kBufferCount> segments = queue_->GiveUp();
  const auto add = [&](Segment* segment) {
    if (segments.empty() || segments.back() != segment) segments.push_back(segment);
  };
  if (out_ != nullptr) add(out_->segment);
  for (const Frame* frame : under_way_) {
    if (frame->sealed) add(frame->buffer->segment);
  }
  Drop();
  return segments;
}

void Compressor::Abandon() {
  queue_->Abandon();
  Drop();
}

void Compressor::Drop() {
  workers_->Cancel();
  for (const Frame* frame : under_way_) {
    if (frame->sealed) frame_pool_->Return(frame->buffer);
  }
  under_way_.clear();
  if (out_ != nullptr) pool_->Return(std::exchange(out_, nullptr));
  out_offset_ = stored_bytes_ = dirty_since_ns_ = 0;
  given_packets_ = readable_packets_ = 0;
  ended_.segment = nullptr;
}

// A ring that is a quarter full is what the writer is woken for; at three quarters nothing is left
// to be tried.
size_t Compressor::LowestStep() const {
  constexpr double kFirst = 0.25;
  constexpr double kLast = 0.75;
  if (ring_fill_ < kFirst) return 0;
  const auto last = static_cast<double>(steps_.size() - 1);
  return static_cast<size_t>(std::min(last, 1 + (ring_fill_ - kFirst) / (kLast - kFirst) * last));
}

// Of a frame that is about to be sealed. A pool that runs out for want of a disk is no reason: a
// lower level would only bring more bytes to it.
void Compressor::ChooseLevel() {
  const auto waiting = static_cast<size_t>(
      std::count_if(under_way_.begin(), under_way_.end(),
                    [this](const Frame* frame) { return frame->sealed && !IsDone(*frame); }));
  ++since_rise_;
  if (waiting + 2 >= frame_pool_->count()) {
    calm_ = 0;
    if (step_ >= LowestStep()) return;
    if (step_ == 0) {
      LogWarning("compression at level ", steps_[0],
                 " does not keep up: a lower one is used until it does");
    }
    // It rose too early.
    if (since_rise_ < kFirstPatience) patience_ = std::min(2 * patience_, kLongestPatience);
    since_rise_ = kFirstPatience;
    ++step_;
  } else if (waiting > workers_->count()) {
    calm_ = 0;
  } else if (step_ > 0 && ++calm_ >= patience_) {
    calm_ = since_rise_ = 0;
    if (--step_ == 0) LogInfo("compression keeps up at level ", steps_[0], " again");
  }
}

}  // namespace dns_monitor
