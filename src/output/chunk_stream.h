// The chunks of a result, made by one thread and taken by another.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "duckdb.h"

namespace dns_monitor::output {

struct FreeChunk {
  void operator()(duckdb_data_chunk chunk) const { duckdb_destroy_data_chunk(&chunk); }
};
using Chunk = std::unique_ptr<std::remove_pointer_t<duckdb_data_chunk>, FreeChunk>;

// Lets the query run on while rows are written: it is a few chunks ahead, no more. One thread makes
// it, calls it, and ends it.
class ChunkStream {
 public:
  // `interrupt` as in OutputOptions, for when this ends before the query does.
  ChunkStream(duckdb_result* result, std::function<void()> interrupt);
  ~ChunkStream();

  // Waits. Null behind the last one. The query's error, behind the chunks before it.
  absl::StatusOr<Chunk> Next();
  // Whether Next would wait.
  bool WouldWait();

 private:
  void Run();
  absl::Status ResultError();

  duckdb_result* const result_;
  const std::function<void()> interrupt_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Chunk> chunks_;  // and what follows, under mutex_
  bool ended_ = false;
  bool stop_ = false;
  absl::Status status_;
  std::thread thread_;
};

}  // namespace dns_monitor::output
