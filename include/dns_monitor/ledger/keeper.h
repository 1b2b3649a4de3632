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
#include "dns_monitor/ledger/removals.h"

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
  // Returns once nothing is recovered any more; called before the first Prepare. None:
  // there is nothing to wait for.
  std::function<void()> await_recovery;
  uint32_t mode = 0640;  // of the files
  int64_t group = -1;    // -1: as created
};

// May block on the disk. One thread's, but for what was recovered. For each segment that is
// complete: Prepare, Write, and Keep once it has its name.
class LedgerKeeper {
 public:
  // `disk` outlives this.
  LedgerKeeper(Disk* disk, KeeperOptions options);

  // This process took over at this time from one whose filter had gone on. Before the first
  // Prepare.
  void TakesOver(int64_t at_ns) { taken_over_ns_ = at_ns; }
  // What the interface has counted up to now; nullopt while it is not there.
  std::optional<InterfaceReading> ReadInterface() const;
  // Adds to what `ledger` says of its segment all that is not the segment's own: the place in the
  // chain, settings, gaps; and the interface's index, when it is 0. The first time it looks for the
  // newest ledger in the directory, which takes about 0.1 ms for each that is there.
  void Prepare(Ledger* ledger);
  // Writes and syncs the ledger of the segment that is going to be called `name`. AlreadyExists:
  // there is one, of another segment. Any other error leaves no file behind.
  absl::Status Write(Ledger ledger, const SegmentName& name);
  // The segment is called so: the next ledger follows the one that was written last.
  void Keep();
  // It could not be called so: removes what was written last.
  void Drop();
  // Of the ledger that was written last.
  int64_t written_bytes() const { return written_bytes_; }

  // The ledger of a segment that a crash left: `ledger` says all but its place in the chain, host
  // and version, and since when there was nothing before a gap kStarted. Another thread may call
  // this, until await_recovery returns.
  absl::Status WriteRecovered(Ledger ledger);
  // The segment is called so: as Keep, on that thread.
  void KeepRecovered();

 private:
  void FindPrevious();
  // What the first ledger of a capture, or of a process, tells of the time before `from_ns`, or
  // behind it.
  Gap HowItBegan(int64_t from_ns, std::optional<int64_t> taken_over_ns) const;
  // Places `ledger` at the chain's end.
  void Link(Ledger* ledger);
  void TakeRemovals(Ledger* ledger);
  absl::Status WriteLedger(const Ledger& ledger);
  absl::Status WriteFile(const std::string& name, const std::string& bytes);

  Disk* const disk_;
  const KeeperOptions options_;
  RemovalJournal journal_;
  std::optional<int64_t> taken_over_ns_;
  bool looked_ = false;   // for the previous ledger
  bool started_ = false;  // the first ledger of this capture is prepared
  uint64_t sequence_ = 0;
  std::optional<LedgerLink> previous_;
  std::optional<int64_t> ended_ns_;      // when the previous segment did
  std::vector<Gap> gaps_;                // that no ledger has told yet
  std::vector<RemovedSegment> removed_;  // as the ledger that is being made tells them
  bool journal_failed_ = false;          // said
  LedgerLink written_;                   // last
  int64_t recovered_to_ns_ = 0;          // where the segment ends of the last WriteRecovered
  int64_t written_bytes_ = 0;
  std::string undropped_;        // could not be removed; goes before another one is written
  bool access_refused_ = false;  // said
};

// "eth0.20261123_2110.pcap.json"
std::string LedgerName(const SegmentName& name);

}  // namespace dns_monitor
