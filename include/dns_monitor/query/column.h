// The cells of a chunk that is being filled: the one place that knows how the engine lays them out.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// Of the library since 1.5, but not in the header that its makers publish for npm, which is older:
// as duckdb_vector_assign_string_element_len, but does not look whether the text is UTF-8.
extern "C" void duckdb_unsafe_vector_assign_string_element_len(duckdb_vector vector, idx_t index,
                                                               const char* text, idx_t bytes);

namespace dns_monitor {

// What a column holds. The SQL type stands behind each.
enum class ColumnType : uint8_t {
  kInt,      // INTEGER
  kFlag,     // INTEGER, 0 or 1: called `bool` in JSON, as PacketQ does
  kBigint,   // BIGINT
  kBool,     // BOOLEAN
  kDouble,   // DOUBLE
  kText,     // VARCHAR
  kTime,     // TIMESTAMP_NS, UTC
  kTexts,    // VARCHAR[]
  kRecords,  // STRUCT(name, type, class, ttl, rdata)[]
};

// As SQL writes it.
absl::string_view SqlNameOf(ColumnType type);
// The caller destroys it (duckdb_destroy_logical_type).
duckdb_logical_type LogicalTypeOf(ColumnType type);

// The texts of one column of one chunk that do not fit into their cells, on their way into the
// engine's memory: as one, which costs a tenth of handing each over.
class TextHeap {
 public:
  // Each cell once. MoveInto, of the vector that they are in, completes them.
  void Put(absl::string_view text, duckdb_string_t* cell) {
    cell->value.pointer.length = static_cast<uint32_t>(text.size());
    memcpy(cell->value.pointer.prefix, text.data(), sizeof(cell->value.pointer.prefix));
    cells_.push_back(cell);
    bytes_.append(text.data(), text.size());
  }
  void MoveInto(duckdb_vector vector);

 private:
  std::string bytes_;
  std::vector<duckdb_string_t*> cells_;
};

// One column of one chunk. What is set must be of the column's type; a cell that is never set holds
// whatever was there. One thread.
class Column {
 public:
  // With `texts`, those that are long are in the vector only when Finish was called.
  explicit Column(duckdb_vector vector, TextHeap* texts = nullptr)
      : vector_(vector), data_(duckdb_vector_get_data(vector)), texts_(texts) {}

  void SetInt(idx_t row, int32_t value) { static_cast<int32_t*>(data_)[row] = value; }
  void SetBigint(idx_t row, int64_t value) { static_cast<int64_t*>(data_)[row] = value; }
  void SetTime(idx_t row, int64_t ns) { static_cast<int64_t*>(data_)[row] = ns; }
  void SetDouble(idx_t row, double value) { static_cast<double*>(data_)[row] = value; }
  void SetBool(idx_t row, bool value) { static_cast<bool*>(data_)[row] = value; }
  // `text` is UTF-8, which is not looked at again.
  void SetText(idx_t row, absl::string_view text) {
    duckdb_string_t* const cell = static_cast<duckdb_string_t*>(data_) + row;
    if (text.size() <= sizeof(cell->value.inlined.inlined)) {
      *cell = {};
      cell->value.inlined.length = static_cast<uint32_t>(text.size());
      if (!text.empty()) memcpy(cell->value.inlined.inlined, text.data(), text.size());
    } else if (texts_ != nullptr) {
      texts_->Put(text, cell);
    } else {
      duckdb_unsafe_vector_assign_string_element_len(vector_, row, text.data(), text.size());
    }
  }
  void SetNull(idx_t row);
  // What was set.
  int32_t Int(idx_t row) const { return static_cast<const int32_t*>(data_)[row]; }
  int64_t Bigint(idx_t row) const { return static_cast<const int64_t*>(data_)[row]; }
  bool IsNull(idx_t row) const {
    uint64_t* const validity = duckdb_vector_get_validity(vector_);
    return validity != nullptr && !duckdb_validity_row_is_valid(validity, row);
  }
  // After the last cell is set.
  void Finish() {
    if (texts_ != nullptr) texts_->MoveInto(vector_);
  }

  duckdb_vector vector() const { return vector_; }

 private:
  duckdb_vector vector_;
  void* data_;
  TextHeap* texts_;
};

// Appends the elements of one cell of a list. Rows are begun in their order, each once.
class ListAppender {
 public:
  ListAppender(Column* column, idx_t row);
  ~ListAppender();
  ListAppender(const ListAppender&) = delete;
  ListAppender& operator=(const ListAppender&) = delete;

  // Makes room for one more element and returns its index in child().
  idx_t Append();
  duckdb_vector child() const { return duckdb_list_vector_get_child(list_); }

 private:
  duckdb_vector list_;
  idx_t row_;
  idx_t begin_;
  idx_t end_;
};

}  // namespace dns_monitor
