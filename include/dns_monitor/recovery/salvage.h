// Finishes what a crash left: parts become segments that hold all their whole records.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/disk.h"

namespace dns_monitor {

struct SalvageOptions {
  uint32_t mode = 0640;
  int64_t group = -1;  // -1: left as it is
  // Writes that a process has begun may reach a file seconds after its death; its locks last as
  // long. So many times each part's is asked for, with a call of `wait` between two.
  int lock_attempts = 100;
  std::function<void()> wait;  // none: sleeps for 100 ms
};

enum class SalvageAction {
  kFinished,   // has the name of a segment now
  kRemoved,    // held no whole record
  kLeftAlone,  // for the reason that `error` tells
};

// What became of one part.
struct SalvagedPart {
  std::string part;  // the name that it had
  SegmentName name;  // kFinished: of the segment
  SalvageAction action = SalvageAction::kLeftAlone;
  // Of the bytes that were there, those that still are and those that were cut off: one record at
  // most, and zeros with what lies behind them.
  int64_t kept_bytes = 0;
  int64_t cut_bytes = 0;
  // Of the records that were kept.
  uint64_t packets = 0;
  uint64_t clipped = 0;         // at the snap length
  int64_t first_packet_ns = 0;  // the earliest and the latest, CLOCK_REALTIME; 0 without packets
  int64_t last_packet_ns = 0;
  // Why it was left alone; or what did not succeed although it was finished or removed: to sync it,
  // to set its access, to read behind a record that is damaged.
  absl::Status error;
};

// Finishes each part of exactly this interface, oldest first: cuts it behind its last whole record
// (a record header of zeros ends it, and the record before that goes too when it ends in a zero: it
// may have ended there or have been torn), sets access, syncs, and renames it as the finisher does.
// A part without whole records is removed.
//
// Left alone are those that another process writes, that are no pcap files, that are no regular
// files, and that cannot be read, cut or renamed; each is tried again by the next call. Where a
// record is damaged in a way that no crash does it, the part is finished with all its bytes.
//
// An error when the directory cannot be listed. May block; one call at a time for an interface,
// before its capture writes.
absl::StatusOr<std::vector<SalvagedPart>> Salvage(Disk& disk, absl::string_view interface,
                                                  const SalvageOptions& options);

// One line for the log: "finished eth0.20261123_2110.pcap, which a crash left: 5 packets …".
std::string Describe(const SalvagedPart& part);

}  // namespace dns_monitor
