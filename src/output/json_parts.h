// Values with parts, as JSON.
#pragma once

#include "src/output/column.h"

namespace dns_monitor::output {

// Write a value, which is not NULL. A STRUCT without names, and a LIST or an ARRAY, are arrays; a
// MAP is an object whose keys are texts; a UNION an object of the one member that it has.
void WriteList(const Column& column, idx_t row, TextBuffer* out);
void WriteArray(const Column& column, idx_t row, TextBuffer* out);
void WriteStruct(const Column& column, idx_t row, TextBuffer* out);
void WriteMap(const Column& column, idx_t row, TextBuffer* out);
void WriteUnion(const Column& column, idx_t row, TextBuffer* out);

// In quotes.
void AppendJsonText(absl::string_view text, TextBuffer* out);

}  // namespace dns_monitor::output
