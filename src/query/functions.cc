#include "dns_monitor/query/functions.h"

#include "dns_monitor/base/status.h"
#include "src/query/function_groups.h"

namespace dns_monitor {
namespace {

// What DuckDB has under another name, or otherwise: a macro goes before a function of the same
// name. Times here have no zone and are UTC, and could not be compared with those of DuckDB's now()
// and current_timestamp, which is get_current_timestamp().
constexpr const char* kMacros = R"sql(
CREATE OR REPLACE MACRO truncate(x) AS trunc(x)::BIGINT;
CREATE OR REPLACE MACRO stdev(x) AS stddev_pop(x);
CREATE OR REPLACE MACRO now() AS system.main.now()::TIMESTAMP;
CREATE OR REPLACE MACRO get_current_timestamp() AS system.main.get_current_timestamp()::TIMESTAMP;
CREATE OR REPLACE MACRO trim(s) AS ltrim(rtrim(s)), (s, t) AS trim_string(s, t);
)sql";

absl::Status CreateMacros(duckdb_connection connection) {
  duckdb_result result;
  absl::Status status;
  if (duckdb_query(connection, kMacros, &result) != DuckDBSuccess) {
    status = absl::InternalError(duckdb_result_error(&result));
  }
  duckdb_destroy_result(&result);
  return status;
}

}  // namespace

absl::Status RegisterFunctions(duckdb_connection connection) {
  DM_RETURN_IF_ERROR(RegisterTextFunctions(connection));
  DM_RETURN_IF_ERROR(RegisterNameFunctions(connection));
  DM_RETURN_IF_ERROR(RegisterAddressFunctions(connection));
  DM_RETURN_IF_ERROR(RegisterReverseNameFunctions(connection));
  return CreateMacros(connection);
}

}  // namespace dns_monitor
