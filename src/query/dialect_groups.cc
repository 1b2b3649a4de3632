// What PacketQ answers where the standard has no answer: columns that are not grouped have the
// value of the group's first packet, by time: asking for `id` would make the scan run on one
// thread. And what it calls the columns of its results.
#include <algorithm>
#include <cstddef>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "dns_monitor/query/sql_tokens.h"
#include "src/query/dialect_rules.h"
#include "src/query/packetq_select.h"

namespace dns_monitor {
namespace {

class Columns {
 public:
  Columns(absl::string_view sql, absl::Span<const Token> tokens, const PacketqSelect& select,
          Edits* edits)
      : sql_(sql), tokens_(tokens), select_(select), edits_(edits) {
    for (const TokenRange term : select.group_by) {
      if (term.size() == 1) grouped_.insert(absl::AsciiStrToLower(tokens[term.begin].text));
    }
    for (const PacketqSelect::Item& item : select.items) {
      if (!item.alias.empty()) selected_.insert(item.alias);
      if (item.expression.size() == 1) {
        selected_.insert(absl::AsciiStrToLower(tokens[item.expression.begin].text));
      }
    }
  }

  void Run() {
    const bool grouped = IsGrouped();
    for (const PacketqSelect::Item& item : select_.items) {
      if (grouped && !IsGroupedItem(item)) {
        TakeFirst(item.expression);
        if (item.alias.empty()) NameItem(item.expression);
      } else if (item.alias.empty() && IsCalls(item.expression)) {
        NameItem(item.expression);
      }
    }
    if (!grouped) return;
    for (const TokenRange term : select_.order_by) {
      if (!term.empty() && !IsGroupedExpression(term) && !MentionsSelected(term)) TakeFirst(term);
    }
  }

 private:
  // By the standard's rules there is a row for each group, then. Numbers for columns, and GROUP BY
  // ALL, are not PacketQ's.
  bool IsGrouped() const {
    bool aggregated = !select_.group_by.empty();
    for (const PacketqSelect::Item& item : select_.items) {
      if (tokens_[item.expression.begin].IsSymbol("*")) return false;
      aggregated = aggregated || CallsAggregate(tokens_, item.expression);
    }
    for (const TokenRange term : select_.group_by) {
      if (term.empty() || tokens_[term.begin].kind == TokenKind::kNumber) return false;
      if (tokens_[term.begin].IsWord("all") && selected_.count("all") == 0) return false;
    }
    return aggregated;
  }

  bool Equal(TokenRange a, TokenRange b) const {
    return std::equal(tokens_.begin() + a.begin, tokens_.begin() + a.end, tokens_.begin() + b.begin,
                      tokens_.begin() + b.end, [](const Token& one, const Token& other) {
                        return one.kind == other.kind &&
                               (one.kind == TokenKind::kWord
                                    ? absl::EqualsIgnoreCase(one.text, other.text)
                                    : one.text == other.text);
                      });
  }

  // True also for what has aliases within, as what stands behind those is unknown.
  bool IsGroupedExpression(TokenRange range) const {
    if (CallsAggregate(tokens_, range)) return true;
    for (const TokenRange term : select_.group_by) {
      if (Equal(term, range)) return true;
    }
    const std::vector<Token> columns = ColumnsOf(tokens_, range);
    const auto is_grouped = [this](const Token& column) {
      return grouped_.count(absl::AsciiStrToLower(column.text)) > 0;
    };
    const auto is_alias = [this](const Token& column) { return !IsColumnOf(select_, column); };
    return std::all_of(columns.begin(), columns.end(), is_grouped) ||
           std::any_of(columns.begin(), columns.end(), is_alias);
  }
  // A column goes before an alias of the same name.
  bool IsGroupedItem(const PacketqSelect::Item& item) const {
    const Token alias{.kind = TokenKind::kWord, .text = item.alias};
    return (grouped_.count(item.alias) > 0 && !IsColumnOf(select_, alias)) ||
           IsGroupedExpression(item.expression);
  }
  bool MentionsSelected(TokenRange range) const {
    for (const Token& column : ColumnsOf(tokens_, range)) {
      if (selected_.count(absl::AsciiStrToLower(column.text)) > 0) return true;
    }
    return false;
  }

  // Nothing but calls, so that its name has none of the parentheses that operators get.
  bool IsCalls(TokenRange range) const {
    for (size_t i = range.begin; i < range.end; ++i) {
      const Token& token = tokens_[i];
      const bool all = token.IsSymbol("*") && i > range.begin && tokens_[i - 1].IsSymbol("(");
      if (token.kind == TokenKind::kSymbol && !all && token.text != "(" && token.text != ")" &&
          token.text != ",") {
        return false;
      }
    }
    return range.size() > 1 && tokens_[range.begin].kind == TokenKind::kWord;
  }

  void TakeFirst(TokenRange range) {
    edits_->Insert(tokens_[range.begin].offset, "arg_min(");
    edits_->Insert(tokens_[range.end - 1].end(), ", s::BIGINT * 1000000 + us)");
  }
  void NameItem(TokenRange range) {
    std::string name;
    if (IsCalls(range)) {
      for (size_t i = range.begin; i < range.end; ++i) name += NamePart(tokens_[i]);
    } else {
      const size_t begin = tokens_[range.begin].offset;
      name = std::string(sql_.substr(begin, tokens_[range.end - 1].end() - begin));
    }
    edits_->Insert(tokens_[range.end - 1].end(),
                   absl::StrCat(" AS \"", absl::StrReplaceAll(name, {{"\"", "\"\""}}), "\""));
  }
  static std::string NamePart(const Token& token) {
    if (token.IsSymbol("*")) return "1";
    if (token.kind != TokenKind::kString || token.text.size() < 2) return std::string(token.text);
    return std::string(token.text.substr(1, token.text.size() - 2));
  }

  absl::string_view sql_;
  absl::Span<const Token> tokens_;
  const PacketqSelect& select_;
  Edits* edits_;
  std::set<std::string> grouped_;   // columns and aliases in GROUP BY
  std::set<std::string> selected_;  // columns and aliases of the result
};

}  // namespace

void NameAndGroupColumns(absl::string_view sql, absl::Span<const Token> tokens,
                         TokenRange statement, Edits* edits) {
  const auto select = ReadPacketqSelect(tokens, statement);
  if (select) Columns(sql, tokens, *select, edits).Run();
}

}  // namespace dns_monitor
