// The SQL engine with the tables of the captures in it.
#pragma once

#include <duckdb.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/query/captures.h"
#include "dns_monitor/query/conditions.h"

namespace dns_monitor {

struct EngineOptions {
  int threads = 1;
  int64_t memory_bytes = int64_t{1} << 30;  // beyond that, sorts and groups go to files
  std::string temporary_directory;          // where those are; made when it is needed
};

// One statement at a time; Interrupt from any thread.
class Engine {
 public:
  // `captures` outlives the engine.
  static absl::StatusOr<std::unique_ptr<Engine>> Open(const Captures& captures,
                                                      const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Runs each statement of `sql`, which may be in PacketQ's dialect (query/dialect.h), and gives
  // the result of each that has one to `on_result`, while it runs. InvalidArgument: the engine's
  // message, with the place marked, or what is wrong with `sql` before it gets there.
  // FailedPrecondition: a COPY would go over a capture that is read. Cancelled after Interrupt. The
  // errors of `on_result`.
  absl::Status Run(absl::string_view sql,
                   const std::function<absl::Status(duckdb_result*)>& on_result);

  // Ends what runs, soon, and what would run next, until Resume. Thread-safe.
  void Interrupt();
  void Resume();

  // Ends the statement whose result is being read, which nobody wants more of: no error of it.
  void EndResult();

  // For whoever asks the engine about itself (completion, \d).
  duckdb_connection connection() const { return connection_; }

 private:
  explicit Engine(const Captures& captures) : captures_(captures) {}
  absl::Status Configure(const EngineOptions& options);
  // Their errors have the engine's own words.
  absl::Status RunStatement(duckdb_extracted_statements statements, idx_t index,
                            const std::function<absl::Status(duckdb_result*)>& on_result);
  absl::Status RunPrepared(duckdb_prepared_statement prepared,
                           const std::function<absl::Status(duckdb_result*)>& on_result);

  const Captures& captures_;
  std::atomic<bool> interrupted_ = false;
  Conditions conditions_;       // of the statement that runs
  bool names_are_ours_ = true;  // until a statement that can make a table of such a name
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

}  // namespace dns_monitor
