// One pass over the records of a segment, and over its bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/base/disk.h"
#include "dns_monitor/pcap/reader.h"
#include "dns_monitor/verify/finding.h"

namespace dns_monitor {

// What the records come to.
struct RecordTally {
  uint64_t packets = 0;
  uint64_t clipped = 0;                            // shorter than on the wire
  uint64_t back = 0;                               // older than one before
  int64_t first_back = 0;                          // offset of the first of these
  std::optional<int64_t> first_ns = std::nullopt;  // the earliest
  std::optional<int64_t> last_ns = std::nullopt;   // the latest

  void Add(const PcapRecord& record);
};

// Records are told to `on_record`, and bytes to `on_bytes`, each in the order of the file and once.
struct PcapObservers {
  std::function<void(const PcapRecord&)> on_record;
  std::function<void(absl::string_view)> on_bytes;  // none: nobody wants them
};

struct WalkedPcap {
  std::optional<PcapFileInfo> file;  // none: its header could not be read
  RecordTally tally;
  // Why it ended before the file did; empty file name. None: all is whole, and all bytes were told.
  std::optional<Finding> broken;
};

// Walks over a pcap file of `length_bytes`, which `read` gives. Keeps a chunk, or a record.
WalkedPcap WalkPcap(const ReadAtFunction& read, int64_t length_bytes,
                    const PcapObservers& observers);

// Tells each byte that `read` gives to `on_bytes`, in the order of the file and once, for a reader
// that reads forward, and nothing twice but what it was refused.
ReadAtFunction ReadAndTell(ReadAtFunction read, std::function<void(absl::string_view)> on_bytes);

// What an error of the disk says behind the path: "Permission denied".
std::string Reason(const absl::Status& status);

}  // namespace dns_monitor
