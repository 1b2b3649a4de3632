// Checks one segment: its pcap file, its ledger, and the one against the other.
#pragma once

#include <optional>

#include "dns_monitor/base/disk.h"
#include "dns_monitor/ledger/ledger.h"
#include "dns_monitor/verify/finding.h"
#include "listing.h"
#include "pcap_walk.h"

namespace dns_monitor {

// A ledger that could be read and is its segment's.
struct OwnLedger {
  Ledger ledger;
  Sha256 sha256{};  // of its bytes
};

struct SegmentResult {
  std::optional<OwnLedger> ledger;
  std::optional<RecordTally> tally;  // none: there is no pcap file, or it cannot be read
};

// Tells names in the directory. `deep`: as VerifyOptions.
SegmentResult CheckSegment(Disk& disk, const SegmentFiles& files, bool deep,
                           const FindingSink& tell);

}  // namespace dns_monitor
