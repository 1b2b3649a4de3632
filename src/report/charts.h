// Charts as SVG within HTML.
#pragma once

#include <string>

#include "dns_monitor/output/held_rows.h"
#include "dns_monitor/report/catalog.h"

namespace dns_monitor::report {

// Takes the colours and sizes of src/report/page.css. Widths are in percent of what holds it, and
// texts keep their size, so that it can be read on a phone. Of bars and ranges only the first rows
// are shown. Empty when there is nothing to show.
std::string MakeChart(const ReportChart& chart, const HeldRows& rows);

}  // namespace dns_monitor::report
