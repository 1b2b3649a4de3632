// Reports as a person reads them, and as a program does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/output/byte_sink.h"
#include "dns_monitor/output/output.h"
#include "dns_monitor/report/catalog.h"
#include "duckdb.h"

namespace dns_monitor {

// Begin; for each report BeginReport and WriteSection for each of its sections; End. One thread.
// The errors are those of the query and of the sink.
class ReportWriter {
 public:
  virtual ~ReportWriter() = default;
  // `reports` outlive the writer.
  virtual absl::Status Begin(const std::vector<Report>& reports) = 0;
  virtual absl::Status BeginReport(const Report& report) = 0;
  // The result stays the caller's.
  virtual absl::Status WriteSection(const Report& report, const ReportSection& section,
                                    duckdb_result* result) = 0;
  virtual absl::Status End() = 0;
};

// All makers: `sink` outlives the writer.
//
// Titles, explanations, and tables: boxes of at most `width` columns (kTable), or kMarkdown. A
// chart over time is a line of blocks of growing height, of kTable only.
std::unique_ptr<ReportWriter> MakeTextReportWriter(OutputFormat format, int width, ByteSink* sink);

// Only the rows, as queries write them: any format. kCsv and kNdjson are of one section alone.
// `options.result_number` and `query` are set for each.
std::unique_ptr<ReportWriter> MakeDataReportWriter(const OutputOptions& options, ByteSink* sink);

// A page of HTML that needs nothing else, no script either: charts as SVG, and tables. `about`
// stands below its heading: which captures, when. Any text may come from a stranger and is escaped.
std::unique_ptr<ReportWriter> MakePageReportWriter(absl::string_view about, ByteSink* sink);

}  // namespace dns_monitor
