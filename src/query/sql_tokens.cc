#include "dns_monitor/query/sql_tokens.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"

namespace dns_monitor {
namespace {

// All that is not ASCII may be part of a name.
bool BeginsWord(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsDigit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c));
}
bool IsWordPart(char c) {
  return BeginsWord(c) || IsDigit(c) || c == '$';
}

class Lexer {
 public:
  explicit Lexer(absl::string_view sql) : sql_(sql) {}

  std::vector<Token> Run() {
    for (SkipBlanks(); at_ < sql_.size(); SkipBlanks()) {
      const size_t begin = at_;
      const TokenKind kind = Next();
      tokens_.push_back({.kind = kind,
                         .text = sql_.substr(begin, at_ - begin),
                         .offset = begin,
                         .match = tokens_.size()});
      MatchParentheses();
    }
    return std::move(tokens_);
  }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }
  // To behind `end`, or to the end of all.
  void SkipPast(absl::string_view end) {
    const size_t found = sql_.find(end, at_);
    at_ = found == absl::string_view::npos ? sql_.size() : found + end.size();
  }

  void SkipBlanks() {
    for (;;) {
      while (absl::ascii_isspace(static_cast<unsigned char>(Peek()))) ++at_;
      if (Peek() == '-' && Peek(1) == '-') {
        SkipPast("\n");
      } else if (Peek() == '/' && Peek(1) == '*') {
        SkipComment();
      } else {
        return;
      }
    }
  }
  // They nest.
  void SkipComment() {
    int depth = 0;
    do {
      if (Peek() == '/' && Peek(1) == '*') {
        ++depth;
        ++at_;
      } else if (Peek() == '*' && Peek(1) == '/') {
        --depth;
        ++at_;
      }
      ++at_;
    } while (depth > 0 && at_ < sql_.size());
    at_ = std::min(at_, sql_.size());
  }

  TokenKind Next() {
    const char c = Peek();
    if (c == '\'') return Quoted(c, /*backslashes=*/false, TokenKind::kString);
    if (c == '"') return Quoted(c, /*backslashes=*/false, TokenKind::kQuoted);
    if ((c == 'e' || c == 'E') && Peek(1) == '\'') {
      ++at_;
      return Quoted('\'', /*backslashes=*/true, TokenKind::kString);
    }
    if (c == '$' && DollarQuoted()) return TokenKind::kString;
    if (BeginsWord(c)) {
      while (at_ < sql_.size() && IsWordPart(Peek())) ++at_;
      return TokenKind::kWord;
    }
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number();
    const bool two = (c == '|' && Peek(1) == '|') || (c == ':' && Peek(1) == ':');
    at_ += two ? 2 : 1;
    return TokenKind::kSymbol;
  }

  // Twice the quote stands for itself.
  TokenKind Quoted(char quote, bool backslashes, TokenKind kind) {
    for (++at_; at_ < sql_.size(); ++at_) {
      if ((backslashes && Peek() == '\\') || (Peek() == quote && Peek(1) == quote)) {
        ++at_;
      } else if (Peek() == quote) {
        ++at_;
        return kind;
      }
    }
    at_ = sql_.size();
    return kind;
  }
  // Not a parameter ($1, $name).
  bool DollarQuoted() {
    size_t end = at_ + 1;
    if (end < sql_.size() && BeginsWord(sql_[end])) {
      while (end < sql_.size() && (BeginsWord(sql_[end]) || IsDigit(sql_[end]))) ++end;
    }
    if (end >= sql_.size() || sql_[end] != '$') return false;
    const absl::string_view tag = sql_.substr(at_, end + 1 - at_);
    at_ = end + 1;
    SkipPast(tag);
    return true;
  }
  TokenKind Number() {
    while (IsWordPart(Peek()) || Peek() == '.' ||
           ((Peek() == '+' || Peek() == '-') && absl::ascii_tolower(sql_[at_ - 1]) == 'e')) {
      ++at_;
    }
    return TokenKind::kNumber;
  }

  void MatchParentheses() {
    Token& token = tokens_.back();
    if (token.IsSymbol("(")) {
      open_.push_back(token.match);
    } else if (token.IsSymbol(")") && !open_.empty()) {
      const size_t self = token.match;
      token.match = open_.back();
      tokens_[token.match].match = self;
      open_.pop_back();
    }
  }

  absl::string_view sql_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
  std::vector<size_t> open_;
};

}  // namespace

std::vector<Token> Tokenize(absl::string_view sql) {
  return Lexer(sql).Run();
}

std::vector<TokenRange> SplitAt(absl::Span<const Token> tokens, TokenRange range,
                                absl::string_view symbol) {
  std::vector<TokenRange> pieces;
  size_t begin = range.begin;
  for (size_t i = range.begin; i < range.end; ++i) {
    if (tokens[i].IsSymbol("(")) {
      i = std::max(i, std::min(tokens[i].match, range.end - 1));
    } else if (tokens[i].IsSymbol(symbol)) {
      pieces.push_back({begin, i});
      begin = i + 1;
    }
  }
  pieces.push_back({begin, range.end});
  return pieces;
}

}  // namespace dns_monitor
