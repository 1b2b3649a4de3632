// What a chart shows, out of a section's rows.
#pragma once

#include <string>
#include <vector>

#include "dns_monitor/output/held_rows.h"
#include "dns_monitor/report/catalog.h"

namespace dns_monitor::report {

struct ChartSeries {
  std::string name;
  std::vector<double> values;  // one for each row; 0 for what is no number
};

struct ChartValues {
  std::vector<std::string> labels;  // one for each row
  std::vector<ChartSeries> series;
};

// Of bars the last column is the series, and those before it make the labels; of all others the
// first one is the label. Columns that the rows do not have are passed over; without any series
// there is nothing to show.
ChartValues ReadChart(const ReportChart& chart, const HeldRows& rows);

// "24 475": digits in groups of three, with narrow blanks that break no line (U+202F).
std::string GroupedNumber(double value);

}  // namespace dns_monitor::report
