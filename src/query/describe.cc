#include "dns_monitor/query/describe.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "dns_monitor/query/tables.h"

namespace dns_monitor {
namespace {

constexpr size_t kColumns = 80;

// Appends words, and begins a new line of `indent` blanks where the next one would go beyond the
// page.
void AppendWrapped(absl::string_view text, size_t indent, std::string* out) {
  size_t column = indent;
  bool first = true;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    if (!first && column + 1 + word.size() >= kColumns) {
      absl::StrAppend(out, "\n", std::string(indent, ' '));
      column = indent;
    } else if (!first) {
      out->push_back(' ');
      ++column;
    }
    absl::StrAppend(out, word);
    column += word.size();
    first = false;
  }
  out->push_back('\n');
}

std::string ShortType(ColumnType type) {
  return type == ColumnType::kRecords ? "STRUCT[]" : std::string(SqlNameOf(type));
}

}  // namespace

std::string DescribeTables() {
  std::string text;
  for (const auto& table : AllTables()) {
    absl::StrAppendFormat(&text, "%-14s", table->name());
    AppendWrapped(table->description(), 14, &text);
  }
  return text;
}

std::string DescribeTable(absl::string_view name) {
  for (const auto& table : AllTables()) {
    if (!absl::EqualsIgnoreCase(table->name(), name)) continue;
    std::string text;
    for (const ColumnInfo& column : table->columns()) {
      absl::StrAppendFormat(&text, "%-18s%-14s", column.name, ShortType(column.type));
      AppendWrapped(column.description, 32, &text);
    }
    return text;
  }
  return absl::StrCat("there is no table ", name, "; \\d shows which there are\n");
}

std::string DescribeAsMarkdown() {
  std::string text;
  for (const auto& table : AllTables()) {
    absl::StrAppend(&text, "### ", table->name(), "\n", table->description(),
                    "\n\n| column | type | |\n|---|---|---|\n");
    for (const ColumnInfo& column : table->columns()) {
      absl::StrAppend(&text, "| `", column.name, "` | ", SqlNameOf(column.type), " | ",
                      column.description, " |\n");
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

std::vector<std::string> FunctionNames(duckdb_connection connection) {
  std::vector<std::string> names;
  duckdb_result result;
  const duckdb_state state =
      duckdb_query(connection,
                   "SELECT DISTINCT function_name FROM duckdb_functions() "
                   "WHERE regexp_full_match(function_name, "
                   "'[a-z][a-z0-9_]+') AND NOT regexp_matches(function_name, "
                   "'^(scan|duckdb|pg|sqlite|pragma)_')",
                   &result);
  if (state == DuckDBSuccess) {
    while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result)) {
      auto* texts = static_cast<duckdb_string_t*>(
          duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0)));
      for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); ++i) {
        names.emplace_back(duckdb_string_t_data(&texts[i]), duckdb_string_t_length(texts[i]));
      }
      duckdb_destroy_data_chunk(&chunk);
    }
  }
  duckdb_destroy_result(&result);
  return names;
}

}  // namespace dns_monitor
