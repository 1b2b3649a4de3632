// The chain of an interface's ledgers in a directory: each names the one before by its digest.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/disk.h"
#include "dns_monitor/ledger/digest.h"
#include "dns_monitor/ledger/ledger.h"

namespace dns_monitor {

// What the ledger after the file `file_name` with these bytes links to.
LedgerLink LinkTo(const std::string& file_name, absl::string_view bytes);

// The ledger in a file that belongs to the segment `name`. InvalidArgument as ParseLedger, and when
// it is another one's: a copy under another name belongs to no chain.
absl::StatusOr<Ledger> ParseLedgerOf(const SegmentName& name, absl::string_view bytes);

// The ledgers of one interface, as a directory holds them.
struct NewestLedger {
  // The one with the highest sequence number, whose segment is no part any more. None: there is no
  // ledger that can be read.
  std::optional<LedgerLink> link;
  Ledger ledger;  // what it says
  // Those that could not be read, and why: "eth0.20261123_2110.pcap.json: /host: is missing".
  std::vector<std::string> unreadable;
};

// Returns the whole content of a file in the directory.
using ReadFile = std::function<absl::StatusOr<std::string>(const std::string& name)>;

// Reads every ledger of `interface` among `entries`: no name tells which is the newest once the
// clock was set back. Takes about 0.1 ms each, and may block, as `read` does. A ledger that is gone
// by now (NotFound) is passed over.
NewestLedger FindNewestLedger(const std::vector<DirectoryEntry>& entries,
                              absl::string_view interface, const ReadFile& read);

}  // namespace dns_monitor
