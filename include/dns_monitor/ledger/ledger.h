// What a finished segment's ledger says: what was captured, and what was lost.
//
// Times are nanoseconds of CLOCK_REALTIME. Those of packets are as the file has them: whole
// microseconds, unless settings.nanoseconds. Texts are UTF-8 (FormatLedger refuses others).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "dns_monitor/ledger/terms.h"

namespace dns_monitor {

// Changes when a ledger of the new kind would be misread by a program of before; fields, causes and
// reasons are added without it.
inline constexpr uint32_t kLedgerFormatVersion = 1;

using Sha256 = std::array<uint8_t, 32>;

// The ledger before, of the same interface in the same directory.
struct LedgerLink {
  std::string file_name;
  Sha256 sha256{};  // of its bytes

  bool operator==(const LedgerLink&) const = default;
};

struct LedgerSettings {
  std::vector<uint16_t> ports;
  std::string filter;  // pcap-filter(7); empty: none
  CapturedDirection direction = CapturedDirection::kInOut;
  bool promiscuous = false;
  bool icmp_errors = false;
  uint32_t snaplen = 0;
  bool nanoseconds = false;
  std::optional<CapturedHook> hook = std::nullopt;  // nullopt: not known

  bool operator==(const LedgerSettings&) const = default;
};

// Packets of one segment, by what became of them.
struct Balance {
  uint64_t seen =
      0;  // those that came while the filter was busy (UndecidedCause::kNested) included
  uint64_t not_dns = 0;
  uint64_t filtered_by_user = 0;
  std::array<uint64_t, kUndecidedCauseNames.size()> undecided{};
  uint64_t matched = 0;
  uint64_t written = 0;
  std::array<uint64_t, kLossCauseNames.size()> lost{};
  uint64_t in_ring_begin = 0;  // matched and not yet written when the segment began
  uint64_t in_ring_end = 0;
  uint64_t clipped = 0;  // of written: longer than the snap length
  uint64_t late = 0;     // of written: after a younger packet

  bool operator==(const Balance&) const = default;
};

// What does not add up, in sentences; empty: it balances.
//     seen    = not_dns + filtered_by_user + sum(undecided) + matched
//     matched = written + sum(lost) + (in_ring_end - in_ring_begin)
std::vector<std::string> Balances(const Balance& balance);

// Packets lost together.
struct Loss {
  LossCause cause = LossCause::kOther;
  std::optional<uint32_t> cpu = std::nullopt;  // where known, and the same for all of them
  uint64_t count = 0;
  int64_t from_ns = 0;
  int64_t to_ns = 0;
  uint64_t merged = 0;  // further losses that count, from and to include: AddLoss had no room

  bool operator==(const Loss&) const = default;
};

inline constexpr size_t kMostLosses = 256;

// Appends; behind the first kMostLosses only what is the first of its cause. Any other is merged
// into the last one of its cause, so that the sum of each cause stays right.
void AddLoss(const Loss& loss, std::vector<Loss>* losses);

struct Gap {
  int64_t from_ns = 0;
  int64_t to_ns = 0;
  GapReason reason = GapReason::kOther;
  // kClockStep: ahead, or back (negative).
  std::optional<int64_t> step_ns = std::nullopt;
  // kCrashed: taken off the file's end, where no whole record was.
  std::optional<uint64_t> cut_bytes = std::nullopt;

  bool operator==(const Gap&) const = default;
};

// Of rtnl_link_stats64 (linux/if_link.h), by its names.
struct InterfaceCounters {
  uint64_t rx_packets = 0;
  uint64_t rx_dropped = 0;
  uint64_t rx_errors = 0;
  uint64_t rx_missed_errors = 0;
  uint64_t tx_packets = 0;
  uint64_t tx_dropped = 0;

  bool operator==(const InterfaceCounters&) const = default;
};

// A segment that retention deleted. What only its ledger told is missing where that was missing.
struct RemovedSegment {
  std::string file_name;
  std::optional<uint64_t> sequence = std::nullopt;
  std::optional<Sha256> ledger_sha256 = std::nullopt;
  std::optional<uint64_t> packets = std::nullopt;
  std::optional<int64_t> first_packet_ns = std::nullopt;
  std::optional<int64_t> last_packet_ns = std::nullopt;
  std::string reason;

  bool operator==(const RemovedSegment&) const = default;
};

// One stretch of the pcap file, before compression: the bytes from `offset` to the next entry's, or
// to the file's end.
struct IndexEntry {
  int64_t offset = 0;
  // Of the records that begin in the stretch, wherever they end:
  std::optional<int64_t> first_record = std::nullopt;  // offset
  uint64_t packets = 0;
  std::optional<int64_t> first_ns = std::nullopt;  // the earliest
  std::optional<int64_t> last_ns = std::nullopt;   // the latest
  uint64_t xxh3 = 0;                               // XXH3, 64 bits, of the stretch's bytes

  bool operator==(const IndexEntry&) const = default;
};

// Of a segment that is stored in frames of zstd. Levels are zstd's; 0: frames that hold their
// content as it is.
struct LedgerCompression {
  int64_t stored_bytes = 0;  // the file's length, the table of the frames included
  uint64_t frames = 0;
  std::optional<uint32_t> level = std::nullopt;  // that was asked for; none: not known
  // Of the frames, where it did not always keep up.
  std::optional<uint32_t> lowest_level = std::nullopt;

  bool operator==(const LedgerCompression&) const = default;
};

struct Ledger {
  uint64_t sequence = 0;                              // one more than the ledger before
  std::optional<LedgerLink> previous = std::nullopt;  // none: the first
  std::string file_name;                              // of the segment
  int64_t length_bytes = 0;                           // of the pcap file, before compression
  std::optional<LedgerCompression> compression = std::nullopt;
  std::string interface;
  uint32_t ifindex = 0;
  std::string host;
  std::string program_version;
  uint32_t link_type = 0;  // https://www.tcpdump.org/linktypes.html
  LedgerSettings settings;
  int64_t from_ns = 0;  // the segment's borders: from <= time < to
  int64_t to_ns = 0;
  std::optional<int64_t> first_packet_ns = std::nullopt;  // none without packets
  std::optional<int64_t> last_packet_ns = std::nullopt;
  bool damaged = false;  // closed after an error of the disk
  std::string damage;    // which
  Balance balance;
  std::vector<Loss> losses;
  std::vector<Gap> gaps;
  std::optional<InterfaceCounters> interface_begin = std::nullopt;  // none: it was not there
  std::optional<InterfaceCounters> interface_end = std::nullopt;
  std::vector<RemovedSegment> removed;  // since the ledger before
  std::vector<IndexEntry> index;        // in the order of the file, without holes

  bool operator==(const Ledger&) const = default;
};

}  // namespace dns_monitor
