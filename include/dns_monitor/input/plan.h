// Which files a query reads, and in which order.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dns_monitor/input/time_range.h"
#include "dns_monitor/ledger/ledger.h"

namespace dns_monitor {

struct InputOptions {
  // Files, directories, patterns of glob(7) that the shell did not expand, "-": standard input.
  std::vector<std::string> paths = {};
  TimeRange range = {};
  // What cannot be read, or is no capture, is a note instead of an error.
  bool skip_unreadable = false;
  std::string interface = {};  // only files that are known to be of it; empty: all
  // What some of the paths are called, as they are copies of something else.
  std::map<std::string, std::string> names = {};
};

// What a ledger that fits its file says of it.
struct PlannedLedger {
  std::vector<uint16_t> ports = {};
  uint32_t link_type = 0;
  bool nanoseconds = false;
  uint64_t packets = 0;
  std::optional<int64_t> first_ns = std::nullopt;  // the earliest and the latest; none: no packet
  std::optional<int64_t> last_ns = std::nullopt;
  int64_t length_bytes = 0;  // of the pcap file, before compression
  std::vector<IndexEntry> index =
      {};  // leads through the file without a contradiction, or is empty
};

struct PlannedFile {
  std::string path = {};       // to be opened; "-": standard input
  std::string shown = {};      // as it was named, or the name of its directory with its own
  std::string interface = {};  // by ledger or name; empty: not known
  bool standard_input = false;
  bool read_once = false;   // a pipe, or the like
  bool part = false;        // being written; its end is where its whole records end
  bool listed = false;      // found in a directory or by a pattern, not named itself
  bool compressed = false;  // by ledger or first bytes
  int64_t stored_bytes = 0;
  std::optional<int64_t> first_ns = std::nullopt;  // what the order goes by
  std::optional<PlannedLedger> ledger = std::nullopt;
};

struct InputPlan {
  // By the time of the earliest packet (of the first one, without a ledger; by the beginning that
  // ledger or name tell where there is none), then by name. Those of which no time is known come
  // last, as they were named. No file stands in it twice.
  std::vector<PlannedFile> files;
  std::vector<std::string> notes;  // what was left out, or is not as it should be
  uint64_t skipped_by_time = 0;    // files that lie outside the range
};

// Of a directory: all segments (archive/names.h), the part that is being written, and other files
// with a capture's ending (.pcap, .pcapng, .cap, and .gz, .zst, .xz, .lz4). Ledgers and seals among
// `paths` are passed over. A ledger beside a segment is used when its lengths are those of the
// file; one that cannot be read or does not fit is a note.
//
// Left out because of the range, unopened: what a ledger says has no packet in it; without a
// ledger, a segment whose name says that it begins behind the range, whatever zone the name is of
// (14 hours are allowed for that). All others stay.
//
// NotFound, naming it, for an empty directory and a pattern that nothing matches, and when no file
// is of the interface; the error of the system, with the path, for what cannot be read;
// InvalidArgument for what is no capture. May block; any thread, one at a time.
absl::StatusOr<InputPlan> PlanInput(const InputOptions& options);

}  // namespace dns_monitor
