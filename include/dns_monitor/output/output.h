// Writes what a query returns.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/output/byte_sink.h"
#include "duckdb.h"

namespace dns_monitor {

// JSON, CSV, XML, and tables in files, have the bytes that PacketQ's have (its src/test/*.gold)
// where those are valid.
//
// Times are text, in ISO 8601, of UTC, with 0, 3, 6 or 9 decimals. Of JSON numbers none is NaN or
// infinite: those are null there.
enum class OutputFormat {
  // On a terminal: boxes that fit its width. Texts are cut, numbers never; where not all columns
  // fit, the first ones are shown, and the last line says of how many. The widths are those of the
  // first 10 000 rows. Elsewhere: PacketQ's table, CSV with blanks before the commas. What EXPLAIN
  // says is no table, but lines of text.
  kTable,
  // An array of results: {"table_name", "query", "head": [{"name", "type"}], "data": [[…], …]}. The
  // types: int, float, bool, text, and json for lists, structs and the like, which are values of
  // that kind in all formats, as JSON text where there is no such thing.
  kJson,
  kNdjson,  // an object a row; of columns with the same name the later ones get _1, _2
  kCsv,  // RFC 4180, but lines end with \n; texts are quoted, so "" is a text and nothing is NULL
  kXml,  // XHTML; what XML 1.0 has no character for is U+FFFD
  kMarkdown,  // a table with pipes, as of GitHub
};

// "table", "json", "ndjson" or "jsonl", "csv", "xml", "markdown" or "md".
absl::StatusOr<OutputFormat> ParseOutputFormat(absl::string_view text);

struct OutputOptions {
  OutputFormat format = OutputFormat::kTable;
  std::string query = {};  // as JSON shows it
  std::string name = {};   // of the result, in JSON and XML; empty: "result-" and its number
  int result_number = 0;   // in the document, from 0
  // The bytes go to a terminal: control characters, and those that move others about, are shown as
  // \x1b and \u{202e} in every format. (All but CSV and tables in files have them escaped anyway.)
  bool terminal = false;
  int width = 80;                      // of the terminal
  std::optional<uint64_t> limit = {};  // of rows
  // Of integer columns that hold 0 or 1, by name: their type is "bool", as PacketQ's. None if
  // empty.
  std::function<bool(absl::string_view column)> is_flag = {};
  // Breaks off what the query does (duckdb_interrupt), when no more rows are wanted. Called by the
  // thread that called WriteResult. If empty, WriteResult waits for the rows that are being made.
  std::function<void()> interrupt = {};
};

// What stands before the first result and behind the last of a document, that of JSON and XML. The
// errors of `sink`.
absl::Status OpenDocument(OutputFormat format, ByteSink* sink);
absl::Status CloseDocument(OutputFormat format, int results, ByteSink* sink);

// Writes a result, streaming or not, and returns how many rows that were. The query runs on in
// another thread meanwhile, a few chunks ahead; `sink` is called by this one. Gives `sink` what it
// has whenever it waits for the query. The result stays the caller's, who destroys it; none of its
// rows are left for anyone else.
//
// Errors: that of the query (Cancelled: it was interrupted), before the first of its rows with
// nothing written; those of `sink`; Unimplemented for a type of column that there is no text for.
absl::StatusOr<uint64_t> WriteResult(duckdb_result* result, const OutputOptions& options,
                                     ByteSink* sink);

}  // namespace dns_monitor
