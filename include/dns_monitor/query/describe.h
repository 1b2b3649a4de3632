// What tables and functions there are, in words.
#pragma once

#include <duckdb.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace dns_monitor {

// For a terminal of 80 columns.
std::string DescribeTables();
// Says so when there is none of this name.
std::string DescribeTable(absl::string_view name);

// All tables with their columns, as docs/queries.md has them.
std::string DescribeAsMarkdown();

// The engine's and ours, those made of letters, but for what is inside (scan_dns, duckdb_columns).
std::vector<std::string> FunctionNames(duckdb_connection connection);

}  // namespace dns_monitor
