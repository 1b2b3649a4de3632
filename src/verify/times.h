// Times as findings tell them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace dns_monitor {

// In UTC, with as many decimals as it has: "2026-11-25T03:20:39.12Z"; "none" for nullopt.
std::string FormatNs(std::optional<int64_t> time_ns);
// "A to B"; "none" without any.
std::string FormatRange(std::optional<int64_t> first_ns, std::optional<int64_t> last_ns);

}  // namespace dns_monitor
