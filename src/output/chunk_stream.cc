#include "src/output/chunk_stream.h"

#include <utility>

#include "dns_monitor/base/thread.h"

namespace dns_monitor::output {
namespace {

// Enough that neither thread waits for the other's slower chunks.
constexpr size_t kMostChunks = 4;

}  // namespace

ChunkStream::ChunkStream(duckdb_result* result, std::function<void()> interrupt)
    : result_(result), interrupt_(std::move(interrupt)) {
  thread_ = StartThread("rows", [this] { Run(); });
}

ChunkStream::~ChunkStream() {
  bool runs;
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    runs = !ended_;
  }
  changed_.notify_all();
  if (runs && interrupt_) interrupt_();
  thread_.join();
}

absl::StatusOr<Chunk> ChunkStream::Next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_ || !chunks_.empty(); });
  if (chunks_.empty()) {
    if (!status_.ok()) return status_;
    return Chunk();
  }
  Chunk chunk = std::move(chunks_.front());
  chunks_.pop_front();
  lock.unlock();
  changed_.notify_all();
  return chunk;
}

bool ChunkStream::WouldWait() {
  const std::lock_guard lock(mutex_);
  return !ended_ && chunks_.empty();
}

void ChunkStream::Run() {
  while (true) {
    Chunk chunk(duckdb_fetch_chunk(*result_));
    const bool is_last = chunk == nullptr || duckdb_data_chunk_get_size(chunk.get()) == 0;
    std::unique_lock lock(mutex_);
    if (is_last) {
      status_ = ResultError();
      ended_ = true;
    } else {
      changed_.wait(lock, [this] { return stop_ || chunks_.size() < kMostChunks; });
      chunks_.push_back(std::move(chunk));
      ended_ = stop_;
    }
    const bool ended = ended_;
    lock.unlock();
    changed_.notify_all();
    if (ended) return;
  }
}

absl::Status ChunkStream::ResultError() {
  const char* const error = duckdb_result_error(result_);
  if (error == nullptr || *error == '\0') return absl::OkStatus();
  switch (duckdb_result_error_type(result_)) {
    case DUCKDB_ERROR_INTERRUPT:
      return absl::CancelledError(error);
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      return absl::ResourceExhaustedError(error);
    case DUCKDB_ERROR_INTERNAL:
    case DUCKDB_ERROR_FATAL:
      return absl::InternalError(error);
    default:
      return absl::InvalidArgumentError(error);
  }
}

}  // namespace dns_monitor::output
