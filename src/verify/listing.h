// Which segments a directory has, and which files of each.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/disk.h"

namespace dns_monitor {

struct SegmentFiles {
  SegmentName name;
  // What the listing has.
  bool has_segment = false;
  bool has_ledger = false;
  bool has_part = false;

  std::string Segment() const { return name.Pcap(); }
  std::string Ledger() const;  // Segment() + ".json"
};

// By Segment().
using Listing = std::map<std::string, SegmentFiles>;

// Those of `interface`, or of each when that is empty. With names in `only`, just the segments that
// these belong to, also those of which the directory has no file.
Listing ListSegments(const std::vector<DirectoryEntry>& entries,
                     const std::vector<std::string>& only, absl::string_view interface);

// Whether a file of this name belongs to a segment (archive/names.h).
bool BelongsToSegment(absl::string_view file_name);

}  // namespace dns_monitor
