// The options of a command from a file.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"

namespace dns_monitor {

// Gives the options of `command` the values that the file has for them, under their long names;
// flags take yes or no. Options that have been given before keep what they have: the command line
// comes first, and of several files the last. InvalidArgument is "PATH:LINE: …", other errors
// "PATH: …".
absl::Status ApplySettings(const std::string& path, CLI::App* command);

}  // namespace dns_monitor
