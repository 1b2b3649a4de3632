// Lines of a text for a terminal.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace dns_monitor::report {

// `text` broken at blanks into lines of at most `width` columns, each with a newline behind it.
// A word that is longer has a line of its own. Nothing for an empty text.
std::string Wrapped(absl::string_view text, size_t width);

}  // namespace dns_monitor::report
