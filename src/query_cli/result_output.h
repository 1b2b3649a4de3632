// Where a command's results go, and how they look there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "dns_monitor/output/byte_sink.h"
#include "dns_monitor/output/output.h"
#include "dns_monitor/query/engine.h"
#include "output_target.h"

namespace dns_monitor {

class ResultOutput {
 public:
  // Into the file `path`, as OutputTarget::Open. Without a format: a table on a terminal, JSON
  // elsewhere.
  static absl::StatusOr<std::unique_ptr<ResultOutput>> Open(const std::string& path,
                                                            const Captures& captures,
                                                            std::optional<OutputFormat> format,
                                                            std::optional<uint64_t> limit);

  // Whether there is a place for a progress bar: a terminal on standard error, which the results do
  // not go to a piece at a time.
  bool shows_progress() const;

  // Nothing is written before the first result, nor where there is none.
  absl::Status Write(duckdb_result* result, const std::string& statement, Engine* engine);
  absl::Status End();

 private:
  ResultOutput(OutputTarget target, std::optional<OutputFormat> format,
               std::optional<uint64_t> limit);

  OutputTarget target_;
  FdSink sink_;
  OutputOptions options_;
  int results_ = 0;
};

// Columns whose INTEGERs are called `bool` in JSON, as PacketQ does.
bool IsFlagColumn(absl::string_view name);

}  // namespace dns_monitor
