// A table of the captures, as the engine sees it: columns with their descriptions, and scans.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/query/column.h"
#include "dns_monitor/query/conditions.h"

namespace dns_monitor {

class Captures;

struct ColumnInfo {
  absl::string_view name;
  ColumnType type;
  absl::string_view description;  // a sentence, for docs/queries.md and \d
};

// What a query wants of a table. Parameters that it does not name are the session's.
struct TableRequest {
  std::vector<uint32_t> columns;  // the table's, by index, in the order of the chunk's
  std::optional<std::vector<std::string>> files;
  std::optional<std::string> since;
  std::optional<std::string> until;
  std::optional<std::string> port;
  // Rows of which one of these does not hold need not be made.
  std::vector<Condition> conditions;
};

// One thread's share of a scan. That thread's alone.
class TableReader {
 public:
  virtual ~TableReader() = default;
  // Fills rows from 0 on, at most `room`. Returns how many: 0 at the end, and only there.
  virtual absl::StatusOr<idx_t> Fill(std::vector<Column>* columns, idx_t room) = 0;
};

// One pass over a table, by several threads.
class TableScan {
 public:
  virtual ~TableScan() = default;
  virtual int max_threads() const = 0;
  // Thread-safe.
  virtual std::unique_ptr<TableReader> NewReader() = 0;
};

// Lives as long as the engine. Thread-safe.
class Table {
 public:
  virtual ~Table() = default;
  virtual absl::string_view name() const = 0;
  virtual absl::string_view description() const = 0;  // a sentence or two
  virtual const std::vector<ColumnInfo>& columns() const = 0;
  virtual absl::StatusOr<std::unique_ptr<TableScan>> Open(const Captures& captures,
                                                          const TableRequest& request) const = 0;
};

// Makes `table` known as a view of its name, and as a table function read_NAME with the parameters
// files, since, until and port. `conditions` are those of the statement that runs. All outlive the
// connection.
absl::Status RegisterTable(const Table& table, const Captures& captures,
                           const Conditions& conditions, duckdb_connection connection);

}  // namespace dns_monitor
