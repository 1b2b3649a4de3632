// Text in HTML.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace dns_monitor::report {

// For content and for attributes in double quotes. Control characters, which HTML does not take,
// are U+FFFD; `text` is UTF-8.
std::string EscapeHtml(absl::string_view text);

}  // namespace dns_monitor::report
