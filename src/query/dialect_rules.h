// The rules of TranslateDialect, each for one statement, and what they change.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "dns_monitor/query/sql_tokens.h"

namespace dns_monitor {

// Changes to be made, in any order; those at the same place in the order they came in, insertions
// before replacements.
class Edits {
 public:
  void Insert(size_t offset, std::string text) { Replace(offset, 0, std::move(text)); }
  void Replace(size_t offset, size_t bytes, std::string text) {
    edits_.push_back({offset, bytes, std::move(text)});
  }
  void Quote(const Token& token) {
    Replace(token.offset, token.text.size(), absl::StrCat("\"", token.text, "\""));
  }

  struct Edit {
    size_t offset = 0;
    size_t bytes = 0;
    std::string text;
  };
  std::vector<Edit> TakeSorted();

 private:
  std::vector<Edit> edits_;
};

// `statement`: its tokens, without the semicolon.
void CastBranchesOfIf(absl::Span<const Token> tokens, TokenRange statement, Edits* edits);
void NameAndGroupColumns(absl::string_view sql, absl::Span<const Token> tokens,
                         TokenRange statement, Edits* edits);

}  // namespace dns_monitor
