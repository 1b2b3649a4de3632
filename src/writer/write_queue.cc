#include "dns_monitor/writer/write_queue.h"

#include <algorithm>
#include <cerrno>

#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/units.h"

namespace dns_monitor {
namespace {

// A flush of less goes through the page cache alone: one small write instead of two.
constexpr size_t kMinDirectFlushBytes = 64 << 10;
// Blocks are asked for in steps of this; what is left over is given back when the file is finished.
constexpr int64_t kAllocationStepBytes = 64 << 20;
constexpr int64_t kFirstPauseNs = 10 * kNanosecondsPerMillisecond;
constexpr int64_t kLongestPauseNs = kNanosecondsPerSecond;
// Of one write, 150 ms in all, until another file is tried.
constexpr int kAttempts = 5;

size_t AlignDown(size_t bytes) {
  return bytes & ~(kDirectAlignBytes - 1);
}

size_t AlignUp(size_t bytes) {
  return AlignDown(bytes + kDirectAlignBytes - 1);
}

bool IsWantOfRoom(int error) {
  return error == ENOSPC || error == EDQUOT;
}

}  // namespace

WriteQueue::WriteQueue(IoBackend* backend, const Clock* clock, BufferPool* pool,
                       WriteObserver* observer)
    : backend_(backend), clock_(clock), pool_(pool), observer_(observer) {
  flush_.safe.tails.reserve(pool->cpu_count());
}

void WriteQueue::Seal(Buffer* buffer) {
  if (idle()) moved_at_ns_ = clock_->BoottimeNs();
  sealed_[(first_ + count_) % kBufferCount] = buffer;
  ++count_;
  Pump();
}

bool WriteQueue::Flush(Buffer* buffer, const Checkpoint& safe) {
  if (flush_.buffer != nullptr) return false;
  if (buffer->written == buffer->used) return true;
  if (idle()) moved_at_ns_ = clock_->BoottimeNs();
  flush_.buffer = buffer;
  flush_.to = buffer->used;
  flush_.safe = safe;  // within capacity
  Pump();
  return true;
}

void WriteQueue::Pump() {
  if (in_flight_) {
    const std::optional<int64_t> result = backend_->Finished();
    if (!result) return;
    OnResult(*result);
  }
  // A backend that works within Start may bring many buffers to the file in one call.
  while (!in_flight_ && !broken_) {
    if (retry_at_ns_ != 0 && clock_->BoottimeNs() < retry_at_ns_) return;
    retry_at_ns_ = 0;
    StartNext();
    if (!in_flight_) return;
    const std::optional<int64_t> result = backend_->Finished();
    if (!result) return;
    OnResult(*result);
  }
}

void WriteQueue::StartNext() {
  // A flush may have brought all of a buffer to the file before it was sealed.
  while (Front() != nullptr && Front()->written == Front()->used) Advance(Front());
  Buffer* front = Front();
  if (front != nullptr && front->segment->opened) {
    StartWrite(front, front->used);
  } else if (front == nullptr && flush_.buffer != nullptr && flush_.buffer->segment->opened) {
    StartWrite(flush_.buffer, flush_.to);
  }
}

void WriteQueue::StartWrite(Buffer* buffer, size_t to) {
  Segment* segment = buffer->segment;
  size_t from = buffer->written;
  bool direct = false;
  if (segment->direct.valid() && !direct_refused_) {
    const size_t direct_from = AlignUp(from);
    const size_t direct_to = AlignDown(to);
    if (direct_to >= direct_from + kMinDirectFlushBytes) {
      // A block that the page cache holds the beginning of goes there as a whole. Written past the
      // cache, it would be seen as it was before, with zeros behind, by whoever reads between the
      // file's growth and the dropping of the cached page (fs/iomap/direct-io.c,
      // iomap_dio_complete: end_io comes first).
      direct = direct_from == from;
      to = direct ? direct_to : direct_from;
      if (direct && StartAllocation(segment, buffer->file_offset + static_cast<int64_t>(to)))
        return;
    }
  }
  in_flight_ = InFlight{
      .request = {.kind = IoRequest::Kind::kWrite,
                  .fd = direct ? segment->direct.get() : segment->buffered.get(),
                  .data = buffer->data + from,
                  .buffer_index = buffer->index,
                  .length = to - from,
                  .offset =
                      segment->stream ? -1 : buffer->file_offset + static_cast<int64_t>(from)},
      .buffer = buffer,
      .direct = direct};
  backend_->Start(in_flight_->request);
}

bool WriteQueue::StartAllocation(Segment* segment, int64_t end) {
  if (end <= segment->allocated_bytes) return false;
  in_flight_ = InFlight{.request = {.kind = IoRequest::Kind::kAllocate,
                                    .fd = segment->buffered.get(),
                                    .length = kAllocationStepBytes,
                                    .offset = segment->allocated_bytes},
                        .buffer = nullptr,
                        .direct = false};
  // Whatever the answer: without room or without support for it, writing goes on as it can.
  segment->allocated_bytes += kAllocationStepBytes;
  backend_->Start(in_flight_->request);
  return true;
}

void WriteQueue::OnResult(int64_t result) {
  const InFlight done = *in_flight_;
  in_flight_.reset();
  if (done.request.kind == IoRequest::Kind::kAllocate) return;
  if (result == -EAGAIN || result == -EINTR) {
    retry_at_ns_ = clock_->BoottimeNs() + kNanosecondsPerMillisecond;
    return;
  }
  if (result == -EINVAL && done.direct) {
    // Some file systems take O_DIRECT in open(2) and refuse it here.
    LogWarning("the file system refuses direct writes: writing through the page cache");
    direct_refused_ = true;
    return;
  }
  if (result == -EPIPE) {
    stream_closed_ = true;
    Abandon();
    return;
  }
  if (result <= 0) {
    OnFailure(result == 0 ? EIO : static_cast<int>(-result), *done.buffer->segment);
    return;
  }
  // A short write: the rest goes with the next request.
  if (failures_ > 0) OnRecovery();
  bytes_written_ += static_cast<uint64_t>(result);
  moved_at_ns_ = clock_->BoottimeNs();
  done.buffer->written += static_cast<size_t>(result);
  Advance(done.buffer);
}

void WriteQueue::Advance(Buffer* buffer) {
  if (buffer == flush_.buffer && buffer->written >= flush_.to) {
    if (flush_.safe.segment != nullptr) observer_->OnCheckpoint(flush_.safe);
    flush_.buffer = nullptr;
  }
  const Buffer* front = Front();
  if (front == nullptr || front != buffer || front->written < front->used) return;
  if (buffer->sealed.segment != nullptr) observer_->OnCheckpoint(buffer->sealed);
  if (buffer->ends_segment) observer_->OnSegmentWritten(buffer->segment);
  PopFront();
}

void WriteQueue::PopFront() {
  pool_->Return(Front());
  ++first_;
  --count_;
}

void WriteQueue::OnFailure(int error, const Segment& segment) {
  if (failures_ == 0) {
    failing_since_ns_ = clock_->BoottimeNs();
    LogError(ErrnoError("cannot write", error).message(),
             "; the rings hold what comes, trying again");
  }
  const int64_t pause_ns = std::min(kFirstPauseNs << std::min(failures_, 10), kLongestPauseNs);
  ++failures_;
  last_error_ = error;
  if (failures_ >= kAttempts && !IsWantOfRoom(error) && !segment.stream) {
    broken_ = error;
  }
  retry_at_ns_ = clock_->BoottimeNs() + pause_ns;
}

int64_t WriteQueue::stalled_since_ns(int64_t now_ns) const {
  // One that answers, be it by errors, is not one that is silent.
  return !idle() && failures_ == 0 && now_ns - moved_at_ns_ >= kStalledNs ? moved_at_ns_ : 0;
}

capture_lost WriteQueue::Trouble(int64_t now_ns) const {
  if (failures_ > 0) {
    return IsWantOfRoom(last_error_) ? CAPTURE_LOST_DISK_FULL : CAPTURE_LOST_DISK_ERROR;
  }
  return stalled_since_ns(now_ns) != 0 ? CAPTURE_LOST_DISK_STALLED : CAPTURE_LOST_RING_FULL;
}

void WriteQueue::OnRecovery() {
  LogInfo("writing again after ", FormatDuration(clock_->BoottimeNs() - failing_since_ns_));
  failures_ = 0;
}

absl::InlinedVector<Segment*, kBufferCount> WriteQueue::GiveUp() {
  const Buffer* partly = Front() != nullptr ? Front() : flush_.buffer;
  if (partly != nullptr) {
    Segment* segment = partly->segment;
    segment->rescued.assign(reinterpret_cast<const char*>(partly->data), partly->written);
    segment->rescued.resize(AlignUp(partly->written));
    segment->rescued_offset = partly->file_offset;
  }
  absl::InlinedVector<Segment*, kBufferCount> segments;
  while (const Buffer* front = Front()) {
    if (segments.empty() || segments.back() != front->segment) segments.push_back(front->segment);
    PopFront();
  }
  flush_.buffer = nullptr;
  broken_.reset();
  return segments;
}

void WriteQueue::Abandon() {
  GiveUp();
  in_flight_.reset();
  retry_at_ns_ = 0;
}

}  // namespace dns_monitor
