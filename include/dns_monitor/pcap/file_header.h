// What the first bytes of a pcap file say, whoever wrote it.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace dns_monitor {

struct PcapFileInfo {
  bool nanoseconds = false;  // fractions of a second are; microseconds otherwise
  bool swapped = false;      // the other byte order than this machine's
  uint32_t snaplen = 0;      // as the file says: 0 and nonsense too
  uint32_t link_type = 0;    // the whole field, with what its upper bits say of checksums
};

// Takes the first 24 bytes of a file; those behind them do not matter. InvalidArgument when they
// are no pcap file's (naming pcapng, gzip and zstd), OutOfRange when they are fewer, Unimplemented
// for versions other than 2.4.
absl::StatusOr<PcapFileInfo> ParsePcapFileHeader(absl::string_view bytes);

// Whether `bytes`, the first 24 of a file or all that it has, can be what came of a header in
// version 2.4 whose writing ended early: nothing or zeros stand in place of the rest. So can an
// empty file and one of zeros.
bool IsTornPcapFileHeader(absl::string_view bytes);

}  // namespace dns_monitor
