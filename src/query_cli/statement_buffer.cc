#include "statement_buffer.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/query/sql_tokens.h"

namespace dns_monitor {

void StatementBuffer::Add(absl::string_view line) {
  const bool first = text_.empty();
  absl::StrAppend(&text_, first ? "" : "\n", line);
  may_end_ = may_end_ || absl::StrContains(line, ';');
  // A list of 100 000 names, one a line, is not to be cut into tokens with each of them.
  if (!first && !may_end_) return;
  const std::vector<Token> tokens = Tokenize(text_);
  // A text or a comment without its end would swallow what follows.
  const std::string followed = absl::StrCat(text_, "\n;");
  if (Tokenize(followed).size() == tokens.size()) return;
  const bool asks = std::any_of(tokens.begin(), tokens.end(),
                                [](const Token& token) { return !token.IsSymbol(";"); });
  if (!asks) return Clear();
  finished_ = tokens.back().IsSymbol(";");
}

void StatementBuffer::Clear() {
  text_.clear();
  may_end_ = false;
  finished_ = false;
}

}  // namespace dns_monitor
