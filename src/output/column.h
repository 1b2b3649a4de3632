// The columns of a result, and where the values of the chunk at hand lie.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "duckdb.h"
#include "src/output/text_buffer.h"

namespace dns_monitor::output {

// What a column holds, in PacketQ's words. kJson: values with parts.
enum class Kind { kInt, kFloat, kBool, kText, kJson };
absl::string_view KindName(Kind kind);

struct Column;

// Writes the value of a row.
using WriteCell = void (*)(const Column& column, idx_t row, TextBuffer* out);

struct Column {
  std::string name;
  duckdb_type type = DUCKDB_TYPE_INVALID;
  Kind kind = Kind::kText;
  WriteCell write = nullptr;
  // Of an ENUM what it is stored as, of a DECIMAL too.
  duckdb_type stored_as = DUCKDB_TYPE_INVALID;
  int scale = 0;                   // of a DECIMAL
  uint64_t array_size = 0;         // of an ARRAY
  std::vector<std::string> words;  // of an ENUM
  // Of a STRUCT the fields, of a UNION the tag and the members, of all others with parts the one
  // that has the elements: a MAP's are STRUCTs of key and value. Theirs are written as JSON.
  std::vector<Column> parts;

  // Of the chunk.
  const void* data = nullptr;
  const uint64_t* validity = nullptr;

  bool IsNull(idx_t row) const {
    return validity != nullptr && (validity[row / 64] >> row % 64 & 1) == 0;
  }
  template <typename T>
  const T& Get(idx_t row) const {
    return static_cast<const T*>(data)[row];
  }
};

// Those of a result, to be written by what `choose` gives for each. Unimplemented for types that
// are not known here. `is_flag` as in OutputOptions.
absl::StatusOr<std::vector<Column>> DescribeColumns(
    duckdb_result* result, const std::function<bool(absl::string_view)>& is_flag,
    WriteCell (*choose)(const Column& column));

// Lets them point into the chunk, for as long as it lives.
void BindColumns(duckdb_data_chunk chunk, std::vector<Column>* columns);

// Of a VARCHAR or what is stored as one.
inline absl::string_view TextOf(const duckdb_string_t& text) {
  constexpr uint32_t kMostInlined = sizeof(text.value.inlined.inlined);
  const uint32_t length = text.value.inlined.length;
  return {length <= kMostInlined ? text.value.inlined.inlined : text.value.pointer.ptr, length};
}

}  // namespace dns_monitor::output
