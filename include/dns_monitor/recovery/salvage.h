// Finishes what a crash left: parts become segments that hold all their whole records.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/archive/names.h"
#include "dns_monitor/base/disk.h"
#include "dns_monitor/compress/seek_table.h"
#include "dns_monitor/ledger/ledger.h"
#include "dns_monitor/pcap/file_header.h"

namespace dns_monitor {

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
  // Of a compressed one: its frames, without their table, which kept_bytes includes.
  std::vector<FrameSize> frames;
  int64_t content_bytes = 0;  // of the pcap file, before compression
  // Of the records that were kept.
  uint64_t packets = 0;
  uint64_t clipped = 0;         // at the snap length
  uint64_t late = 0;            // after a younger one
  int64_t first_packet_ns = 0;  // the earliest and the latest, CLOCK_REALTIME; 0 without packets
  int64_t last_packet_ns = 0;
  bool committed = false;  // it ends where its process has said
  PcapFileInfo file;
  std::vector<IndexEntry> index;  // of the bytes that were kept
  // What a ledger tells as damage: of a record, or in syncing. Empty: none.
  std::string damage;
  // Why it was left alone; or what did not succeed although it was finished or removed: to sync it,
  // to set its access, to read behind a record that is damaged.
  absl::Status error;
};

// What the process that wrote a part has committed of it before it ended.
struct CommittedPart {
  uint64_t inode = 0;  // 0: not known
  // At a record's border. What lies behind it was not committed, and comes into another file; 0:
  // nothing was.
  int64_t length_bytes = 0;
};

struct SalvageOptions {
  uint32_t mode = 0640;
  int64_t group = -1;  // -1: left as it is
  // Writes that a process has begun may reach a file seconds after its death; its locks last as
  // long. So many times each part's is asked for, with a call of `wait` between two.
  int lock_attempts = 100;
  // What the disk refuses, as a ledger for want of space, it may take later, such as when the other
  // parts have given back what they do not need. So many calls of `wait` it is given, in all.
  int finish_waits = 100;
  std::function<void()> wait;  // none: sleeps for 100 ms
  // Writes and syncs the ledger of a part that is about to get its name (part.name), so that the
  // segment never stands without it. What had the ledger's name is gone by then. After an error the
  // part stays one, and is tried again. None: there will be no ledgers.
  std::function<absl::Status(const SalvagedPart& part)> write_ledger;
  // What is known of a part; nullopt: nothing, it ends at its last whole record. None: of no part.
  std::function<std::optional<CommittedPart>(const SegmentName&)> committed;
  // True: the part at hand and those behind it are left alone, within 0.1 s of work. None: never.
  std::function<bool()> cancelled;
};

// The parts of exactly this interface, oldest first. An error when the directory cannot be listed.
// May block.
absl::StatusOr<std::vector<SegmentName>> FindLeftovers(Disk& disk, absl::string_view interface);

// Finishes these parts one by one: cuts each behind its last whole record, sets access, dates it by
// its last packet, syncs, lets its ledger be written, and renames it as the finisher does. A part
// without whole records is removed. `on_part` is told what became of each, on this thread.
//
// A record header of zeros ends what was written. The zeros may begin within the record before,
// which then looks whole: at a border of 512 bytes, as disks write no less at a time. If that
// record is zero from such a border to its end, it goes, too.
//
// Of a compressed part, what can be read of a frame that has no end is made a frame anew; a table
// of the frames ends the file. What lies behind a damaged frame is never cut off: such a part is
// left alone, unless it is no more than a frame.
//
// Left alone are those that another process writes, that are no pcap files, that are no regular
// files, and that cannot be read, cut or renamed; each is tried again when it is found again. Where
// a record is damaged in a way that no crash does it, the part is finished with all its bytes.
//
// Blocks. One call at a time for an interface. The parts were found before its capture made one.
void Salvage(Disk& disk, const std::vector<SegmentName>& leftovers, const SalvageOptions& options,
             const std::function<void(const SalvagedPart&)>& on_part);

// One line for the log: "finished eth0.20261123_2110.pcap, which a crash left: 5 packets …".
std::string Describe(const SalvagedPart& part);

}  // namespace dns_monitor
