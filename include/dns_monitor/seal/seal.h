// The seal beside a segment: its SHA-256, as sha256sum(1) writes it and checks it.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/ledger/ledger.h"

namespace dns_monitor {

// "eth0.20261123_2110.pcap.sha256"
std::string SealName(const SegmentName& name);

// The seal of the file `file_name` with this digest.
std::string FormatSeal(absl::string_view file_name, const Sha256& digest);

// What is wrong with a seal of the file `file_name` with this digest, in one sentence; nullopt:
// nothing.
std::optional<std::string> CheckSeal(absl::string_view seal, absl::string_view file_name,
                                     const Sha256& digest);

}  // namespace dns_monitor
