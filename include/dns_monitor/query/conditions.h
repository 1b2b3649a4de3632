// What a statement says about the rows that it wants. The engine hands no conditions down (its C
// API has no way for them): without this, a row that WHERE drops would cost as much as one that it
// keeps.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace dns_monitor {

enum class Comparison : uint8_t {
  kOneOf,
  kNot,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
};

// On a column of whole numbers.
struct Condition {
  std::string column;
  Comparison comparison;
  std::vector<int64_t> values;  // one, but for kOneOf

  bool Holds(int64_t value) const;
};

struct Conditions {
  std::string table;  // empty: nothing is known
  // Each holds for all rows that are wanted. The others need not be made; the engine drops those
  // that are made all the same.
  std::vector<Condition> all;
};

// Of a SELECT that reads one table, and once: the parts of its WHERE that compare a column with
// numbers, as far as AND joins them. Nothing is known of any other statement. `sql` is one, in the
// engine's dialect.
Conditions FindConditions(absl::string_view sql, duckdb_connection connection);

}  // namespace dns_monitor
