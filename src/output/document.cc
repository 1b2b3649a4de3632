// What stands around the results.

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/output/output.h"

namespace dns_monitor {
namespace {

constexpr absl::string_view kXmlHead =
    R"(<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html  xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
<head>
  <title>result-0</title>
<style type="text/css">
    th.int   { color: #0F0C00; }
    th.float { color: #0F0900; }
    th.text  { color: #0F0600; }
    th.bool  { color: #0C0900; }
</style>
</head>
<body>
)";

}  // namespace

absl::StatusOr<OutputFormat> ParseOutputFormat(absl::string_view text) {
  struct Name {
    absl::string_view name;
    OutputFormat format;
  };
  constexpr Name kNames[] = {
      {"table", OutputFormat::kTable},   {"json", OutputFormat::kJson},
      {"ndjson", OutputFormat::kNdjson}, {"jsonl", OutputFormat::kNdjson},
      {"csv", OutputFormat::kCsv},       {"xml", OutputFormat::kXml},
      {"md", OutputFormat::kMarkdown},   {"markdown", OutputFormat::kMarkdown},
  };
  for (const Name& name : kNames) {
    if (text == name.name) return name.format;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' is no format: table, json, ndjson, csv, xml or markdown"));
}

absl::Status OpenDocument(OutputFormat format, ByteSink* sink) {
  switch (format) {
    case OutputFormat::kJson:
      return sink->Write("[\n");
    case OutputFormat::kXml:
      return sink->Write(kXmlHead);
    default:
      return absl::OkStatus();
  }
}

absl::Status CloseDocument(OutputFormat format, int results, ByteSink* sink) {
  switch (format) {
    case OutputFormat::kJson:
      return sink->Write(results > 0 ? "\n]\n" : "]\n");
    case OutputFormat::kXml:
      return sink->Write("</body>\n</html>\n");
    default:
      return absl::OkStatus();
  }
}

}  // namespace dns_monitor
