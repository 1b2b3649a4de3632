// Reports for a terminal, and as Markdown.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/output/held_rows.h"
#include "dns_monitor/report/writer.h"
#include "src/report/chart_values.h"
#include "src/report/most_rows.h"
#include "src/report/sparkline.h"
#include "src/report/times.h"
#include "src/report/wrap.h"

namespace dns_monitor {
namespace {

// Longer lines are hard to read.
constexpr int kMostTextWidth = 80;

class TextReportWriter : public ReportWriter {
 public:
  TextReportWriter(OutputFormat format, int width, ByteSink* sink)
      : markdown_(format == OutputFormat::kMarkdown),
        format_(format),
        width_(width),
        text_width_(static_cast<size_t>(std::min(width, kMostTextWidth))),
        sink_(sink) {}

  absl::Status Begin(const std::vector<Report>& /*reports*/) override { return absl::OkStatus(); }

  absl::Status BeginReport(const Report& report) override {
    std::string text = Title(report.title, '=', "# ");
    absl::StrAppend(&text, Paragraph(report.explanation));
    return sink_->Write(text);
  }

  absl::Status WriteSection(const Report& /*report*/, const ReportSection& section,
                            duckdb_result* result) override {
    DM_ASSIGN_OR_RETURN(HeldRows rows, HoldRows(result, report::kMostRows));
    std::string text;
    if (!section.name.empty()) {
      text = Title(section.title, '-', "## ");
      absl::StrAppend(&text, Paragraph(section.explanation));
    }
    if (rows.rows == 0 && !section.none.empty()) {
      absl::StrAppend(&text, Paragraph(section.none));
      return sink_->Write(text);
    }
    if (rows.rows > 1) absl::StrAppend(&text, Paragraph(section.several));
    if (section.chart.kind == ReportChart::Kind::kTime && !markdown_) {
      absl::StrAppend(&text, Sparklines(section.chart, rows));
    }
    if (!markdown_) absl::StrAppend(&text, Paragraph(report::ShortenTimes(&rows)));
    absl::StrAppend(&text, FormatRows(rows, format_, width_), markdown_ ? "" : "\n");
    return sink_->Write(text);
  }

  absl::Status End() override { return absl::OkStatus(); }

 private:
  std::string Title(absl::string_view title, char line, absl::string_view mark) const {
    if (markdown_) return absl::StrCat(mark, title, "\n\n");
    return absl::StrCat(title, "\n", std::string(TextWidth(title), line), "\n");
  }

  // With an empty line behind it. The words are ours, and no markup.
  std::string Paragraph(absl::string_view text) const {
    if (text.empty()) return "";
    if (markdown_) return absl::StrCat(text, "\n\n");
    return absl::StrCat(report::Wrapped(text, text_width_), "\n");
  }

  // The name has a line of its own: beside it, there would be no room for the blocks.
  static std::string Sparklines(const ReportChart& chart, const HeldRows& rows) {
    const report::ChartValues values = report::ReadChart(chart, rows);
    std::string lines;
    for (const report::ChartSeries& series : values.series) {
      const double most = *std::max_element(series.values.begin(), series.values.end());
      absl::StrAppend(&lines, series.name, ", at most ", report::GroupedNumber(most), ":\n",
                      report::Sparkline(series.values), "\n");
    }
    return absl::StrCat(lines, "\n");
  }

  const bool markdown_;
  const OutputFormat format_;
  const int width_;
  const size_t text_width_;
  ByteSink* const sink_;
};

}  // namespace

std::unique_ptr<ReportWriter> MakeTextReportWriter(OutputFormat format, int width, ByteSink* sink) {
  return std::make_unique<TextReportWriter>(format, width, sink);
}

}  // namespace dns_monitor
