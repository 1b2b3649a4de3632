// How much room characters take on a terminal.
#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"

namespace dns_monitor::output {

// Whether a character shows nothing itself but changes what the terminal, or a reader, makes of the
// others: control characters, line separators, marks that turn the direction of writing, and those
// of no width.
bool IsHidden(char32_t code);

// In columns: 2 for wide ones, as Chinese, 0 for those that combine with the one before.
int RuneWidth(char32_t code);

// Of valid UTF-8 without hidden characters.
size_t DisplayWidth(absl::string_view text);

// The longest beginning of the text that is so wide at most.
absl::string_view CutToWidth(absl::string_view text, size_t width);

}  // namespace dns_monitor::output
