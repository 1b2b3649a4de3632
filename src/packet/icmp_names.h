// The numbers of ICMP, as IANA names them.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace dns_monitor {

// `ip_version`: 4 or 6. Empty if there is none.
absl::string_view IcmpTypeName(int ip_version, uint8_t type);
absl::string_view IcmpCodeName(int ip_version, uint8_t type, uint8_t code);

}  // namespace dns_monitor
