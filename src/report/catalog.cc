#include "dns_monitor/report/catalog.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "dns_monitor/base/status.h"
#include "src/report/files.h"
#include "src/report/nearest.h"

namespace dns_monitor {
namespace {

// What the reports are about, from the whole to the parts.
constexpr absl::string_view kNames[] = {
    "overview",    "volume", "top-names",      "top-etld1", "new-names",  "top-clients",
    "qtypes",      "rcodes", "nxdomain",       "servfail",  "latency",    "unanswered",
    "top-answers", "edns",   "response-sizes", "tcp-share", "truncation", "leaks"};
constexpr absl::string_view kDirectory = "sql/";
constexpr absl::string_view kEnding = ".sql";

ReportChart ParseChart(absl::string_view text) {
  ReportChart chart;
  chart.columns = absl::StrSplit(text, ' ', absl::SkipEmpty());
  if (chart.columns.empty()) return chart;
  const std::string kind = chart.columns.front();
  chart.columns.erase(chart.columns.begin());
  if (kind == "bars") chart.kind = ReportChart::Kind::kBars;
  if (kind == "time") chart.kind = ReportChart::Kind::kTime;
  if (kind == "ranges") chart.kind = ReportChart::Kind::kRanges;
  return chart;
}

// "sql/leaks/08-rhythms.sql" is leaks, rhythms; "sql/edns.sql" edns alone.
std::pair<std::string, std::string> NamesOf(absl::string_view file) {
  absl::ConsumePrefix(&file, kDirectory);
  absl::ConsumeSuffix(&file, kEnding);
  const size_t slash = file.find('/');
  if (slash == absl::string_view::npos) return {std::string(file), ""};
  absl::string_view section = file.substr(slash + 1);
  while (!section.empty() && absl::ascii_isdigit(section.front())) section.remove_prefix(1);
  absl::ConsumePrefix(&section, "-");
  return {std::string(file.substr(0, slash)), std::string(section)};
}

Report MakeReport(absl::string_view name) {
  Report report;
  report.name = std::string(name);
  for (const report::EmbeddedFile& file : report::EmbeddedFiles()) {
    if (!absl::EndsWith(file.name, kEnding)) continue;
    const auto [of_report, of_section] = NamesOf(file.name);
    if (of_report != name) continue;
    ReportSection section = ParseReportFile(file.text);
    section.name = of_section;
    if (!of_section.empty()) {
      report.sections.push_back(std::move(section));
      continue;
    }
    report.title = section.title;
    report.explanation = section.explanation;
    const std::vector<absl::string_view> lines = absl::StrSplit(file.text, '\n', absl::SkipEmpty());
    const bool only_comments = std::all_of(lines.begin(), lines.end(), [](absl::string_view line) {
      return absl::StartsWith(line, "--");
    });
    if (only_comments) {
      report.comments = section.sql;
    } else {
      report.sections.push_back(std::move(section));
    }
  }
  return report;
}

absl::Status NoSuchReport(absl::string_view name) {
  std::vector<std::string> names = {"all"};
  for (const Report& report : AllReports()) {
    names.push_back(report.name);
    if (report.sections.size() == 1) continue;
    for (const ReportSection& section : report.sections) {
      names.push_back(absl::StrCat(report.name, "/", section.name));
    }
  }
  const std::vector<std::string> near = report::NearestOf(name, names);
  return absl::NotFoundError(
      absl::StrCat("there is no report '", name, "' (",
                   near.empty() ? "--list lists them"
                                : absl::StrCat("did you mean ", absl::StrJoin(near, " or "), "?"),
                   ")"));
}

absl::StatusOr<Report> ChooseOne(absl::string_view name) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(name, absl::MaxSplits('/', 1));
  const bool whole = !absl::StrContains(name, '/');
  for (const Report& report : AllReports()) {
    if (report.name != parts.first) continue;
    if (whole) return report;
    for (const ReportSection& section : report.sections) {
      if (section.name.empty() || section.name != parts.second) continue;
      Report one = report;
      one.sections = {section};
      return one;
    }
  }
  return NoSuchReport(name);
}

// Sections of the same report come together, where the first of them stands.
void Add(const Report& report, std::vector<Report>* chosen) {
  const auto same = std::find_if(chosen->begin(), chosen->end(),
                                 [&](const Report& other) { return other.name == report.name; });
  if (same == chosen->end()) return chosen->push_back(report);
  for (const ReportSection& section : report.sections) {
    const bool there =
        std::any_of(same->sections.begin(), same->sections.end(),
                    [&](const ReportSection& other) { return other.name == section.name; });
    if (!there) same->sections.push_back(section);
  }
}

}  // namespace

ReportSection ParseReportFile(absl::string_view text) {
  ReportSection section;
  section.sql = std::string(absl::StripTrailingAsciiWhitespace(text));
  std::string chart;
  std::string* target = &section.title;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::string_view comment = line;
    if (!absl::ConsumePrefix(&comment, "--")) break;
    comment = absl::StripAsciiWhitespace(comment);
    std::string* const before = target;
    if (absl::ConsumePrefix(&comment, "chart:")) {
      target = &chart;
    } else if (absl::ConsumePrefix(&comment, "of:")) {
      target = &section.of;
    } else if (absl::ConsumePrefix(&comment, "none:")) {
      target = &section.none;
    } else if (absl::ConsumePrefix(&comment, "several:")) {
      target = &section.several;
    } else if (before == &section.title && !section.title.empty()) {
      target = &section.explanation;
    }
    comment = absl::StripLeadingAsciiWhitespace(comment);
    absl::StrAppend(target, target->empty() ? "" : " ", comment);
  }
  section.chart = ParseChart(chart);
  return section;
}

const std::vector<Report>& AllReports() {
  static const auto* const reports = [] {
    auto* all = new std::vector<Report>;
    for (const absl::string_view name : kNames) all->push_back(MakeReport(name));
    return all;
  }();
  return *reports;
}

absl::StatusOr<std::vector<Report>> ChooseReports(absl::string_view names) {
  std::vector<Report> chosen;
  for (const absl::string_view name : absl::StrSplit(names, ',')) {
    if (name == "all") {
      for (const Report& report : AllReports()) Add(report, &chosen);
      continue;
    }
    DM_ASSIGN_OR_RETURN(const Report report, ChooseOne(name));
    Add(report, &chosen);
  }
  return chosen;
}

}  // namespace dns_monitor
