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

  // Nothing is written before the first bytes of a result, nor where there is none.
  absl::Status Write(duckdb_result* result, const std::string& statement, Engine* engine);
  // Of the results that are whole: the document is closed, and a file is kept. Behind one that
  // broke off it is left open, so that nobody takes it for whole; on a terminal, the line is ended.
  // Also after an error.
  absl::Status End();

 private:
  ResultOutput(OutputTarget target, std::optional<OutputFormat> format,
               std::optional<uint64_t> limit);

  // Begins target and document with the first bytes.
  class Sink : public ByteSink {
   public:
    Sink(OutputTarget* target, OutputFormat format) : target_(target), format_(format) {}
    absl::Status Begin();
    absl::Status Write(absl::string_view bytes) override;
    bool begun() const { return begun_; }
    uint64_t attempts() const { return attempts_; }  // to write something
    bool at_line_begin() const { return at_line_begin_; }

   private:
    OutputTarget* const target_;
    const OutputFormat format_;
    bool begun_ = false;
    uint64_t attempts_ = 0;
    bool at_line_begin_ = true;
  };

  OutputTarget target_;
  OutputOptions options_;
  std::optional<Sink> sink_;
  int results_ = 0;
  bool broken_off_ = false;  // the last one
};

// Columns whose INTEGERs are called `bool` in JSON, as PacketQ does.
bool IsFlagColumn(absl::string_view name);

}  // namespace dns_monitor
