// A segment's ledger against what its file is found to be.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "dns_monitor/ledger/ledger.h"
#include "dns_monitor/verify/finding.h"
#include "pcap_walk.h"

namespace dns_monitor {

using ProblemSink = std::function<void(FindingKind kind, std::string message)>;

// How many packets lie outside of the segment's borders.
class BorderCheck {
 public:
  explicit BorderCheck(const Ledger& ledger);  // outlives this
  void OnRecord(const PcapRecord& record);
  void Finish(const ProblemSink& tell) const;

 private:
  void Note(const PcapRecord& record);

  const Ledger& ledger_;
  int64_t from_ns_;        // as the file has times
  uint64_t early_ = 0;     // before the segment: late ones may be
  uint64_t beyond_ = 0;    // behind it: none may be
  int64_t first_bad_ = 0;  // offset of the first of either
};

// What the file's header says.
void CompareHeader(const Ledger& ledger, const PcapFileInfo& file, const ProblemSink& tell);
// What its records come to, when it is whole and as long as the ledger says.
void CompareTally(const Ledger& ledger, const RecordTally& tally, const ProblemSink& tell);

}  // namespace dns_monitor
