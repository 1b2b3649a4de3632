#include "dns_monitor/usage/help_formatter.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dns_monitor {
namespace {

constexpr size_t kColumns = 80;
constexpr size_t kDescriptionColumn = 26;

std::string TwoColumns(const std::string& left, const std::string& description) {
  std::string text = "  " + left;
  if (text.size() + 2 > kDescriptionColumn) {
    text += "\n" + std::string(kDescriptionColumn, ' ');
  } else {
    text.append(kDescriptionColumn - text.size(), ' ');
  }
  return text + WrapText(description, kColumns, kDescriptionColumn) + "\n";
}

}  // namespace

std::string WrapText(const std::string& text, size_t columns, size_t indent) {
  std::string out;
  bool first_line = true;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!first_line) absl::StrAppend(&out, "\n", std::string(indent, ' '));
    first_line = false;
    size_t used = indent;
    bool first_word = true;
    for (const absl::string_view word : absl::StrSplit(line, ' ')) {
      if (!first_word && used + 1 + word.size() > columns) {
        absl::StrAppend(&out, "\n", std::string(indent, ' '));
        used = indent;
        first_word = true;
      }
      absl::StrAppend(&out, first_word ? "" : " ", word);
      used += word.size() + (first_word ? 0 : 1);
      first_word = false;
    }
  }
  return out;
}

HelpFormatter::HelpFormatter() {
  label("OPTIONS", "OPTION...");
  label("SUBCOMMAND", "COMMAND");
  label("Positionals", "Arguments");
  label("Subcommands", "Commands");
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string name) const {
  std::string usage = "Usage: " + name;
  for (const CLI::Option* option :
       app->get_options([](const CLI::Option* candidate) { return candidate->get_positional(); })) {
    absl::StrAppend(&usage, " ", option->get_type_name());
  }
  if (!app->get_subcommands({}).empty()) usage += " COMMAND";
  return usage + " [OPTION]...\n";
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  std::string left = is_positional ? option->get_type_name()
                                   : option->get_name(/*positional=*/false, /*all=*/true);
  for (size_t comma = left.find(','); comma != std::string::npos;
       comma = left.find(',', comma + 2)) {
    left.insert(comma + 1, " ");
  }
  if (!is_positional && option->get_expected_max() > 0 && option->get_items_expected_max() > 0) {
    left += " " + option->get_type_name();
  }
  return TwoColumns(left, option->get_description());
}

std::string HelpFormatter::make_subcommand(const CLI::App* sub) const {
  return TwoColumns(sub->get_name(), sub->get_description());
}

}  // namespace dns_monitor
