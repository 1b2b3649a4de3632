// The texts of values of any length, in printable ASCII.
#pragma once

#include "absl/strings/string_view.h"
#include "src/output/text_buffer.h"

namespace dns_monitor::output {

// As SQL reads a BLOB: a byte that is not printable, and quotes and backslashes, are \xAB.
void AppendBlob(absl::string_view bytes, TextBuffer* out);

// A BIT as DuckDB stores it: 0101.
void AppendBits(absl::string_view stored, TextBuffer* out);

// A BIGNUM as DuckDB stores it, in decimal. Takes a time that grows with the square of its length.
void AppendBignum(absl::string_view stored, TextBuffer* out);

}  // namespace dns_monitor::output
