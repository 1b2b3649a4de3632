// Reports as a page of HTML.

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/output/held_rows.h"
#include "dns_monitor/report/writer.h"
#include "src/report/charts.h"
#include "src/report/files.h"
#include "src/report/html.h"
#include "src/report/most_rows.h"

namespace dns_monitor {
namespace {

using report::EscapeHtml;

absl::string_view Style() {
  for (const report::EmbeddedFile& file : report::EmbeddedFiles()) {
    if (absl::EndsWith(file.name, "page.css")) return file.text;
  }
  return "";
}

// Should a text get through in spite of all, it can load nothing and run nothing.
constexpr absl::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
)";

std::string Paragraph(absl::string_view kind, absl::string_view text) {
  if (text.empty()) return "";
  return absl::StrCat("<p", kind.empty() ? "" : " class=\"", kind, kind.empty() ? "" : "\"", ">",
                      EscapeHtml(text), "</p>\n");
}

// Columns of long texts have lines broken; in short ones that would only tear words.
absl::string_view CellClass(const HeldColumn& column) {
  constexpr size_t kLong = 24;
  if (column.is_number) return " class=\"number\"";
  const bool is_long = std::any_of(column.cells.begin(), column.cells.end(),
                                   [](const std::string& cell) { return cell.size() > kLong; });
  return column.is_text && is_long ? " class=\"text\"" : "";
}

std::string Table(const HeldRows& rows) {
  std::string html = "<div class=\"table\"><table>\n<tr>";
  std::vector<absl::string_view> classes;
  for (const HeldColumn& column : rows.columns) {
    classes.push_back(CellClass(column));
    absl::StrAppend(&html, "<th scope=\"col\"", column.is_number ? " class=\"number\"" : "", ">",
                    EscapeHtml(column.name), "</th>");
  }
  for (size_t row = 0; row < rows.rows; ++row) {
    absl::StrAppend(&html, "</tr>\n<tr>");
    for (size_t i = 0; i < rows.columns.size(); ++i) {
      absl::StrAppend(&html, "<td", classes[i], ">", EscapeHtml(rows.columns[i].cells[row]),
                      "</td>");
    }
  }
  absl::StrAppend(&html, "</tr>\n</table></div>\n");
  if (rows.more) absl::StrAppend(&html, Paragraph("note", "There are more."));
  return html;
}

class PageReportWriter : public ReportWriter {
 public:
  PageReportWriter(absl::string_view about, ByteSink* sink) : about_(about), sink_(sink) {}

  absl::Status Begin(const std::vector<Report>& reports) override {
    const std::string title = reports.size() == 1 ? reports.front().title : "What DNS says";
    std::string html =
        absl::StrCat(kHead, "<title>", EscapeHtml(title), "</title>\n<style>\n", Style(),
                     "</style>\n</head>\n<body>\n<header>\n<h1>DNS report</h1>\n",
                     Paragraph("about", about_), "</header>\n");
    if (reports.size() > 1) {
      absl::StrAppend(&html, "<nav aria-label=\"Reports\"><ol>\n");
      for (const Report& report : reports) {
        absl::StrAppend(&html, "<li><a href=\"#", report.name, "\" title=\"",
                        EscapeHtml(report.title), "\">", report.name, "</a></li>\n");
      }
      absl::StrAppend(&html, "</ol></nav>\n");
    }
    return sink_->Write(absl::StrCat(html, "<main>\n"));
  }

  absl::Status BeginReport(const Report& report) override {
    const absl::string_view end = open_ ? "</section>\n" : "";
    open_ = true;
    return sink_->Write(absl::StrCat(end, "<section class=\"report\" id=\"", report.name,
                                     "\">\n<h2>", EscapeHtml(report.title), "</h2>\n",
                                     Paragraph("", report.explanation)));
  }

  absl::Status WriteSection(const Report& report, const ReportSection& section,
                            duckdb_result* result) override {
    DM_ASSIGN_OR_RETURN(const HeldRows rows, HoldRows(result, report::kMostRows));
    std::string html;
    if (!section.name.empty()) {
      html = absl::StrCat("<h3 id=\"", report.name, "-", section.name, "\">",
                          EscapeHtml(section.title), "</h3>\n", Paragraph("", section.explanation));
    }
    if (rows.rows > 1) absl::StrAppend(&html, Paragraph("several", section.several));
    if (rows.rows == 0 && !section.none.empty()) {
      absl::StrAppend(&html, Paragraph("none", section.none));
    } else {
      // A table over time has many rows that say little one by one.
      const bool folded = section.chart.kind == ReportChart::Kind::kTime;
      absl::StrAppend(&html, report::MakeChart(section.chart, rows),
                      folded ? "<details><summary>Table</summary>\n" : "", Table(rows),
                      folded ? "</details>\n" : "");
    }
    return sink_->Write(html);
  }

  absl::Status End() override {
    return sink_->Write(absl::StrCat(open_ ? "</section>\n" : "", "</main>\n</body>\n</html>\n"));
  }

 private:
  const std::string about_;
  ByteSink* const sink_;
  bool open_ = false;
};

}  // namespace

std::unique_ptr<ReportWriter> MakePageReportWriter(absl::string_view about, ByteSink* sink) {
  return std::make_unique<PageReportWriter>(about, sink);
}

}  // namespace dns_monitor
