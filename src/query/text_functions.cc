// Pieces of texts, and what PacketQ does with numbers that DuckDB does not.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/enrich/registered_domain.h"
#include "src/query/function_groups.h"
#include "src/query/scalar_function.h"

namespace dns_monitor {
namespace {

// Of one character, as PacketQ has it; nothing has no separators.
absl::string_view FirstCharacter(absl::string_view text) {
  size_t bytes = std::min<size_t>(text.size(), 1);
  while (bytes < text.size() && (static_cast<uint8_t>(text[bytes]) & 0xc0) == 0x80) ++bytes;
  return text.substr(0, bytes);
}

absl::string_view PieceFromRight(absl::string_view text, int64_t index,
                                 absl::string_view separator) {
  if (index < 0) return text;
  if (separator.empty()) return index == 0 ? text : absl::string_view();
  for (; index > 0; --index) {
    const size_t end = text.rfind(separator);
    if (end == absl::string_view::npos) return {};
    text = text.substr(0, end);
  }
  const size_t begin = text.rfind(separator);
  return begin == absl::string_view::npos ? text : text.substr(begin + separator.size());
}

void Rsplit(absl::string_view text, int64_t index, TextResult* result) {
  result->Set(PieceFromRight(text, index, "."));
}
void RsplitBy(absl::string_view text, int64_t index, absl::string_view separator,
              TextResult* result) {
  result->Set(PieceFromRight(text, index, FirstCharacter(separator)));
}

void TrimString(absl::string_view text, absl::string_view trimmed, TextResult* result) {
  if (!trimmed.empty()) {
    while (absl::StartsWith(text, trimmed)) text.remove_prefix(trimmed.size());
    while (absl::EndsWith(text, trimmed)) text.remove_suffix(trimmed.size());
  }
  result->Set(text);
}

void Etld1(absl::string_view name, TextResult* result) {
  result->Set(RegisteredDomain(name));
}

constexpr int64_t kMostShift = 63;

// NULL for what is no number of 64 bits, and for shifts that are not defined.
template <typename Shift>
void ShiftTruncated(double value, int64_t bits, const Shift& shift, IntegerResult* result) {
  constexpr double kLimit = 9223372036854775808.0;
  if (std::isnan(value) || value < -kLimit || value >= kLimit || bits < 0 || bits > kMostShift) {
    result->SetNull();
  } else {
    result->Set(shift(static_cast<int64_t>(value), bits));
  }
}
void ShiftRight(double value, int64_t bits, IntegerResult* result) {
  ShiftTruncated(
      value, bits, [](int64_t number, int64_t by) { return number >> by; }, result);
}
void ShiftLeft(double value, int64_t bits, IntegerResult* result) {
  ShiftTruncated(
      value, bits, [](int64_t number, int64_t by) { return number << by; }, result);
}

}  // namespace

absl::Status RegisterTextFunctions(duckdb_connection connection) {
  DM_RETURN_IF_ERROR(FunctionSet("rsplit").Add<Rsplit>().Add<RsplitBy>().Register(connection));
  DM_RETURN_IF_ERROR(FunctionSet("trim_string").Add<TrimString>().Register(connection));
  DM_RETURN_IF_ERROR(FunctionSet("etld1").Add<Etld1>().Register(connection));
  DM_RETURN_IF_ERROR(FunctionSet(">>").Add<ShiftRight>().Register(connection));
  return FunctionSet("<<").Add<ShiftLeft>().Register(connection);
}

}  // namespace dns_monitor
