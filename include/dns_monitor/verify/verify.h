// Checks finished segments against themselves, their ledgers, and the chain of these.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "dns_monitor/base/disk.h"
#include "dns_monitor/verify/finding.h"

namespace dns_monitor {

struct VerifyOptions {
  // Also what needs each byte: the index's checksums and the seals (X.pcap.sha256, as sha256sum
  // writes it). Without it every record is walked over, but what is in the packets is not looked
  // at.
  bool deep = false;
  std::string interface;  // no other; empty: each
};

struct VerifyTotals {
  uint64_t segments = 0;                           // that could be read, at least in part
  uint64_t packets = 0;                            // in them
  std::optional<int64_t> first_ns = std::nullopt;  // the earliest and the latest, CLOCK_REALTIME
  std::optional<int64_t> last_ns = std::nullopt;
  uint64_t being_written = 0;
  uint64_t problems = 0;

  void Add(const VerifyTotals& other);
};

// Checks a directory, or of it only the segments that the files `only` belong to (names of
// segments, ledgers, seals and parts; none: all). The chain from ledger to ledger is checked for
// whole directories alone.
//
// Tells names as they are in the directory, the directory itself as "". Reads only, in chunks: what
// it keeps of each ledger are a few hundred bytes. Files that finish meanwhile are not looked at;
// those deleted meanwhile are noted. May block.
VerifyTotals VerifyDirectory(Disk& disk, const std::vector<std::string>& only,
                             const VerifyOptions& options, const FindingSink& tell);

// The same for paths of directories and files. Tells paths.
VerifyTotals VerifyPaths(const std::vector<std::string>& paths, const VerifyOptions& options,
                         const FindingSink& tell);

}  // namespace dns_monitor
