// Reports for programs: the rows of their sections, as queries write them.

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/report/writer.h"

namespace dns_monitor {
namespace {

class DataReportWriter : public ReportWriter {
 public:
  DataReportWriter(const OutputOptions& options, ByteSink* sink) : options_(options), sink_(sink) {}

  absl::Status Begin(const std::vector<Report>& /*reports*/) override {
    return OpenDocument(options_.format, sink_);
  }
  absl::Status BeginReport(const Report& /*report*/) override { return absl::OkStatus(); }

  absl::Status WriteSection(const Report& report, const ReportSection& section,
                            duckdb_result* result) override {
    options_.name =
        section.name.empty() ? report.name : absl::StrCat(report.name, "/", section.name);
    options_.query = section.sql;
    options_.result_number = results_++;
    return WriteResult(result, options_, sink_).status();
  }

  absl::Status End() override { return CloseDocument(options_.format, results_, sink_); }

 private:
  OutputOptions options_;
  ByteSink* const sink_;
  int results_ = 0;
};

}  // namespace

std::unique_ptr<ReportWriter> MakeDataReportWriter(const OutputOptions& options, ByteSink* sink) {
  return std::make_unique<DataReportWriter>(options, sink);
}

}  // namespace dns_monitor
