// An empty database in memory, and what it answers, as text.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "duckdb.h"

namespace dns_monitor {

class DuckdbRig {
 public:
  DuckdbRig() {
    EXPECT_EQ(duckdb_open(nullptr, &database_), DuckDBSuccess);
    EXPECT_EQ(duckdb_connect(database_, &connection_), DuckDBSuccess);
  }
  ~DuckdbRig() {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }
  DuckdbRig(const DuckdbRig&) = delete;
  DuckdbRig& operator=(const DuckdbRig&) = delete;

  duckdb_connection connection() { return connection_; }
  duckdb_database database() { return database_; }

  // The rows, with | between the values and a newline between them; "ERROR: ..." where it fails.
  std::string Ask(const std::string& sql) {
    duckdb_result result;
    const bool answered = duckdb_query(connection_, sql.c_str(), &result) == DuckDBSuccess;
    std::string answer =
        answered ? Rows(&result) : absl::StrCat("ERROR: ", duckdb_result_error(&result));
    duckdb_destroy_result(&result);
    return answer;
  }

  // The names of the columns, with | between them.
  std::string Columns(const std::string& sql) {
    duckdb_result result;
    std::string names;
    if (duckdb_query(connection_, sql.c_str(), &result) == DuckDBSuccess) {
      for (idx_t column = 0; column < duckdb_column_count(&result); ++column) {
        absl::StrAppend(&names, column > 0 ? "|" : "", duckdb_column_name(&result, column));
      }
    } else {
      names = absl::StrCat("ERROR: ", duckdb_result_error(&result));
    }
    duckdb_destroy_result(&result);
    return names;
  }

 private:
  static std::string Rows(duckdb_result* result) {
    std::string rows;
    for (idx_t row = 0; row < duckdb_row_count(result); ++row) {
      if (row > 0) rows += '\n';
      for (idx_t column = 0; column < duckdb_column_count(result); ++column) {
        char* value = duckdb_value_varchar(result, column, row);
        absl::StrAppend(&rows, column > 0 ? "|" : "", value == nullptr ? "NULL" : value);
        duckdb_free(value);
      }
    }
    return rows;
  }

  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

}  // namespace dns_monitor
