#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "dns_monitor/query/dialect.h"

namespace dns_monitor {
namespace {

constexpr absl::string_view kLine = "\nLINE ";
constexpr absl::string_view kLeftOut = "...";
// As many characters as DuckDB shows around the place.
constexpr size_t kMostShown = 40;

bool BeginsCharacter(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

size_t CharactersIn(absl::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), BeginsCharacter));
}
// Where the character begins that so many others stand before.
size_t ByteOf(absl::string_view text, size_t character) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (BeginsCharacter(text[at]) && character-- == 0) break;
  }
  return at;
}

// Two lines: LINE 1: ...that of the text...
//                          ^
struct ShownPlace {
  size_t line = 0;            // from 1
  absl::string_view excerpt;  // without the dots
  size_t offset = 0;          // in it
};

std::optional<ShownPlace> ReadPlace(absl::string_view shown) {
  const size_t colon = shown.find(": ");
  const size_t end = shown.find('\n', 1);
  const size_t caret = shown.find('^', std::min(end, shown.size()));
  if (colon == absl::string_view::npos || caret == absl::string_view::npos || colon > end) {
    return std::nullopt;
  }
  size_t column = caret - end - 1;  // from the L on
  absl::string_view excerpt = shown.substr(colon + 2, end - colon - 2);
  size_t before = colon + 2 - 1;
  if (absl::ConsumePrefix(&excerpt, kLeftOut)) before += kLeftOut.size();
  absl::ConsumeSuffix(&excerpt, kLeftOut);
  if (column < before) return std::nullopt;
  size_t line = 0;
  if (!absl::SimpleAtoi(shown.substr(kLine.size(), colon - kLine.size()), &line)) {
    return std::nullopt;
  }
  return ShownPlace{line, excerpt, ByteOf(excerpt, column - before)};
}

size_t LineBegin(absl::string_view sql, size_t line) {
  size_t begin = 0;
  for (; line > 1; --line) {
    const size_t end = sql.find('\n', begin);
    if (end == absl::string_view::npos) break;
    begin = end + 1;
  }
  return begin;
}

std::string Show(absl::string_view sql, size_t offset) {
  const absl::string_view before = sql.substr(0, offset);
  const size_t begin = before.rfind('\n') + 1;  // npos + 1 is 0
  absl::string_view line = sql.substr(begin);
  line = line.substr(0, line.find('\n'));
  const size_t at = std::min(offset - begin, line.size());
  const size_t characters = CharactersIn(line.substr(0, at));
  const size_t from = characters > kMostShown ? ByteOf(line, characters - kMostShown) : 0;
  const absl::string_view left = line.substr(from, at - from);
  const absl::string_view right = line.substr(at, ByteOf(line.substr(at), kMostShown));
  std::string shown = absl::StrCat(kLine, std::count(before.begin(), before.end(), '\n') + 1, ": ",
                                   from > 0 ? kLeftOut : "");
  const size_t indent = shown.size() - 1 + CharactersIn(left);
  absl::StrAppend(&shown, left, right, at + right.size() < line.size() ? kLeftOut : "", "\n",
                  std::string(indent, ' '), "^");
  return shown;
}

}  // namespace

std::string ErrorInOriginal(absl::string_view error, const TranslatedSql& translated,
                            absl::string_view original) {
  const size_t begin = error.rfind(kLine);
  if (begin == absl::string_view::npos) return std::string(error);
  const std::optional<ShownPlace> place = ReadPlace(error.substr(begin));
  if (!place) return std::string(error);
  const absl::string_view text = translated.text;
  size_t found = text.find(place->excerpt, LineBegin(text, place->line));
  if (found == absl::string_view::npos) found = text.find(place->excerpt);
  if (found == absl::string_view::npos) return std::string(error);
  return absl::StrCat(error.substr(0, begin),
                      Show(original, translated.OriginalOffset(found + place->offset)));
}

}  // namespace dns_monitor
