// What a check of a capture's files finds: problems, and notes on what is none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"

namespace dns_monitor {

// The names below stand in the output, for programs: they never change their meaning.
enum class FindingKind : uint8_t {
  // Notes.
  kBeingWritten,  // a part
  kDamaged,       // its ledger says itself that the disk failed
  kGone,          // deleted while it was checked, or too lately for a ledger to tell

  // Of a directory or file that was asked for.
  kUnreadable,  // also of a segment
  kEmpty,       // no segment in it
  kNotASegment,
  // Of a pcap file by itself.
  kNotPcap,
  kTruncated,
  kZeros,
  kBadRecord,
  kFrames,  // of zstd, or their table
  // Of a segment and its ledger.
  kPcapMissing,
  kLedgerMissing,
  kLedgerUnreadable,
  kLedgerInvalid,
  kOfAnotherFile,
  kLength,
  kLinkType,
  kSnaplen,
  kTimeUnit,
  kPackets,
  kFirstPacket,
  kLastPacket,
  kClipped,
  kOrder,
  kBorders,
  kIndex,
  kChecksum,
  kSeal,
  kBalance,
  // Of ledgers among each other.
  kSegmentMissing,
  kSequence,
  kChain,
  kInRing,
};
inline constexpr std::array<absl::string_view, 34> kFindingNames = {"being_written",
                                                                    "damaged",
                                                                    "gone",
                                                                    "unreadable",
                                                                    "empty",
                                                                    "not_a_segment",
                                                                    "not_pcap",
                                                                    "truncated",
                                                                    "zeros",
                                                                    "bad_record",
                                                                    "frames",
                                                                    "pcap_missing",
                                                                    "ledger_missing",
                                                                    "ledger_unreadable",
                                                                    "ledger_invalid",
                                                                    "of_another_file",
                                                                    "length",
                                                                    "link_type",
                                                                    "snaplen",
                                                                    "time_unit",
                                                                    "packets",
                                                                    "first_packet",
                                                                    "last_packet",
                                                                    "clipped",
                                                                    "order",
                                                                    "borders",
                                                                    "index",
                                                                    "checksum",
                                                                    "seal",
                                                                    "balance",
                                                                    "segment_missing",
                                                                    "sequence",
                                                                    "chain",
                                                                    "in_ring"};
static_assert(static_cast<size_t>(FindingKind::kInRing) == kFindingNames.size() - 1);

constexpr absl::string_view NameOf(FindingKind kind) {
  return kFindingNames[static_cast<size_t>(kind)];
}

constexpr bool IsProblem(FindingKind kind) {
  return kind >= FindingKind::kUnreadable;
}

struct Finding {
  std::string file;  // its name; a path once it has left the directory (verify.h)
  FindingKind kind = FindingKind::kUnreadable;
  std::string message;  // one line, but for what a file of a stranger brings into it
};

// Takes findings as they are made.
using FindingSink = std::function<void(const Finding&)>;

}  // namespace dns_monitor
