#include "completion.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/query/describe.h"
#include "dns_monitor/query/sql_tokens.h"
#include "dns_monitor/query/tables.h"

namespace dns_monitor {
namespace {

constexpr absl::string_view kKeywords[] = {
    "SELECT",   "FROM",  "WHERE", "GROUP",  "ORDER", "BY",       "HAVING", "LIMIT",
    "DISTINCT", "COUNT", "JOIN",  "LEFT",   "ON",    "AND",      "OR",     "NOT",
    "NULL",     "LIKE",  "ILIKE", "WITH",   "DESC",  "ASC",      "CASE",   "WHEN",
    "THEN",     "ELSE",  "END",   "FILTER", "USING", "DESCRIBE", "BETWEEN"};

void SortOnce(std::vector<std::string>* words) {
  std::sort(words->begin(), words->end());
  words->erase(std::unique(words->begin(), words->end()), words->end());
}

void AppendMatching(const std::vector<std::string>& words, absl::string_view begin,
                    std::vector<std::string>* found) {
  for (const std::string& word : words) {
    if (absl::StartsWithIgnoreCase(word, begin)) found->push_back(word);
  }
}

}  // namespace

Completion::Completion(const Engine& engine) {
  for (const absl::string_view keyword : kKeywords) words_.emplace_back(keyword);
  for (const auto& table : AllTables()) {
    tables_.emplace_back(table->name());
    functions_.push_back(absl::StrCat("read_", table->name()));
    for (const ColumnInfo& column : table->columns()) words_.emplace_back(column.name);
  }
  SortOnce(&tables_);
  SortOnce(&functions_);
  words_.insert(words_.end(), tables_.begin(), tables_.end());
  words_.insert(words_.end(), functions_.begin(), functions_.end());
  for (std::string& function : FunctionNames(engine.connection())) {
    words_.push_back(std::move(function));
  }
  SortOnce(&words_);
}

std::vector<std::string> Completion::Find(absl::string_view before, absl::string_view word) const {
  std::vector<std::string> found;
  const std::vector<Token> tokens = Tokenize(before);
  if (!tokens.empty() && (tokens.back().IsWord("from") || tokens.back().IsWord("join"))) {
    AppendMatching(tables_, word, &found);
    if (!word.empty()) AppendMatching(functions_, word, &found);
  } else if (!word.empty()) {
    AppendMatching(words_, word, &found);
  }
  return found;
}

}  // namespace dns_monitor
