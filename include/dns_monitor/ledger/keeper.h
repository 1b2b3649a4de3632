// Writes the ledgers of one interface, each linked to the one before.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/disk.h"
#include "dns_monitor/ledger/gap_log.h"
#include "dns_monitor/ledger/ledger.h"

namespace dns_monitor {

// Of the interface, at one moment.
struct InterfaceReading {
  uint32_t ifindex = 0;
  InterfaceCounters counters;
};

struct KeeperOptions {
  // What all ledgers have: interface, host, program version, link type, settings.
  Ledger common;
  // nullopt while the interface is not there.
  std::function<std::optional<InterfaceReading>()> read_interface;
  GapLog* gaps = nullptr;  // outlives the keeper
  uint32_t mode = 0640;    // of the files
  int64_t group = -1;      // -1: as created
};

// One thread's; may block on the disk. For each segment that is complete: Prepare, Write, and Keep
// once it has its name.
class LedgerKeeper {
 public:
  // `disk` outlives this.
  LedgerKeeper(Disk* disk, KeeperOptions options);

  // What the interface has counted up to now; nullopt while it is not there.
  std::optional<InterfaceReading> ReadInterface() const;
  // Adds to what `ledger` says of its segment all that is not the segment's own: the place in the
  // chain, settings, gaps, the interface's counters. The first time it looks for the newest ledger
  // in the directory, which takes about 0.1 ms for each that is there.
  void Prepare(Ledger* ledger);
  // Writes and syncs the ledger of the segment that is going to be called `name`. AlreadyExists:
  // there is one, of another segment. Any other error leaves no file behind.
  absl::Status Write(Ledger ledger, const SegmentName& name);
  // The segment is called so: the next ledger follows the one that was written last.
  void Keep();
  // It could not be called so: removes what was written last.
  void Drop();

 private:
  void FindPrevious(int64_t from_ns);
  absl::Status WriteFile(const std::string& name, const std::string& bytes);

  Disk* const disk_;
  const KeeperOptions options_;
  bool looked_ = false;  // for the previous ledger
  uint64_t sequence_ = 0;
  std::optional<LedgerLink> previous_;
  std::vector<Gap> gaps_;  // that no ledger has told yet
  LedgerLink written_;     // last
};

// "eth0.20261123_2110.pcap.json"
std::string LedgerName(const SegmentName& name);

}  // namespace dns_monitor
