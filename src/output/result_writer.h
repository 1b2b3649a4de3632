// How a format puts a result together.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dns_monitor/output/output.h"
#include "src/output/column.h"
#include "src/output/text_buffer.h"

namespace dns_monitor::output {

// Begin, Row for each, End; one thread. What they make they append.
class ResultWriter {
 public:
  virtual ~ResultWriter() = default;
  virtual void Begin(TextBuffer* out) = 0;
  // Of the chunk that the columns are bound to. May keep what it made for a while.
  virtual void Row(idx_t row, TextBuffer* out) = 0;
  // `rows` were written; `cut_off`: that is the limit, and there may be more.
  virtual void End(uint64_t rows, bool cut_off, TextBuffer* out) = 0;
};

// Chooses what writes a column.
WriteCell (*CellWriterOf(const OutputOptions& options))(const Column& column);

// What the result is called in the document.
std::string ResultName(const OutputOptions& options);

// `columns` and `options` outlive it.
std::unique_ptr<ResultWriter> MakeResultWriter(const std::vector<Column>& columns,
                                               const OutputOptions& options);

// The makers of each kind of format: those that write row for row, and those that need the widths.
std::unique_ptr<ResultWriter> MakeJsonWriter(const std::vector<Column>& columns,
                                             const OutputOptions& options);
std::unique_ptr<ResultWriter> MakeNdjsonWriter(const std::vector<Column>& columns);
std::unique_ptr<ResultWriter> MakeCsvWriter(const std::vector<Column>& columns, bool terminal);
std::unique_ptr<ResultWriter> MakeXmlWriter(const std::vector<Column>& columns,
                                            const OutputOptions& options);
std::unique_ptr<ResultWriter> MakeMarkdownWriter(const std::vector<Column>& columns);
std::unique_ptr<ResultWriter> MakeBoxWriter(const std::vector<Column>& columns, int width);
std::unique_ptr<ResultWriter> MakePaddedWriter(const std::vector<Column>& columns);

// Whether that is the result of EXPLAIN, and what writes it as the text that it is.
bool IsExplanation(const std::vector<Column>& columns);
std::unique_ptr<ResultWriter> MakeExplanationWriter(const std::vector<Column>& columns,
                                                    bool terminal);

}  // namespace dns_monitor::output
