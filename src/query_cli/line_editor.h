// Lines that a person types, with history and completion.
#pragma once

#include <histedit.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace dns_monitor {

// What can stand where `word` is typed, behind `before` in the line: whole words that begin with
// it, whatever the case.
using Completer =
    std::function<std::vector<std::string>(absl::string_view before, absl::string_view word)>;

// By libedit, on the terminal at standard input; elsewhere plain lines. One at a time.
class LineEditor {
 public:
  // `history_file` is read now and written at the end; empty: none.
  LineEditor(std::string history_file, Completer complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // Without the line's end; nullopt at the end of the input, which Ctrl-C is not: that gives an
  // empty line.
  std::optional<std::string> ReadLine(const std::string& prompt);
  // Whether the last line ended by Ctrl-C.
  bool interrupted() const { return interrupted_; }
  // What Up brings back.
  void Remember(const std::string& statement);

 private:
  static const char* Prompt(EditLine* edit);
  static unsigned char Complete(EditLine* edit, int);
  static unsigned char Interrupt(EditLine* edit, int);
  std::optional<std::string> ReadPlain();

  const std::string history_file_;
  const Completer complete_;
  const bool terminal_;
  std::string prompt_;
  bool interrupted_ = false;
  EditLine* edit_ = nullptr;
  History* history_ = nullptr;
};

}  // namespace dns_monitor
