// Results of queries, and what becomes of them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "dns_monitor/output/output.h"

namespace dns_monitor {

// Keeps what it gets, or takes no more than so many bytes.
class StringSink : public ByteSink {
 public:
  explicit StringSink(size_t most_bytes = SIZE_MAX) : most_bytes_(most_bytes) {}

  absl::Status Write(absl::string_view bytes) override {
    ++writes_;
    if (text_.size() + bytes.size() > most_bytes_) return absl::ResourceExhaustedError("disk full");
    text_.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }

  const std::string& text() const { return text_; }
  int writes() const { return writes_; }

 private:
  const size_t most_bytes_;
  std::string text_;
  int writes_ = 0;
};

// A database in memory.
class Database {
 public:
  Database() {
    EXPECT_EQ(duckdb_open(nullptr, &database_), DuckDBSuccess);
    EXPECT_EQ(duckdb_connect(database_, &connection_), DuckDBSuccess);
  }
  ~Database() {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  duckdb_connection connection() const { return connection_; }

  // A result that is made as it is fetched.
  duckdb_result Stream(const std::string& sql) {
    duckdb_prepared_statement statement = nullptr;
    EXPECT_EQ(duckdb_prepare(connection_, sql.c_str(), &statement), DuckDBSuccess)
        << duckdb_prepare_error(statement);
    duckdb_pending_result pending = nullptr;
    duckdb_pending_prepared_streaming(statement, &pending);
    duckdb_result result;
    duckdb_execute_pending(pending, &result);  // which says itself when it has failed
    duckdb_destroy_pending(&pending);
    duckdb_destroy_prepare(&statement);
    return result;
  }

  absl::StatusOr<uint64_t> Write(const std::string& sql, const OutputOptions& options,
                                 ByteSink* sink) {
    duckdb_result result = Stream(sql);
    absl::StatusOr<uint64_t> rows = WriteResult(&result, options, sink);
    duckdb_destroy_result(&result);
    return rows;
  }

  // What is written of a result without what stands around it in the document.
  std::string Text(const std::string& sql, const OutputOptions& options) {
    StringSink sink;
    const absl::StatusOr<uint64_t> rows = Write(sql, options, &sink);
    EXPECT_TRUE(rows.ok()) << rows.status();
    return sink.text();
  }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

}  // namespace dns_monitor
