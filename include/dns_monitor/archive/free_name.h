// Names for segments that nobody has taken.
#pragma once

#include "absl/status/status.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/disk.h"

namespace dns_monitor {

inline constexpr int kMaxOrdinal = 1'000'000;  // of names taken within one minute

// Whether there is a finished segment of that name, compressed or not.
bool NameIsTaken(Disk& disk, const SegmentName& name);

// ResourceExhausted: ordinals up to kMaxOrdinal are taken.
absl::Status NoNameLeft();

// Gives the part of `name` the name of a finished segment: its own, or the next one by ordinal that
// nobody has taken, which `name` tells then. Replaces nothing. May block.
absl::Status RenameToFreeName(Disk& disk, SegmentName* name);

}  // namespace dns_monitor
