// Times and sizes as people type them, and back.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dns_monitor {

// "30s", "5m", "1h", "2d", "1w", "500ms"; several may follow each other ("1h30m"). A bare number
// counts seconds. Returns nanoseconds, > 0; InvalidArgument says what is wrong with `text`.
absl::StatusOr<int64_t> ParseDuration(absl::string_view text);

// "64K", "64M", "1G", "1T", "1GiB", "1GB": powers of 1024 (as tcpdump -C and systemd do); a bare
// number counts bytes. A fraction ("1.5G") is allowed. Returns bytes, > 0.
absl::StatusOr<int64_t> ParseSize(absl::string_view text);

// Three significant digits with a binary suffix: "512 B", "1.50 MiB", "64.0 MiB".
std::string FormatSize(int64_t bytes);
// "850 ms", "12 s", "5m 3s", "2h 10m", "3d 4h": the two largest units.
std::string FormatDuration(int64_t nanoseconds);
// Digits in groups of three: "1 234 567".
std::string FormatCount(uint64_t count);

}  // namespace dns_monitor
