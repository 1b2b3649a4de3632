// if(condition, 'none', number): the type of a CASE is not that of its texts, as in PacketQ, but
// literals are to become numbers.
#include <cstddef>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "dns_monitor/query/sql_tokens.h"
#include "src/query/dialect_rules.h"

namespace dns_monitor {
namespace {

constexpr WordList kTextFunctions{"cc",          "class_name", "etld1",      "lower",
                                  "ltrim",       "name",       "netmask",    "opcode_name",
                                  "ptr_address", "ptr_name",   "rcode_name", "rsplit",
                                  "rtrim",       "trim",       "type_name",  "upper"};
constexpr WordList kTextColumns{"aname",       "desc",        "dst_addr",
                                "du_dst_addr", "du_src_addr", "edns0_ecs_address",
                                "qname",       "src_addr"};
constexpr size_t kArguments = 3;
// Nobody nests them deeper by hand, and each level takes some stack.
constexpr int kMostLevels = 100;

bool IsCall(absl::Span<const Token> tokens, TokenRange range) {
  return range.size() >= 3 && tokens[range.begin].kind == TokenKind::kWord &&
         tokens[range.begin + 1].IsSymbol("(") && tokens[range.begin + 1].match == range.end - 1;
}

bool IsText(absl::Span<const Token> tokens, TokenRange range, int levels = 0) {
  if (range.empty() || levels > kMostLevels) return false;
  const Token& first = tokens[range.begin];
  if (range.size() == 1) return first.kind == TokenKind::kString || kTextColumns.Contains(first);
  if (SplitAt(tokens, range, "||").size() > 1) return true;
  if (first.IsSymbol("(") && first.match == range.end - 1) {
    return IsText(tokens, {range.begin + 1, range.end - 1}, levels + 1);
  }
  if (!IsCall(tokens, range)) return false;
  if (kTextFunctions.Contains(first)) return true;
  if (!first.IsWord("if")) return false;
  const auto arguments = SplitAt(tokens, {range.begin + 2, range.end - 1}, ",");
  return arguments.size() == kArguments &&
         (IsText(tokens, arguments[1], levels + 1) || IsText(tokens, arguments[2], levels + 1));
}

void CastToText(absl::Span<const Token> tokens, TokenRange range, Edits* edits) {
  if (range.size() == 1 && tokens[range.begin].IsWord("null")) return;
  edits->Insert(tokens[range.begin].offset, "(");
  edits->Insert(tokens[range.end - 1].end(), ")::VARCHAR");
}

}  // namespace

void CastBranchesOfIf(absl::Span<const Token> tokens, TokenRange statement, Edits* edits) {
  for (size_t i = statement.begin; i + 1 < statement.end; ++i) {
    const Token& open = tokens[i + 1];
    if (!tokens[i].IsWord("if") || !open.IsSymbol("(") || open.match <= i + 1) continue;
    const auto arguments = SplitAt(tokens, {i + 2, open.match}, ",");
    if (arguments.size() != kArguments || arguments[1].empty() || arguments[2].empty()) continue;
    const bool first = IsText(tokens, arguments[1]);
    if (first != IsText(tokens, arguments[2])) CastToText(tokens, arguments[first ? 2 : 1], edits);
  }
}

}  // namespace dns_monitor
