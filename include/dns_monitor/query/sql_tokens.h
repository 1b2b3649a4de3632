// SQL in pieces, as DuckDB's lexer cuts it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace dns_monitor {

enum class TokenKind : uint8_t {
  kWord,    // keyword or identifier
  kQuoted,  // "identifier"
  kString,  // 'text', e'text', $tag$text$tag$
  kNumber,
  kSymbol,  // one character, or || or ::
};

struct Token {
  TokenKind kind = TokenKind::kSymbol;
  absl::string_view text;
  size_t offset = 0;
  // Of a parenthesis: the token with the other one, or that itself when there is none.
  size_t match = 0;

  size_t end() const { return offset + text.size(); }
  bool IsWord(absl::string_view word) const {
    return kind == TokenKind::kWord && absl::EqualsIgnoreCase(text, word);
  }
  bool IsSymbol(absl::string_view symbol) const {
    return kind == TokenKind::kSymbol && text == symbol;
  }
};

// Without blanks and comments. What has no end goes to the end of `sql`, into which they point.
std::vector<Token> Tokenize(absl::string_view sql);

// The tokens [begin, end) of all.
struct TokenRange {
  size_t begin = 0;
  size_t end = 0;

  size_t size() const { return end - begin; }
  bool empty() const { return begin >= end; }
};

// Where `symbol` stands, outside all parentheses that `range` opens, in pieces between it.
std::vector<TokenRange> SplitAt(absl::Span<const Token> tokens, TokenRange range,
                                absl::string_view symbol);

// Words in lower case.
template <size_t kCount>
struct WordList {
  template <typename... Words>
  constexpr explicit WordList(const Words&... list) : words{list...} {
    std::sort(words.begin(), words.end());
  }

  // In any case.
  bool Contains(const Token& token) const {
    return token.kind == TokenKind::kWord &&
           std::binary_search(words.begin(), words.end(),
                              absl::string_view(absl::AsciiStrToLower(token.text)));
  }

  std::array<absl::string_view, kCount> words;
};
template <typename... Words>
WordList(const Words&...) -> WordList<sizeof...(Words)>;

}  // namespace dns_monitor
