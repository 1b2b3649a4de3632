#include "src/report/charts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "src/report/chart_values.h"
#include "src/report/html.h"
#include "src/report/scale.h"

namespace dns_monitor::report {
namespace {

constexpr size_t kMostBars = 12;
// Letters: what a phone shows beside one number, or three.
constexpr size_t kLabelWidth = 32;
constexpr size_t kShortLabelWidth = 22;
// Pixels. A row is a label with the bar below it.
constexpr int kRowHeight = 36;
constexpr int kLabelLine = 14;
constexpr int kBarTop = 20;
constexpr int kBarHeight = 9;
constexpr int kAxisHeight = 20;
// Of the chart over time: units of its own, stretched to whatever room there is.
constexpr int kStretchWidth = 10;
constexpr int kTimeHeight = 100;

std::string OpenSvg(absl::string_view label, int height) {
  return absl::StrCat("<svg class=\"rows\" role=\"img\" aria-label=\"", EscapeHtml(label),
                      "\" width=\"100%\" height=\"", height, "\">\n");
}

// A label on the left, and on the right a number or what else there is to say.
std::string RowTexts(absl::string_view label, size_t width, absl::string_view value, int top) {
  return absl::StrCat("<text x=\"0\" y=\"", top + kLabelLine, "\">",
                      EscapeHtml(Shortened(label, width)), "</text>",
                      "<text class=\"value\" x=\"100%\" y=\"", top + kLabelLine, "\">",
                      EscapeHtml(value), "</text>");
}

std::string Bar(absl::string_view kind, double from_percent, double percent, int top) {
  return absl::StrCat("<rect class=\"", kind, "\" x=\"", PercentText(from_percent), "\" y=\"", top,
                      "\" width=\"", PercentText(percent), "\" height=\"", kBarHeight,
                      "\" rx=\"2\"/>");
}

// Explains the row to whoever points at it.
std::string OpenRow(absl::string_view label, absl::string_view value) {
  return absl::StrCat("<g><title>", EscapeHtml(label), ": ", EscapeHtml(value), "</title>");
}

std::string FirstRowsOnly(size_t shown, size_t rows) {
  if (shown == rows) return "";
  return absl::StrCat("<p class=\"note\">The first ", shown, " of ", rows,
                      " lines of the table.</p>\n");
}

std::string Bars(const ChartValues& chart) {
  const ChartSeries& series = chart.series.front();
  const size_t shown = std::min(series.values.size(), kMostBars);
  const LinearScale scale(series.values);
  std::string svg =
      OpenSvg(absl::StrCat(series.name, " as bars"), static_cast<int>(shown) * kRowHeight);
  for (size_t row = 0; row < shown; ++row) {
    const int top = static_cast<int>(row) * kRowHeight;
    const std::string value = GroupedNumber(series.values[row]);
    absl::StrAppend(&svg, OpenRow(chart.labels[row], value),
                    RowTexts(chart.labels[row], kLabelWidth, value, top),
                    Bar("track", 0, 100, top + kBarTop),
                    Bar("bar", 0, scale.Percent(series.values[row]), top + kBarTop), "</g>\n");
  }
  return absl::StrCat(svg, "</svg>\n", FirstRowsOnly(shown, series.values.size()));
}

// Upright lines at the powers of ten, with the numbers below.
std::string Axis(const LogScale& scale, int height) {
  std::string svg;
  const std::vector<double> marks = scale.marks();
  for (size_t i = 0; i < marks.size(); ++i) {
    const std::string x = PercentText(scale.Percent(marks[i]));
    const absl::string_view anchor = i == 0 ? "start" : i + 1 == marks.size() ? "end" : "middle";
    absl::StrAppend(&svg, "<line class=\"grid\" x1=\"", x, "\" x2=\"", x, "\" y1=\"0\" y2=\"",
                    height, "\"/><text class=\"axis\" text-anchor=\"", anchor, "\" x=\"", x,
                    "\" y=\"", height + kLabelLine, "\">", GroupedNumber(marks[i]), "</text>\n");
  }
  return svg;
}

// From the first number to the last one, with a dot at each.
std::string Ranges(const ChartValues& chart) {
  const size_t rows = chart.labels.size();
  const size_t shown = std::min(rows, kMostBars);
  std::vector<double> all;
  std::string names;
  for (const ChartSeries& series : chart.series) {
    all.insert(all.end(), series.values.begin(),
               series.values.begin() + static_cast<std::ptrdiff_t>(shown));
    absl::StrAppend(&names, names.empty() ? "" : ", ", series.name);
  }
  const LogScale scale(all);
  const int height = static_cast<int>(shown) * kRowHeight;
  std::string svg = OpenSvg(names, height + kAxisHeight);
  absl::StrAppend(&svg, Axis(scale, height));
  for (size_t row = 0; row < shown; ++row) {
    const int top = static_cast<int>(row) * kRowHeight;
    std::string values;
    std::string dots;
    for (const ChartSeries& series : chart.series) {
      absl::StrAppend(&values, values.empty() ? "" : " · ", GroupedNumber(series.values[row]));
      absl::StrAppend(&dots, "<circle class=\"dot\" cx=\"",
                      PercentText(scale.Percent(series.values[row])), "\" cy=\"",
                      top + kBarTop + kBarHeight / 2, "\" r=\"4\"/>");
    }
    const double from = scale.Percent(chart.series.front().values[row]);
    const double to = scale.Percent(chart.series.back().values[row]);
    absl::StrAppend(&svg, OpenRow(chart.labels[row], values),
                    RowTexts(chart.labels[row], kShortLabelWidth, values, top),
                    Bar("range", from, std::max(to - from, 0.0), top + kBarTop), dots, "</g>\n");
  }
  return absl::StrCat(svg, "</svg>\n<p class=\"note\">The dots are ", EscapeHtml(names),
                      "; each upright line is ten times the one before.</p>\n",
                      FirstRowsOnly(shown, rows));
}

std::string TimeTitle(const ChartValues& chart, size_t row) {
  std::string title = chart.labels[row];
  for (const ChartSeries& series : chart.series) {
    absl::StrAppend(&title, &series == &chart.series.front() ? ": " : ", ",
                    GroupedNumber(series.values[row]), " ", series.name);
  }
  return EscapeHtml(title);
}

// The first series as columns, the others as lines over them.
std::string TimeShapes(const ChartValues& chart, const LinearScale& scale) {
  std::string svg;
  const ChartSeries& first = chart.series.front();
  for (size_t row = 0; row < first.values.size(); ++row) {
    const double height = scale.Percent(first.values[row]) * kTimeHeight / 100;
    absl::StrAppend(&svg, "<rect class=\"bar\" x=\"", row * kStretchWidth + 1, "\" y=\"",
                    kTimeHeight - height, "\" width=\"", kStretchWidth - 2, "\" height=\"", height,
                    "\"><title>", TimeTitle(chart, row), "</title></rect>\n");
  }
  for (size_t i = 1; i < chart.series.size(); ++i) {
    absl::StrAppend(&svg, "<polyline class=\"line\" points=\"");
    for (size_t row = 0; row < chart.series[i].values.size(); ++row) {
      const double height = scale.Percent(chart.series[i].values[row]) * kTimeHeight / 100;
      absl::StrAppend(&svg, row * kStretchWidth, ",", kTimeHeight - height, " ",
                      (row + 1) * kStretchWidth, ",", kTimeHeight - height, " ");
    }
    absl::StrAppend(&svg, "\"/>\n");
  }
  return svg;
}

std::string OverTime(const ChartValues& chart) {
  std::vector<double> all;
  std::string legend;
  for (const ChartSeries& series : chart.series) {
    all.insert(all.end(), series.values.begin(), series.values.end());
    const bool first = &series == &chart.series.front();
    absl::StrAppend(&legend, "<span class=\"", first ? "key-bar" : "key-line", "\">",
                    EscapeHtml(series.name), "</span>");
  }
  const LinearScale scale(all);
  const size_t width = chart.labels.size() * kStretchWidth;
  return absl::StrCat(
      "<p class=\"legend\">", legend, "<span class=\"most\">at most ",
      GroupedNumber(scale.greatest()),
      "</span></p>\n<svg class=\"time\" role=\"img\" aria-label=\"over time\" viewBox=\"0 0 ",
      width, " ", kTimeHeight, "\" preserveAspectRatio=\"none\">\n", TimeShapes(chart, scale),
      "</svg>\n<p class=\"ends\"><span>", EscapeHtml(chart.labels.front()), "</span><span>",
      EscapeHtml(chart.labels.back()), "</span></p>\n");
}

}  // namespace

std::string MakeChart(const ReportChart& chart, const HeldRows& rows) {
  const ChartValues values = ReadChart(chart, rows);
  if (values.series.empty() || values.labels.empty()) return "";
  switch (chart.kind) {
    case ReportChart::Kind::kNone:
      return "";
    case ReportChart::Kind::kBars:
      return Bars(values);
    case ReportChart::Kind::kTime:
      return OverTime(values);
    case ReportChart::Kind::kRanges:
      return Ranges(values);
  }
  return "";
}

}  // namespace dns_monitor::report
