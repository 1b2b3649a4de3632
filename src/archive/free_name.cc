#include "dns_monitor/archive/free_name.h"

#include <string>

namespace dns_monitor {

bool NameIsTaken(Disk& disk, const SegmentName& name) {
  SegmentName other = name;
  other.compressed = !name.compressed;
  return disk.Exists(name.Pcap()) || disk.Exists(other.Pcap());
}

absl::Status NoNameLeft() {
  return absl::ResourceExhaustedError("no name is left for this minute");
}

// Nobody but a capture makes such names, yet a name that somebody took meanwhile stays theirs.
absl::Status RenameToFreeName(Disk& disk, SegmentName* name) {
  const std::string part = name->Part();
  for (SegmentName free = *name; free.ordinal < kMaxOrdinal; ++free.ordinal) {
    if (NameIsTaken(disk, free)) continue;
    absl::Status status = disk.Rename(part, free.Pcap());
    if (status.ok()) *name = free;
    if (!absl::IsAlreadyExists(status)) return status;
  }
  return NoNameLeft();
}

}  // namespace dns_monitor
