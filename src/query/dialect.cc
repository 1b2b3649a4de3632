#include "dns_monitor/query/dialect.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/query/sql_tokens.h"
#include "src/query/dialect_rules.h"

namespace dns_monitor {
namespace {

// What duckdb_keywords() calls reserved: no column can have these names without quotes, but after
// AS they are taken.
constexpr WordList kReserved{
    "all",          "analyse",     "analyze", "and",       "any",        "array",      "as",
    "asc",          "asymmetric",  "both",    "case",      "cast",       "check",      "collate",
    "column",       "constraint",  "create",  "default",   "deferrable", "desc",       "describe",
    "distinct",     "do",          "else",    "end",       "except",     "false",      "fetch",
    "for",          "foreign",     "from",    "group",     "having",     "in",         "initially",
    "intersect",    "into",        "lambda",  "lateral",   "leading",    "limit",      "not",
    "null",         "offset",      "on",      "only",      "or",         "order",      "pivot",
    "pivot_longer", "pivot_wider", "placing", "primary",   "qualify",    "references", "returning",
    "select",       "show",        "some",    "summarize", "symmetric",  "table",      "then",
    "to",           "trailing",    "true",    "union",     "unique",     "unpivot",    "using",
    "variadic",     "when",        "where",   "window",    "with"};
// After these stands an operand.
constexpr WordList kBeforeOperands{"and",    "between", "by",   "case", "else",
                                   "having", "in",      "is",   "like", "not",
                                   "or",     "select",  "then", "when", "where"};
// These may stand after a whole operand.
constexpr WordList kAfterOperands{"and",   "as",    "asc",   "between", "desc",   "else",
                                  "end",   "from",  "group", "having",  "in",     "is",
                                  "like",  "limit", "not",   "nulls",   "offset", "or",
                                  "order", "then",  "when",  "where"};

bool StandsForColumn(absl::Span<const Token> tokens, TokenRange statement, size_t at) {
  if (at == statement.begin) return false;
  const Token& before = tokens[at - 1];
  const bool after_symbol = before.kind == TokenKind::kSymbol && before.text != ")" &&
                            before.text != "]" && before.text != "." && before.text != "::";
  if (!after_symbol && !kBeforeOperands.Contains(before)) return false;
  if (at + 1 == statement.end) return true;
  const Token& after = tokens[at + 1];
  if (after.kind == TokenKind::kSymbol) return after.text != "(" && after.text != ".";
  return kAfterOperands.Contains(after);
}

void QuoteKeywords(absl::Span<const Token> tokens, TokenRange statement, Edits* edits) {
  std::vector<std::string> names = {"do", "desc"};
  for (size_t i = statement.begin + 1; i < statement.end; ++i) {
    if (tokens[i - 1].IsWord("as") && kReserved.Contains(tokens[i])) {
      names.push_back(absl::AsciiStrToLower(tokens[i].text));
    }
  }
  for (size_t i = statement.begin; i < statement.end; ++i) {
    const bool named = std::any_of(names.begin(), names.end(),
                                   [&](const std::string& name) { return tokens[i].IsWord(name); });
    if (named && StandsForColumn(tokens, statement, i)) edits->Quote(tokens[i]);
  }
}

// `x IS 3`: of literals only, as NULL, TRUE and DISTINCT FROM are the standard's.
void CompareWithLiterals(absl::Span<const Token> tokens, TokenRange statement, Edits* edits) {
  for (size_t i = statement.begin + 1; i + 1 < statement.end; ++i) {
    if (!tokens[i].IsWord("is")) continue;
    const bool negated = tokens[i + 1].IsWord("not");
    size_t operand = i + (negated ? 2 : 1);
    if (operand + 1 < statement.end && tokens[operand].IsSymbol("-")) ++operand;
    if (operand >= statement.end || (tokens[operand].kind != TokenKind::kNumber &&
                                     tokens[operand].kind != TokenKind::kString)) {
      continue;
    }
    edits->Replace(tokens[i].offset, tokens[i].text.size(), negated ? "<>" : "=");
    if (negated) edits->Replace(tokens[i + 1].offset, tokens[i + 1].text.size(), "");
  }
}

// Of `sample 10`, 10.
std::optional<int> SampledEvery(absl::Span<const Token> tokens, TokenRange statement) {
  int every = 0;
  if (statement.size() != 2 || !tokens[statement.begin].IsWord("sample") ||
      !absl::SimpleAtoi(tokens[statement.begin + 1].text, &every)) {
    return std::nullopt;
  }
  return every;
}

void ReadEvery(int every, absl::Span<const Token> tokens, TokenRange statement, Edits* edits) {
  for (size_t i = statement.begin; i + 1 < statement.end; ++i) {
    const Token& table = tokens[i + 1];
    if (!tokens[i].IsWord("from") || table.kind != TokenKind::kWord) continue;
    edits->Insert(table.offset, "(FROM ");
    edits->Insert(table.end(),
                  absl::StrCat(" WHERE id % ", every, " = 1 % ", every, ") AS ", table.text));
    return;
  }
}

void Translate(absl::string_view sql, absl::Span<const Token> tokens, Edits* edits) {
  int every = 0;
  for (const TokenRange statement : SplitAt(tokens, {0, tokens.size()}, ";")) {
    if (const std::optional<int> sampled = SampledEvery(tokens, statement)) {
      every = *sampled;
      const size_t begin = tokens[statement.begin].offset;
      const size_t end = statement.end < tokens.size() ? tokens[statement.end].end() : sql.size();
      edits->Replace(begin, end - begin, "");
      continue;
    }
    QuoteKeywords(tokens, statement, edits);
    CompareWithLiterals(tokens, statement, edits);
    CastBranchesOfIf(tokens, statement, edits);
    NameAndGroupColumns(sql, tokens, statement, edits);
    if (every > 0) ReadEvery(every, tokens, statement, edits);
    every = 0;
  }
}

}  // namespace

std::vector<Edits::Edit> Edits::TakeSorted() {
  std::stable_sort(edits_.begin(), edits_.end(), [](const Edit& a, const Edit& b) {
    return std::pair(a.offset, a.bytes > 0) < std::pair(b.offset, b.bytes > 0);
  });
  return std::move(edits_);
}

TranslatedSql TranslateDialect(absl::string_view sql) {
  Edits edits;
  Translate(sql, Tokenize(sql), &edits);
  TranslatedSql translated;
  size_t copied = 0;
  for (const Edits::Edit& edit : edits.TakeSorted()) {
    absl::StrAppend(&translated.text, sql.substr(copied, edit.offset - copied), edit.text);
    copied = edit.offset + edit.bytes;
    translated.edits.push_back({edit.offset, edit.bytes, edit.text.size()});
  }
  absl::StrAppend(&translated.text, sql.substr(copied));
  return translated;
}

size_t TranslatedSql::OriginalOffset(size_t offset) const {
  size_t original = 0;  // behind the edits so far,
  size_t at = 0;        // and in `text`
  for (const Edit& edit : edits) {
    const size_t begin = at + (edit.original - original);
    if (offset < begin) break;
    if (offset < begin + edit.bytes) return edit.original;
    at = begin + edit.bytes;
    original = edit.original + edit.original_bytes;
  }
  return original + (std::min(offset, text.size()) - at);
}

}  // namespace dns_monitor
