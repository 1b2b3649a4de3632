// What RegisterFunctions adds, by the file it is in.
#pragma once

#include "absl/status/status.h"
#include "duckdb.h"

namespace dns_monitor {

absl::Status RegisterTextFunctions(duckdb_connection connection);
absl::Status RegisterNameFunctions(duckdb_connection connection);
absl::Status RegisterAddressFunctions(duckdb_connection connection);
absl::Status RegisterReverseNameFunctions(duckdb_connection connection);

}  // namespace dns_monitor
