#include "dns_monitor/query/conditions.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/match.h"

namespace dns_monitor {
namespace {

using Json = nlohmann::json;

// A member that is not there is null.
const Json& Member(const Json& object, const char* name) {
  static const Json* const kNone = new Json;
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() ? *found : *kNone;
}

bool Is(const Json& value, absl::string_view text) {
  return value.is_string() && value.get_ref<const std::string&>() == text;
}

std::string Text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : "";
}

// What the engine's parser makes of `sql`, as JSON; null when that is nothing.
Json Parse(absl::string_view sql, duckdb_connection connection) {
  Json tree;
  duckdb_prepared_statement prepared = nullptr;
  duckdb_result result = {};
  if (duckdb_prepare(connection, "SELECT json_serialize_sql($1::VARCHAR)", &prepared) ==
          DuckDBSuccess &&
      duckdb_bind_varchar_length(prepared, 1, sql.data(), sql.size()) == DuckDBSuccess &&
      duckdb_execute_prepared(prepared, &result) == DuckDBSuccess) {
    duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
    if (chunk != nullptr && duckdb_data_chunk_get_size(chunk) == 1) {
      const duckdb_vector texts = duckdb_data_chunk_get_vector(chunk, 0);
      auto* const text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(texts));
      const char* const begin = duckdb_string_t_data(text);
      const std::string json(begin, duckdb_string_t_length(*text));
      // Each SELECT within has one: a table may be read again there.
      const std::string::size_type first = json.find("\"from_table\":");
      if (json.find("\"from_table\":", first + 1) == std::string::npos) {
        tree = Json::parse(json, nullptr, /*allow_exceptions=*/false);
      }
    }
    duckdb_destroy_data_chunk(&chunk);
  }
  duckdb_destroy_result(&result);
  duckdb_destroy_prepare(&prepared);
  return tree;
}

std::optional<int64_t> NumberOf(const Json& expression) {
  const Json& value = Member(expression, "value");
  const Json& type = Member(Member(value, "type"), "id");
  const Json& number = Member(value, "value");
  if (!Is(Member(expression, "class"), "CONSTANT") || !number.is_number_integer() ||
      (!Is(type, "INTEGER") && !Is(type, "BIGINT"))) {
    return std::nullopt;
  }
  return number.get<int64_t>();
}

// Empty for what is none.
std::string ColumnOf(const Json& expression, const std::string& table, const std::string& alias) {
  const Json& names = Member(expression, "column_names");
  if (!Is(Member(expression, "class"), "COLUMN_REF") || !names.is_array()) return "";
  if (names.size() == 1) return Text(names[0]);
  if (names.size() != 2) return "";
  return absl::EqualsIgnoreCase(Text(names[0]), alias.empty() ? table : alias) ? Text(names[1])
                                                                               : "";
}

std::optional<Comparison> ComparisonOf(const Json& expression, bool turned) {
  struct Name {
    absl::string_view name;
    Comparison comparison;
    Comparison turned;  // with the number in front
  };
  constexpr Name kNames[] = {
      {"COMPARE_EQUAL", Comparison::kOneOf, Comparison::kOneOf},
      {"COMPARE_NOTEQUAL", Comparison::kNot, Comparison::kNot},
      {"COMPARE_LESSTHAN", Comparison::kLess, Comparison::kGreater},
      {"COMPARE_LESSTHANOREQUALTO", Comparison::kLessOrEqual, Comparison::kGreaterOrEqual},
      {"COMPARE_GREATERTHAN", Comparison::kGreater, Comparison::kLess},
      {"COMPARE_GREATERTHANOREQUALTO", Comparison::kGreaterOrEqual, Comparison::kLessOrEqual},
  };
  for (const Name& name : kNames) {
    if (Is(Member(expression, "type"), name.name)) return turned ? name.turned : name.comparison;
  }
  return std::nullopt;
}

class Finder {
 public:
  explicit Finder(const Json& from)
      : table_(Text(Member(from, "table_name"))), alias_(Text(Member(from, "alias"))) {}

  void Look(const Json& expression) {
    const Json& type = Member(expression, "type");
    if (Is(type, "CONJUNCTION_AND")) {
      for (const Json& child : Member(expression, "children")) Look(child);
    } else if (Is(type, "COMPARE_IN")) {
      AddList(Member(expression, "children"));
    } else if (Is(Member(expression, "class"), "BETWEEN")) {
      const Json& input = Member(expression, "input");
      Add(input, Comparison::kGreaterOrEqual, Member(expression, "lower"));
      Add(input, Comparison::kLessOrEqual, Member(expression, "upper"));
    } else {
      AddComparison(expression);
    }
  }
  Conditions Take() && { return {.table = std::move(table_), .all = std::move(all_)}; }

 private:
  void AddComparison(const Json& expression) {
    const Json& left = Member(expression, "left");
    const Json& right = Member(expression, "right");
    if (const auto comparison = ComparisonOf(expression, /*turned=*/false)) {
      Add(left, *comparison, right);
    }
    if (const auto comparison = ComparisonOf(expression, /*turned=*/true)) {
      Add(right, *comparison, left);
    }
  }
  void Add(const Json& column, Comparison comparison, const Json& number) {
    const std::string name = ColumnOf(column, table_, alias_);
    const std::optional<int64_t> value = NumberOf(number);
    if (!name.empty() && value) all_.push_back({name, comparison, {*value}});
  }
  void AddList(const Json& children) {
    // The engine looks values of long lists up, which is faster than going over them.
    constexpr size_t kMostValues = 16;
    if (!children.is_array() || children.size() < 2 || children.size() > kMostValues + 1) return;
    Condition condition{ColumnOf(children[0], table_, alias_), Comparison::kOneOf, {}};
    for (size_t i = 1; i < children.size(); ++i) {
      const std::optional<int64_t> value = NumberOf(children[i]);
      if (!value) return;
      condition.values.push_back(*value);
    }
    if (!condition.column.empty()) all_.push_back(std::move(condition));
  }

  std::string table_;
  const std::string alias_;
  std::vector<Condition> all_;
};

}  // namespace

bool Condition::Holds(int64_t value) const {
  switch (comparison) {
    case Comparison::kOneOf:
      return std::find(values.begin(), values.end(), value) != values.end();
    case Comparison::kNot:
      return value != values[0];
    case Comparison::kLess:
      return value < values[0];
    case Comparison::kLessOrEqual:
      return value <= values[0];
    case Comparison::kGreater:
      return value > values[0];
    case Comparison::kGreaterOrEqual:
      return value >= values[0];
  }
  return true;
}

Conditions FindConditions(absl::string_view sql, duckdb_connection connection) {
  const Json tree = Parse(sql, connection);
  const Json& statements = Member(tree, "statements");
  if (!statements.is_array() || statements.size() != 1) return {};
  const Json& select = Member(statements[0], "node");
  const Json& from = Member(select, "from_table");
  // A sample is taken of the rows before WHERE drops some.
  const bool plain =
      Is(Member(select, "type"), "SELECT_NODE") && Member(select, "sample").is_null() &&
      Member(Member(select, "cte_map"), "map").empty() && Is(Member(from, "type"), "BASE_TABLE") &&
      Text(Member(from, "schema_name")).empty() && Text(Member(from, "catalog_name")).empty() &&
      Member(from, "column_name_alias").empty() && Member(from, "sample").is_null() &&
      Member(from, "at_clause").is_null();
  if (!plain) return {};
  Finder finder(from);
  finder.Look(Member(select, "where_clause"));
  return std::move(finder).Take();
}

}  // namespace dns_monitor
