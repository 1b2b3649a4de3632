#include "src/output/column.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "src/output/cell_writer.h"

namespace dns_monitor::output {
namespace {

struct FreeType {
  void operator()(duckdb_logical_type type) const { duckdb_destroy_logical_type(&type); }
};
using OwnType = std::unique_ptr<std::remove_pointer_t<duckdb_logical_type>, FreeType>;

std::string TakeText(char* text) {
  if (text == nullptr) return "";
  std::string taken = text;
  duckdb_free(text);
  return taken;
}

Kind KindOf(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return Kind::kBool;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_BIGNUM:
      return Kind::kInt;
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL:
      return Kind::kFloat;
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_MAP:
    case DUCKDB_TYPE_UNION:
      return Kind::kJson;
    default:
      return Kind::kText;
  }
}

absl::Status Describe(duckdb_logical_type type, WriteCell (*choose)(const Column&), Column* column);

absl::Status AddPart(std::string name, OwnType type, Column* column) {
  Column& part = column->parts.emplace_back();
  part.name = std::move(name);
  return Describe(type.get(), JsonCellWriter, &part);
}

absl::Status AddFields(duckdb_logical_type type, Column* column) {
  const idx_t count = duckdb_struct_type_child_count(type);
  for (idx_t i = 0; i < count; ++i) {
    DM_RETURN_IF_ERROR(AddPart(TakeText(duckdb_struct_type_child_name(type, i)),
                               OwnType(duckdb_struct_type_child_type(type, i)), column));
  }
  return absl::OkStatus();
}

absl::Status AddMembers(duckdb_logical_type type, Column* column) {
  DM_RETURN_IF_ERROR(
      AddPart("tag", OwnType(duckdb_create_logical_type(DUCKDB_TYPE_UTINYINT)), column));
  const idx_t count = duckdb_union_type_member_count(type);
  for (idx_t i = 0; i < count; ++i) {
    DM_RETURN_IF_ERROR(AddPart(TakeText(duckdb_union_type_member_name(type, i)),
                               OwnType(duckdb_union_type_member_type(type, i)), column));
  }
  return absl::OkStatus();
}

// A MAP is a LIST of STRUCTs.
absl::Status AddEntries(duckdb_logical_type type, Column* column) {
  Column& entry = column->parts.emplace_back();
  entry.type = DUCKDB_TYPE_STRUCT;
  entry.kind = Kind::kJson;
  DM_RETURN_IF_ERROR(AddPart("key", OwnType(duckdb_map_type_key_type(type)), &entry));
  return AddPart("value", OwnType(duckdb_map_type_value_type(type)), &entry);
}

absl::Status DescribeParts(duckdb_logical_type type, Column* column) {
  switch (column->type) {
    case DUCKDB_TYPE_LIST:
      return AddPart("", OwnType(duckdb_list_type_child_type(type)), column);
    case DUCKDB_TYPE_ARRAY:
      column->array_size = duckdb_array_type_array_size(type);
      return AddPart("", OwnType(duckdb_array_type_child_type(type)), column);
    case DUCKDB_TYPE_STRUCT:
      return AddFields(type, column);
    case DUCKDB_TYPE_MAP:
      return AddEntries(type, column);
    case DUCKDB_TYPE_UNION:
      return AddMembers(type, column);
    default:
      return absl::OkStatus();
  }
}

absl::Status Describe(duckdb_logical_type type, WriteCell (*choose)(const Column&),
                      Column* column) {
  column->type = duckdb_get_type_id(type);
  column->kind = KindOf(column->type);
  if (column->type == DUCKDB_TYPE_DECIMAL) {
    column->stored_as = duckdb_decimal_internal_type(type);
    column->scale = duckdb_decimal_scale(type);
  }
  if (column->type == DUCKDB_TYPE_ENUM) {
    column->stored_as = duckdb_enum_internal_type(type);
    const uint32_t count = duckdb_enum_dictionary_size(type);
    for (uint32_t i = 0; i < count; ++i) {
      column->words.push_back(TakeText(duckdb_enum_dictionary_value(type, i)));
    }
  }
  DM_RETURN_IF_ERROR(DescribeParts(type, column));
  column->write = choose(*column);
  if (column->write != nullptr) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat("type ", static_cast<int>(column->type)));
}

bool MayBeFlag(duckdb_type type) {
  return type == DUCKDB_TYPE_INTEGER || type == DUCKDB_TYPE_TINYINT || type == DUCKDB_TYPE_UTINYINT;
}

void Bind(duckdb_vector vector, Column* column) {
  column->data = duckdb_vector_get_data(vector);
  column->validity = duckdb_vector_get_validity(vector);
  switch (column->type) {
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_MAP:
      return Bind(duckdb_list_vector_get_child(vector), &column->parts[0]);
    case DUCKDB_TYPE_ARRAY:
      return Bind(duckdb_array_vector_get_child(vector), &column->parts[0]);
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_UNION:
      for (size_t i = 0; i < column->parts.size(); ++i) {
        Bind(duckdb_struct_vector_get_child(vector, i), &column->parts[i]);
      }
      return;
    default:
      return;
  }
}

}  // namespace

absl::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kInt:
      return "int";
    case Kind::kFloat:
      return "float";
    case Kind::kBool:
      return "bool";
    case Kind::kText:
      return "text";
    case Kind::kJson:
      return "json";
  }
  return "";
}

absl::StatusOr<std::vector<Column>> DescribeColumns(
    duckdb_result* result, const std::function<bool(absl::string_view)>& is_flag,
    WriteCell (*choose)(const Column& column)) {
  std::vector<Column> columns(duckdb_column_count(result));
  for (idx_t i = 0; i < columns.size(); ++i) {
    Column& column = columns[i];
    column.name = duckdb_column_name(result, i);
    const OwnType type(duckdb_column_logical_type(result, i));
    if (absl::Status status = Describe(type.get(), choose, &column); !status.ok()) {
      return absl::UnimplementedError(absl::StrCat("column ", column.name,
                                                   " has a type of DuckDB (", status.message(),
                                                   ") that cannot be written: cast it to VARCHAR"));
    }
    if (MayBeFlag(column.type) && is_flag && is_flag(column.name)) column.kind = Kind::kBool;
  }
  return columns;
}

void BindColumns(duckdb_data_chunk chunk, std::vector<Column>* columns) {
  for (idx_t i = 0; i < columns->size(); ++i) {
    Bind(duckdb_data_chunk_get_vector(chunk, i), &(*columns)[i]);
  }
}

}  // namespace dns_monitor::output
