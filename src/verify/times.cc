#include "times.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace dns_monitor {

std::string FormatNs(std::optional<int64_t> time_ns) {
  if (!time_ns) return "none";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixNanos(*time_ns),
                          absl::UTCTimeZone());
}

std::string FormatRange(std::optional<int64_t> first_ns, std::optional<int64_t> last_ns) {
  if (!first_ns && !last_ns) return "none";
  return absl::StrCat(FormatNs(first_ns), " to ", FormatNs(last_ns));
}

}  // namespace dns_monitor
