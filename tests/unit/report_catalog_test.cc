#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/report/catalog.h"
#include "src/report/files.h"
#include "src/report/nearest.h"

namespace dns_monitor {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> NamesOf(const std::vector<Report>& reports) {
  std::vector<std::string> names;
  for (const Report& report : reports) names.push_back(report.name);
  return names;
}

TEST(ReportCatalog, HasEveryFileOnce) {
  std::multiset<std::string> of_reports;
  for (const Report& report : AllReports()) {
    if (!report.comments.empty()) of_reports.insert(report.comments);
    for (const ReportSection& section : report.sections) of_reports.insert(section.sql);
  }
  std::multiset<std::string> of_files;
  for (const report::EmbeddedFile& file : report::EmbeddedFiles()) {
    if (absl::EndsWith(file.name, ".sql")) of_files.insert(ParseReportFile(file.text).sql);
  }
  EXPECT_EQ(of_reports, of_files);
}

TEST(ReportCatalog, EveryReportSaysWhatItIs) {
  constexpr size_t kMostTitle = 80 - 22;  // beside the name, in --list
  for (const Report& report : AllReports()) {
    SCOPED_TRACE(report.name);
    EXPECT_FALSE(report.title.empty());
    EXPECT_LE(report.title.size(), kMostTitle);
    ASSERT_FALSE(report.sections.empty());
    for (const ReportSection& section : report.sections) {
      SCOPED_TRACE(section.name);
      EXPECT_EQ(section.name.empty(), report.sections.size() == 1);
      EXPECT_LE(section.title.size(), kMostTitle);
      EXPECT_TRUE(absl::EndsWith(section.title, "?")) << section.title;
      EXPECT_FALSE(absl::EndsWith(section.sql, ";"));
      EXPECT_THAT(section.of, AnyOf("", "queries", "responses", "messages"));
      if (section.chart.kind == ReportChart::Kind::kNone) continue;
      EXPECT_GE(section.chart.columns.size(), 2u);
    }
  }
}

TEST(ReportCatalog, SectionsAreInTheOrderOfTheirFiles) {
  const auto leaks = ChooseReports("leaks");
  ASSERT_TRUE(leaks.ok());
  ASSERT_THAT(*leaks, SizeIs(1));
  EXPECT_EQ(leaks->front().sections.front().name, "clients");
  EXPECT_EQ(leaks->front().sections.back().name, "gaps");
  EXPECT_THAT(leaks->front().comments, HasSubstr("-- What does this machine tell the world?"));
}

TEST(ReportCatalog, ReadsComments) {
  const ReportSection section = ParseReportFile(
      "-- Who asks?\n"
      "-- One line for\n"
      "-- each address.\n"
      "-- of: queries\n"
      "-- none: Nobody\n"
      "-- asks.\n"
      "-- several: There are more.\n"
      "-- chart: bars client queries\n"
      "select 1 -- none: this is none\n");
  EXPECT_EQ(section.title, "Who asks?");
  EXPECT_EQ(section.explanation, "One line for each address.");
  EXPECT_EQ(section.of, "queries");
  EXPECT_EQ(section.none, "Nobody asks.");
  EXPECT_EQ(section.several, "There are more.");
  EXPECT_EQ(section.chart.kind, ReportChart::Kind::kBars);
  EXPECT_THAT(section.chart.columns, ElementsAre("client", "queries"));
  EXPECT_TRUE(absl::EndsWith(section.sql, "this is none"));
}

TEST(ReportCatalog, ChoosesByName) {
  EXPECT_THAT(NamesOf(*ChooseReports("edns,rcodes,edns")), ElementsAre("edns", "rcodes"));
  EXPECT_EQ(ChooseReports("all")->size(), AllReports().size());
  const auto part = ChooseReports("leaks/rhythms");
  ASSERT_TRUE(part.ok());
  ASSERT_THAT(part->front().sections, SizeIs(1));
  EXPECT_EQ(part->front().sections.front().name, "rhythms");
  const auto parts = ChooseReports("leaks/rhythms,edns,leaks/gaps,leaks/rhythms");
  ASSERT_TRUE(parts.ok());
  EXPECT_THAT(NamesOf(*parts), ElementsAre("leaks", "edns"));
  EXPECT_THAT(parts->front().sections, SizeIs(2));
}

TEST(ReportCatalog, SaysWhatWasMeant) {
  const auto message = [](absl::string_view name) {
    return std::string(ChooseReports(name).status().message());
  };
  EXPECT_EQ(message("nxdomains"), "there is no report 'nxdomains' (did you mean nxdomain?)");
  EXPECT_THAT(message("leaks/rythms"), HasSubstr("did you mean leaks/rhythms?"));
  EXPECT_THAT(message("eth0.pcap"), HasSubstr("--list lists them"));
  EXPECT_THAT(message(""), HasSubstr("there is no report ''"));
  EXPECT_THAT(message("edns/"), HasSubstr("did you mean edns?"));
}

TEST(ReportNearest, ComesByDistance) {
  const std::vector<std::string> names = {"latency", "rcodes", "qtypes", "top-names"};
  EXPECT_THAT(report::NearestOf("rcode", names), ElementsAre("rcodes"));
  EXPECT_THAT(report::NearestOf("latnecy", names), ElementsAre("latency"));
  EXPECT_THAT(report::NearestOf("names", names), ElementsAre("top-names"));
  EXPECT_THAT(report::NearestOf("something", names), IsEmpty());
}

}  // namespace
}  // namespace dns_monitor
