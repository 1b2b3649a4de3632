#include "dns_monitor/base/status.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace dns_monitor {

absl::Status ErrnoError(absl::string_view what, int error) {
  char buffer[128];
  // The GNU strerror_r: thread-safe, returns the text wherever it is.
  const char* text = strerror_r(error, buffer, sizeof(buffer));
  return absl::Status(absl::ErrnoToStatusCode(error), absl::StrCat(what, ": ", text));
}

}  // namespace dns_monitor
