#include "line_editor.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <iostream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace dns_monitor {
namespace {

constexpr int kHistoryLines = 1000;

bool IsWordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '\\';
}

// What all of them begin with.
std::string CommonPrefix(const std::vector<std::string>& words) {
  std::string prefix = words.front();
  for (const std::string& word : words) {
    const auto differ = std::mismatch(prefix.begin(), prefix.end(), word.begin(), word.end());
    prefix.erase(differ.first, prefix.end());
  }
  return prefix;
}

size_t TerminalWidth() {
  winsize size = {};
  constexpr size_t kUsual = 80;
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

// One below the other, in as many columns as fit, as ls(1) does. In ASCII.
std::string InColumns(const std::vector<std::string>& words, size_t width) {
  constexpr size_t kBetween = 2;
  size_t widest = 0;
  for (const std::string& word : words) widest = std::max(widest, word.size());
  const size_t fit = std::max<size_t>((width + kBetween - 1) / (widest + kBetween), 1);
  const size_t lines = (words.size() + fit - 1) / fit;
  std::string text;
  for (size_t line = 0; line < lines; ++line) {
    for (size_t i = line; i < words.size(); i += lines) {
      absl::StrAppend(&text, words[i]);
      if (i + lines < words.size()) text.append(widest + kBetween - words[i].size(), ' ');
    }
    text.push_back('\n');
  }
  return text;
}

}  // namespace

LineEditor::LineEditor(std::string history_file, Completer complete)
    : history_file_(std::move(history_file)),
      complete_(std::move(complete)),
      terminal_(isatty(STDIN_FILENO) == 1) {
  if (!terminal_) return;
  setlocale(LC_CTYPE, "");
  HistEvent event;
  history_ = history_init();
  history(history_, &event, H_SETSIZE, kHistoryLines);
  history(history_, &event, H_SETUNIQUE, 1);
  if (!history_file_.empty()) history(history_, &event, H_LOAD, history_file_.c_str());
  edit_ = el_init("dns-monitor", stdin, stdout, stderr);
  el_set(edit_, EL_CLIENTDATA, this);
  el_set(edit_, EL_PROMPT, &Prompt);
  el_set(edit_, EL_EDITOR, "emacs");
  el_set(edit_, EL_HIST, history, history_);
  el_set(edit_, EL_SIGNAL, 0);
  el_set(edit_, EL_ADDFN, "complete", "Complete a name", &Complete);
  el_set(edit_, EL_BIND, "^I", "complete", nullptr);
  // Ctrl-C is a key here, and no signal: it is the line that is to end.
  el_set(edit_, EL_SETTY, "-d", "-isig", nullptr);
  el_set(edit_, EL_ADDFN, "interrupt", "Drop what is typed", &Interrupt);
  el_set(edit_, EL_BIND, "^C", "interrupt", nullptr);
  el_set(edit_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_source(edit_, nullptr);  // ~/.editrc
}

LineEditor::~LineEditor() {
  if (!terminal_) return;
  HistEvent event;
  if (!history_file_.empty()) {
    // What was asked is nobody else's business.
    const mode_t mask = umask(077);
    history(history_, &event, H_SAVE, history_file_.c_str());
    umask(mask);
  }
  el_end(edit_);
  history_end(history_);
}

const char* LineEditor::Prompt(EditLine* edit) {
  LineEditor* self = nullptr;
  el_get(edit, EL_CLIENTDATA, &self);
  return self->prompt_.c_str();
}

unsigned char LineEditor::Complete(EditLine* edit, int) {
  LineEditor* self = nullptr;
  el_get(edit, EL_CLIENTDATA, &self);
  const LineInfo* line = el_line(edit);
  const char* begin = line->cursor;
  while (begin > line->buffer && IsWordByte(begin[-1])) --begin;
  const absl::string_view word(begin, static_cast<size_t>(line->cursor - begin));
  const absl::string_view before(line->buffer, static_cast<size_t>(begin - line->buffer));
  const std::vector<std::string> found = self->complete_(before, word);
  if (found.empty()) return CC_ERROR;
  const std::string common = CommonPrefix(found);
  if (common.size() > word.size() || found.size() == 1) {
    const std::string insert = found.size() == 1 ? absl::StrCat(common, " ") : common;
    el_deletestr(edit, static_cast<int>(word.size()));
    return el_insertstr(edit, insert.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  }
  std::cout << "\n" << InColumns(found, TerminalWidth()) << std::flush;
  return CC_REDISPLAY;
}

unsigned char LineEditor::Interrupt(EditLine* edit, int) {
  LineEditor* self = nullptr;
  el_get(edit, EL_CLIENTDATA, &self);
  self->interrupted_ = true;
  std::cout << "^C" << std::flush;
  return CC_NEWLINE;
}

std::optional<std::string> LineEditor::ReadPlain() {
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

std::optional<std::string> LineEditor::ReadLine(const std::string& prompt) {
  if (!terminal_) return ReadPlain();
  prompt_ = prompt;
  interrupted_ = false;
  int length = 0;
  const char* line = el_gets(edit_, &length);
  if (interrupted_) return std::string();
  if (line == nullptr || length <= 0) {
    if (length < 0 && errno == EINTR) return std::string();
    std::cout << "\n" << std::flush;
    return std::nullopt;
  }
  return std::string(
      absl::StripTrailingAsciiWhitespace(absl::string_view(line, static_cast<size_t>(length))));
}

void LineEditor::Remember(const std::string& statement) {
  if (!terminal_) return;
  HistEvent event;
  history(history_, &event, H_ENTER, statement.c_str());
}

}  // namespace dns_monitor
