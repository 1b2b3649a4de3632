// What the engine says went wrong, as a status.
#pragma once

#include <duckdb.h>

#include <string>

#include "absl/status/status.h"

namespace dns_monitor {

// Runs a statement whose result nobody wants.
inline absl::Status Execute(const std::string& sql, duckdb_connection connection) {
  duckdb_result result;
  absl::Status status;
  if (duckdb_query(connection, sql.c_str(), &result) != DuckDBSuccess) {
    status = absl::InvalidArgumentError(duckdb_result_error(&result));
  }
  duckdb_destroy_result(&result);
  return status;
}

}  // namespace dns_monitor
