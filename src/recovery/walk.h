// One pass over a part that a crash left: where its whole records end, and what they come to.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dns_monitor/base/read_at.h"
#include "dns_monitor/ledger/ledger.h"
#include "dns_monitor/pcap/file_header.h"
#include "dns_monitor/pcap/reader.h"

namespace dns_monitor {

// As far as there is something to be read.
inline constexpr int64_t kUnknownSize = std::numeric_limits<int64_t>::max();

struct Walked {
  PcapFileInfo file;
  int64_t end = kPcapFirstRecord;  // behind the last record that is sure; of all bytes, if damaged
  uint64_t packets = 0;            // up to there, as all that follows
  uint64_t clipped = 0;
  uint64_t late = 0;
  int64_t first_ns = 0;  // the earliest and the latest; 0 without packets
  int64_t last_ns = 0;
  std::vector<IndexEntry> index;
  std::optional<int64_t> zeros;  // where a record header of zeros stands
  std::string damage;            // what is wrong with a record behind them; empty: nothing
};

// Reads a pcap file of `size_bytes`, or of kUnknownSize, from its header on. The errors of `read`;
// Cancelled when `cancelled` says so, which is asked each 64 KiB or so.
absl::StatusOr<Walked> WalkRecords(const ReadAtFunction& read, int64_t size_bytes,
                                   const std::function<bool()>& cancelled);

}  // namespace dns_monitor
