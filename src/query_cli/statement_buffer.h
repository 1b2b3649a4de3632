// The lines of a statement that is being typed.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace dns_monitor {

// A statement ends with the ; behind its last word: not with one in a text or a comment.
class StatementBuffer {
 public:
  // Appends a line. What asks nothing (comments, a ; alone) is forgotten.
  void Add(absl::string_view line);
  void Clear();

  bool empty() const { return text_.empty(); }
  bool finished() const { return finished_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool may_end_ = false;  // there is a ; in it
  bool finished_ = false;
};

}  // namespace dns_monitor
