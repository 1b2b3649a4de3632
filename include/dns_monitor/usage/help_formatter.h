// Help pages that fit a terminal of 80 columns.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace dns_monitor {

// As CLI11's own, but descriptions are wrapped and options show their argument's name alone.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter();
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* sub) const override;
};

// Breaks `text` at spaces into lines of at most `columns`; newlines stay.
std::string WrapText(const std::string& text, size_t columns, size_t indent);

}  // namespace dns_monitor
