// Whole records of one file, as they follow each other in it.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/types/span.h"
#include "dns_monitor/input/pcapng.h"
#include "dns_monitor/input/plan.h"

namespace dns_monitor {

enum class CaptureFormat : uint8_t {
  kPcap,
  kPcapng,
};

// How the records of a file are written down.
struct RecordLayout {
  CaptureFormat format = CaptureFormat::kPcap;
  // Of pcap:
  bool swapped = false;        // the other byte order than this machine's
  uint32_t unit_ns = 1000;     // of the fraction of a second
  uint32_t header_bytes = 16;  // of a record; 24 with Kuznetzov's additions (magic a1b2cd34)
  uint32_t most_captured = 0;  // bytes, of a record that is taken for one
  uint32_t link_type = 0;      // without what the upper bits say of checksums
};

// Can be copied; record_cursor.h walks over it. Bytes and file stay valid as long as a copy lives
// and the plan does.
struct RecordBlock {
  const PlannedFile* file = nullptr;
  uint32_t file_number = 0;  // in the plan
  uint64_t ordinal = 0;      // over all files, in their order, from 0 on
  bool first_of_file = false;
  bool last_of_file = false;
  absl::Span<const uint8_t> bytes;  // may be none
  std::shared_ptr<const void> memory;
  RecordLayout layout;
  std::shared_ptr<const PcapngSection> section;  // of pcapng: what the blocks before say
};

}  // namespace dns_monitor
