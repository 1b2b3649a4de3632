#include "dns_monitor/query/table.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/query/captures.h"
#include "engine_error.h"

namespace dns_monitor {
namespace {

constexpr const char* kTextParameters[] = {"since", "until", "port"};
constexpr const char* kFiles = "files";  // a text, or a list of them

// The engine asks for the first column where a query needs none (count(*)). So the first one is one
// that costs nothing, and that no view shows.
constexpr const char* kNothing = "nothing";

struct Registered {
  const Table* table;
  const Captures* captures;
  const Conditions* conditions;
};

struct Bound {
  Registered from;
  TableRequest request;
};

struct Opened {
  const Captures* captures = nullptr;
  std::unique_ptr<TableScan> scan;
  size_t columns = 0;
  // Of the chunk's columns, those that are the table's.
  std::vector<idx_t> filled;
};

template <typename T>
void Delete(void* data) {
  delete static_cast<T*>(data);
}

// A value of the engine's, which is freed with it.
class Value {
 public:
  explicit Value(duckdb_value value) : value_(value) {}
  ~Value() { duckdb_destroy_value(&value_); }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;

  bool is_null() const { return value_ == nullptr || duckdb_is_null_value(value_); }
  bool Is(duckdb_type type) const {
    return duckdb_get_type_id(duckdb_get_value_type(value_)) == type;
  }
  std::string Text() const {
    char* chars = duckdb_get_varchar(value_);
    std::string text = chars;
    duckdb_free(chars);
    return text;
  }
  duckdb_value get() const { return value_; }

 private:
  duckdb_value value_;
};

std::optional<std::string> TextParameter(duckdb_bind_info info, const char* name) {
  const Value value(duckdb_bind_get_named_parameter(info, name));
  return value.is_null() ? std::nullopt : std::make_optional(value.Text());
}

absl::StatusOr<std::optional<std::vector<std::string>>> FilesParameter(duckdb_bind_info info) {
  const Value value(duckdb_bind_get_named_parameter(info, kFiles));
  if (value.is_null()) return std::nullopt;
  if (value.Is(DUCKDB_TYPE_VARCHAR)) return std::vector<std::string>{value.Text()};
  std::vector<std::string> files;
  const idx_t count = value.Is(DUCKDB_TYPE_LIST) ? duckdb_get_list_size(value.get()) : 0;
  for (idx_t i = 0; i < count; ++i) {
    const Value file(duckdb_get_list_child(value.get(), i));
    if (file.is_null() || !file.Is(DUCKDB_TYPE_VARCHAR)) break;
    files.push_back(file.Text());
  }
  if (files.size() == count && count > 0) return files;
  return absl::InvalidArgumentError("files := takes the path of captures, or a list of them");
}

void Bind(duckdb_bind_info info) {
  const auto& from = *static_cast<const Registered*>(duckdb_bind_get_extra_info(info));
  auto bound = std::make_unique<Bound>();
  bound->from = from;
  absl::StatusOr<std::optional<std::vector<std::string>>> files = FilesParameter(info);
  if (!files.ok()) {
    duckdb_bind_set_error(info, std::string(files.status().message()).c_str());
    return;
  }
  bound->request.files = *std::move(files);
  bound->request.since = TextParameter(info, "since");
  bound->request.until = TextParameter(info, "until");
  bound->request.port = TextParameter(info, "port");
  if (absl::EqualsIgnoreCase(from.conditions->table, from.table->name())) {
    bound->request.conditions = from.conditions->all;
  }
  duckdb_logical_type nothing = duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
  duckdb_bind_add_result_column(info, kNothing, nothing);
  duckdb_destroy_logical_type(&nothing);
  for (const ColumnInfo& column : from.table->columns()) {
    duckdb_logical_type type = LogicalTypeOf(column.type);
    duckdb_bind_add_result_column(info, std::string(column.name).c_str(), type);
    duckdb_destroy_logical_type(&type);
  }
  duckdb_bind_set_bind_data(info, bound.release(), Delete<Bound>);
}

void Init(duckdb_init_info info) {
  const auto& bound = *static_cast<const Bound*>(duckdb_init_get_bind_data(info));
  TableRequest request = bound.request;
  auto opened = std::make_unique<Opened>();
  opened->captures = bound.from.captures;
  opened->columns = duckdb_init_get_column_count(info);
  for (idx_t i = 0; i < opened->columns; ++i) {
    const idx_t column = duckdb_init_get_column_index(info, i);
    if (column == 0) continue;
    request.columns.push_back(static_cast<uint32_t>(column - 1));
    opened->filled.push_back(i);
  }
  absl::StatusOr<std::unique_ptr<TableScan>> scan =
      bound.from.table->Open(*bound.from.captures, request);
  if (!scan.ok()) {
    duckdb_init_set_error(info, std::string(scan.status().message()).c_str());
    return;
  }
  opened->scan = *std::move(scan);
  duckdb_init_set_max_threads(info, static_cast<idx_t>(opened->scan->max_threads()));
  duckdb_init_set_init_data(info, opened.release(), Delete<Opened>);
}

// The engine begins a thread's share without a way to the scan; that is found at the first chunk.
struct Share {
  std::unique_ptr<TableReader> reader;
  std::vector<TextHeap> texts;  // of each column, in turn
};

void LocalInit(duckdb_init_info info) {
  duckdb_init_set_init_data(info, new Share, Delete<Share>);
}

void Fill(duckdb_function_info info, duckdb_data_chunk chunk) {
  auto& opened = *static_cast<Opened*>(duckdb_function_get_init_data(info));
  auto& share = *static_cast<Share*>(duckdb_function_get_local_init_data(info));
  if (share.reader == nullptr) share.reader = opened.scan->NewReader();
  share.texts.resize(opened.filled.size());
  std::vector<Column> columns;
  columns.reserve(opened.filled.size());
  for (size_t i = 0; i < opened.filled.size(); ++i) {
    columns.emplace_back(duckdb_data_chunk_get_vector(chunk, opened.filled[i]), &share.texts[i]);
  }
  const absl::StatusOr<idx_t> rows = share.reader->Fill(&columns, duckdb_vector_size());
  if (!rows.ok()) {
    duckdb_function_set_error(info, std::string(rows.status().message()).c_str());
    return;
  }
  // What was read up to there is no answer.
  if (opened.captures->cancelled()) {
    duckdb_function_set_error(info, "interrupted");
    return;
  }
  for (Column& column : columns) column.Finish();
  duckdb_data_chunk_set_size(chunk, *rows);
}

absl::Status RegisterFunction(const std::string& name, const Registered& from,
                              duckdb_connection connection) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, name.c_str());
  duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  for (const char* parameter : kTextParameters) {
    duckdb_table_function_add_named_parameter(function, parameter, text);
  }
  duckdb_destroy_logical_type(&text);
  duckdb_logical_type any = duckdb_create_logical_type(DUCKDB_TYPE_ANY);
  duckdb_table_function_add_named_parameter(function, kFiles, any);
  duckdb_destroy_logical_type(&any);
  duckdb_table_function_set_extra_info(function, new Registered(from), Delete<Registered>);
  duckdb_table_function_set_bind(function, Bind);
  duckdb_table_function_set_init(function, Init);
  duckdb_table_function_set_local_init(function, LocalInit);
  duckdb_table_function_set_function(function, Fill);
  duckdb_table_function_supports_projection_pushdown(function, true);
  const duckdb_state state = duckdb_register_table_function(connection, function);
  duckdb_destroy_table_function(&function);
  if (state == DuckDBSuccess) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("the engine refused the table function ", name));
}

}  // namespace

absl::Status RegisterTable(const Table& table, const Captures& captures,
                           const Conditions& conditions, duckdb_connection connection) {
  const Registered registered{.table = &table, .captures = &captures, .conditions = &conditions};
  const std::string scan = absl::StrCat("scan_", table.name());
  DM_RETURN_IF_ERROR(RegisterFunction(scan, registered, connection));
  const std::string columns =
      absl::StrJoin(table.columns(), ", ", [](std::string* out, const ColumnInfo& column) {
        absl::StrAppend(out, "\"", column.name, "\"");
      });
  DM_RETURN_IF_ERROR(Execute(
      absl::StrCat("CREATE VIEW ", table.name(), " AS SELECT ", columns, " FROM ", scan, "()"),
      connection));
  return Execute(absl::StrCat("CREATE MACRO read_", table.name(),
                              "(files := NULL, since := NULL, until := NULL, port := NULL) AS "
                              "TABLE SELECT ",
                              columns, " FROM ", scan,
                              "(files := files, since := since, until := until, port := port)"),
                 connection);
}

}  // namespace dns_monitor
