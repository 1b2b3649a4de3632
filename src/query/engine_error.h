// What the engine says went wrong.
#pragma once

#include <duckdb.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/query/dialect.h"

namespace dns_monitor {

// Runs a statement whose result nobody wants.
absl::Status Execute(const std::string& sql, duckdb_connection connection);

// The engine's message for a person, from what it says with errors_as_json set: with the line of
// `sql`, which `translated` was made from, and a mark below the place, where there is one.
std::string MarkedError(absl::string_view message, absl::string_view sql,
                        const TranslatedSql& translated);

}  // namespace dns_monitor
