// The seal beside a segment: its SHA-256, as sha256sum writes it.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "dns_monitor/ledger/ledger.h"

namespace dns_monitor {

inline constexpr absl::string_view kSealSuffix = ".sha256";

// What is wrong with the seal of these bytes for the file `file_name` with this digest, in one
// sentence; nullopt: nothing.
std::optional<std::string> CheckSeal(absl::string_view seal, absl::string_view file_name,
                                     const Sha256& digest);

}  // namespace dns_monitor
