#include "src/report/chart_values.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace dns_monitor::report {
namespace {

double NumberOf(const std::string& text) {
  double number;
  return absl::SimpleAtod(text, &number) && std::isfinite(number) ? number : 0;
}

ChartSeries SeriesOf(const HeldColumn& column) {
  ChartSeries series{.name = column.name, .values = {}};
  for (const std::string& cell : column.cells) series.values.push_back(NumberOf(cell));
  return series;
}

}  // namespace

ChartValues ReadChart(const ReportChart& chart, const HeldRows& rows) {
  ChartValues values;
  if (chart.columns.size() < 2) return values;
  const size_t labels = chart.kind == ReportChart::Kind::kBars ? chart.columns.size() - 1 : 1;
  values.labels.resize(rows.rows);
  for (size_t i = 0; i < chart.columns.size(); ++i) {
    const HeldColumn* const column = rows.Find(chart.columns[i]);
    if (column == nullptr) continue;
    if (i >= labels) {
      values.series.push_back(SeriesOf(*column));
      continue;
    }
    for (size_t row = 0; row < rows.rows; ++row) {
      std::string& label = values.labels[row];
      absl::StrAppend(&label, label.empty() ? "" : " ", column->cells[row]);
    }
  }
  return values;
}

std::string GroupedNumber(double value) {
  std::string text = absl::StrFormat("%.10g", value);
  const size_t point = std::min(text.find_first_of(".e"), text.size());
  const size_t first = text[0] == '-' ? 1 : 0;
  for (size_t at = point; at > first + 3;) {
    at -= 3;
    text.insert(at, "\u202f");
  }
  return text;
}

}  // namespace dns_monitor::report
