#include "engine_error.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "dns_monitor/output/held_rows.h"

namespace dns_monitor {
namespace {

constexpr size_t kMostShown = 70;  // bytes of a line: what fits a terminal

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// "LINE 2: ...count(*) form dns...", and a mark below the byte at `offset`.
std::string MarkedLine(absl::string_view sql, size_t offset) {
  const absl::string_view before = sql.substr(0, offset);
  const size_t line = static_cast<size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const size_t newline = before.rfind('\n');
  size_t begin = newline == absl::string_view::npos ? 0 : newline + 1;
  size_t end = std::min(sql.find('\n', offset), sql.size());
  std::string shown = absl::StrCat("LINE ", line, ": ");
  if (end - begin > kMostShown) {
    const size_t first = offset - begin > kMostShown / 2 ? offset - kMostShown / 2 : begin;
    if (first > begin) absl::StrAppend(&shown, "...");
    begin = first;
    while (begin < offset && IsContinuation(sql[begin])) ++begin;
    if (end > begin + kMostShown) end = begin + kMostShown;
    while (end < sql.size() && IsContinuation(sql[end])) ++end;
  }
  const size_t mark = shown.size() + TextWidth(sql.substr(begin, offset - begin));
  absl::StrAppend(&shown, sql.substr(begin, end - begin));
  // As wide as it is counted, wherever it stands.
  std::replace(shown.begin(), shown.end(), '\t', ' ');
  return absl::StrCat(shown, "\n", std::string(mark, ' '), "^");
}

// The engine advises settings of its own; these are the command's.
std::string WithOurAdvice(absl::string_view text) {
  const bool of_files = absl::StrContains(text, "max_temp_directory_size");
  const absl::string_view what = absl::StripSuffix(text.substr(0, text.find('\n')), ".");
  return absl::StrCat(what, "\n",
                      of_files ? "Sorting and grouping need more room for files: give them a "
                                 "directory that has it by TMPDIR, or more memory by --memory."
                               : "Give it more by --memory, or let fewer threads share it by "
                                 "--threads.");
}

std::string TextOf(const nlohmann::json& error, const char* key) {
  const auto found = error.find(key);
  return found != error.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

absl::Status Execute(const std::string& sql, duckdb_connection connection) {
  duckdb_result result;
  absl::Status status;
  if (duckdb_query(connection, sql.c_str(), &result) != DuckDBSuccess) {
    status = absl::InvalidArgumentError(duckdb_result_error(&result));
  }
  duckdb_destroy_result(&result);
  return status;
}

std::string MarkedError(absl::string_view message, absl::string_view sql,
                        const TranslatedSql& translated) {
  // Some come with the kind in front of the object.
  const size_t brace = message.find('{');
  if (brace == absl::string_view::npos) return std::string(message);
  const nlohmann::json error =
      nlohmann::json::parse(message.begin() + static_cast<std::ptrdiff_t>(brace), message.end(),
                            /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!error.is_object()) return std::string(message);
  std::string text = TextOf(error, "exception_message");
  // What a table function says is its own sentence.
  const std::string kind = TextOf(error, "exception_type");
  if (kind != "Invalid Input") text = absl::StrCat(kind, " Error: ", text);
  if (kind == "Out of Memory") return WithOurAdvice(text);
  absl::StrReplaceAll({{"\t", "    "}}, &text);
  size_t position;
  if (absl::SimpleAtoi(TextOf(error, "position"), &position) &&
      position <= translated.text.size()) {
    absl::StrAppend(&text, "\n\n", MarkedLine(sql, translated.OriginalOffset(position)));
  }
  return text;
}

}  // namespace dns_monitor
