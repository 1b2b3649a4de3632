// What writes the values of a column, for each format.
#pragma once

#include "src/output/column.h"

namespace dns_monitor::output {

// Chosen by the column's type; nullptr for one that is not known. NULL is null in JSON, NULL in
// what a terminal shows as a table, and nothing elsewhere.
WriteCell JsonCellWriter(const Column& column);
WriteCell CsvCellWriter(const Column& column);
WriteCell XmlCellWriter(const Column& column);
WriteCell MarkdownCellWriter(const Column& column);
WriteCell TerminalCellWriter(const Column& column);     // in a table
WriteCell TerminalCsvCellWriter(const Column& column);  // CSV, but on a terminal

// Texts, by the same rules.
void AppendCsvText(absl::string_view text, bool terminal, TextBuffer* out);
void AppendXmlText(absl::string_view text, TextBuffer* out);
void AppendMarkdownText(absl::string_view text, TextBuffer* out);
void AppendTerminalText(absl::string_view text, TextBuffer* out);

}  // namespace dns_monitor::output
