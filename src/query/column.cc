#include "dns_monitor/query/column.h"

#include <array>

namespace dns_monitor {
namespace {

duckdb_logical_type ListOf(duckdb_logical_type element) {
  const duckdb_logical_type list = duckdb_create_list_type(element);
  duckdb_destroy_logical_type(&element);
  return list;
}

duckdb_logical_type RecordType() {
  std::array<const char*, 5> names = {"name", "type", "class", "ttl", "rdata"};
  std::array<duckdb_logical_type, 5> types = {
      duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR),
      duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR),
      duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR),
      duckdb_create_logical_type(DUCKDB_TYPE_BIGINT),
      duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR),
  };
  const duckdb_logical_type record =
      duckdb_create_struct_type(types.data(), names.data(), types.size());
  for (duckdb_logical_type& type : types) duckdb_destroy_logical_type(&type);
  return record;
}

}  // namespace

absl::string_view SqlNameOf(ColumnType type) {
  switch (type) {
    case ColumnType::kInt:
    case ColumnType::kFlag:
      return "INTEGER";
    case ColumnType::kBigint:
      return "BIGINT";
    case ColumnType::kBool:
      return "BOOLEAN";
    case ColumnType::kDouble:
      return "DOUBLE";
    case ColumnType::kText:
      return "VARCHAR";
    case ColumnType::kTime:
      return "TIMESTAMP_NS";
    case ColumnType::kTexts:
      return "VARCHAR[]";
    case ColumnType::kRecords:
      return "STRUCT(name VARCHAR, type VARCHAR, class VARCHAR, ttl BIGINT, rdata VARCHAR)[]";
  }
  return "";
}

duckdb_logical_type LogicalTypeOf(ColumnType type) {
  switch (type) {
    case ColumnType::kInt:
    case ColumnType::kFlag:
      return duckdb_create_logical_type(DUCKDB_TYPE_INTEGER);
    case ColumnType::kBigint:
      return duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    case ColumnType::kBool:
      return duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    case ColumnType::kDouble:
      return duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE);
    case ColumnType::kText:
      return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    case ColumnType::kTime:
      return duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP_NS);
    case ColumnType::kTexts:
      return ListOf(duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
    case ColumnType::kRecords:
      return ListOf(RecordType());
  }
  return nullptr;
}

void TextHeap::MoveInto(duckdb_vector vector) {
  if (cells_.empty()) return;
  // The engine copies all of it for one cell, which then tells where it is; the others' texts are
  // behind one another from there.
  auto* const data = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  duckdb_string_t* const first = cells_.front();
  const uint32_t first_bytes = first->value.pointer.length;
  duckdb_unsafe_vector_assign_string_element_len(vector, static_cast<idx_t>(first - data),
                                                 bytes_.data(), bytes_.size());
  first->value.pointer.length = first_bytes;
  char* at = first->value.pointer.ptr;
  for (duckdb_string_t* const cell : cells_) {
    cell->value.pointer.ptr = at;
    at += cell->value.pointer.length;
  }
  cells_.clear();
  bytes_.clear();
}

void Column::SetNull(idx_t row) {
  duckdb_vector_ensure_validity_writable(vector_);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector_), row);
}

ListAppender::ListAppender(Column* column, idx_t row)
    : list_(column->vector()),
      row_(row),
      begin_(row == 0 ? 0 : duckdb_list_vector_get_size(list_)),
      end_(begin_) {}

ListAppender::~ListAppender() {
  duckdb_list_vector_set_size(list_, end_);
  static_cast<duckdb_list_entry*>(duckdb_vector_get_data(list_))[row_] = {.offset = begin_,
                                                                          .length = end_ - begin_};
}

idx_t ListAppender::Append() {
  duckdb_list_vector_reserve(list_, end_ + 1);
  return end_++;
}

}  // namespace dns_monitor
