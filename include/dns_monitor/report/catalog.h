// The reports that there are: questions to captures, in SQL, with what the answers mean.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dns_monitor {

// How a page shows a section's rows, besides the table.
struct ReportChart {
  enum class Kind {
    kNone,
    kBars,    // label columns, then a number: a bar for each row
    kTime,    // a time, then numbers: how they change from row to row
    kRanges,  // a label, then three numbers that grow: a stroke for each row
  };
  Kind kind = Kind::kNone;
  std::vector<std::string> columns;  // of the result, by name
};

// One statement.
struct ReportSection {
  std::string name;         // "rhythms"; empty when it is the report's only one
  std::string title;        // one line
  std::string explanation;  // a few sentences, one line; may be empty
  std::string of;           // queries, responses or messages: without any, `none` says nothing
  std::string none;         // instead of rows, when there are none
  std::string several;      // when there is more than one; may be empty
  ReportChart chart;
  std::string sql;  // the whole file, comments too
};

struct Report {
  std::string name;  // "leaks"
  std::string title;
  std::string explanation;
  std::vector<ReportSection> sections;  // at least one
  std::string comments;                 // of several sections: what stands before the first, as SQL
};

// Reads a file of src/report/sql: comments, then a statement, which may be missing. The first
// comment is the title; the others are the explanation, but for those that begin with a word and a
// colon, as far as the next of that kind:
//   -- chart: bars qname queries
//   -- of: queries
//   -- none: There is no query.
//   -- several: There is more than one client.
ReportSection ParseReportFile(absl::string_view text);

// In the order in which a page has them. Lives for ever. Any thread.
const std::vector<Report>& AllReports();

// Those that `names` lists with commas: reports, "all", or one section as leaks/rhythms. Each once,
// sections of a report together.
// NotFound says which there is none of, and what names are like it.
absl::StatusOr<std::vector<Report>> ChooseReports(absl::string_view names);

}  // namespace dns_monitor
