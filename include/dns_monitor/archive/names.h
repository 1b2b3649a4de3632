// The names of a capture's files: the one place that knows them.
//
//   eth0.20261123_2110.pcap            a finished segment
//   eth0.20261123_2110-1.pcap          the second one that began in that minute
//   eth0.20261123_211030.pcap          periods under a minute carry seconds
//   eth0.20261123_2110.pcap.zst        compressed
//   eth0.20261123_2110.pcap.json       its ledger (…pcap.zst.json beside a compressed one)
//   eth0.20261123_2110.pcap.sha256     its seal (…pcap.zst.sha256 beside a compressed one)
//   eth0.20261123_2110.pcap.part       being written (…pcap.zst.part: compressed)
//   .eth0.lock                         held by the process that captures eth0 into the directory
//   .eth0.removed                      what retention deleted, until a ledger tells it
//   ….new                              on its way to take the place of "…"
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace dns_monitor {

inline constexpr absl::string_view kCompressedSuffix = ".zst";
inline constexpr absl::string_view kPartSuffix = ".part";
inline constexpr absl::string_view kLedgerSuffix = ".json";
inline constexpr absl::string_view kSealSuffix = ".sha256";
inline constexpr absl::string_view kNewSuffix = ".new";

struct SegmentName {
  std::string interface;
  absl::CivilSecond start;   // in the zone of the capture
  bool has_seconds = false;  // the name tells them
  int ordinal = 0;           // -1, -2 … of names that were taken; 0 has no suffix
  bool compressed = false;

  // Without ".pcap": "eth0.20261123_2110-1".
  std::string Stem() const;
  std::string Pcap() const;  // Stem() + ".pcap", or ".pcap.zst"
  std::string Part() const;  // Pcap() + ".part"
};

enum class FileKind { kSegment, kLedger, kSeal, kPart };

struct ParsedName {
  SegmentName segment;
  FileKind kind = FileKind::kSegment;
};

// Takes a file name apart; nullopt for anything that is not exactly of the forms above. Interface
// names may contain dots ("eth0.100"): the last ".DATE_TIME" counts.
std::optional<ParsedName> ParseName(absl::string_view file_name);

std::string LockName(absl::string_view interface);
std::string RemovalsName(absl::string_view interface);

}  // namespace dns_monitor
