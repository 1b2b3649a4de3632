// pcapng, block by block (draft-ietf-opsawg-pcapng).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "dns_monitor/input/captured_record.h"

namespace dns_monitor {

// An Interface Description Block, as far as it says how to read packets.
struct PcapngInterface {
  uint32_t link_type = 0;
  uint32_t snaplen = 0;        // 0: no limit
  uint8_t resolution = 6;      // if_tsresol: units of 10^-n s; of 2^-n with the highest bit set
  int64_t offset_seconds = 0;  // if_tsoffset: added to each time
};

// What the blocks so far say of those that follow.
struct PcapngSection {
  bool swapped = false;  // the other byte order than this machine's
  std::vector<PcapngInterface> interfaces;
};

// Of each section. A file with more is refused, so that memory is bounded whatever it says.
inline constexpr size_t kMostPcapngInterfaces = 4096;
// As pcap/reader.h: no link type has longer records. Blocks may be as long, and hold options.
inline constexpr uint32_t kMostPcapngBlockBytes = (128 << 20) + (1 << 20);

enum class PcapngStep {
  kPacket,
  kOther,     // a block without a packet
  kNeedMore,  // the bytes end within the block, or there are none
  kZeros,     // zeros stand where a block should begin
  kBad,       // no writer makes such a block
};

// Goes from block to block over bytes that come in pieces. One thread.
class PcapngScanner {
 public:
  // At the beginning of a file.
  PcapngScanner() = default;
  // Behind blocks that say this.
  explicit PcapngScanner(const PcapngSection& section) : section_(section), begun_(true) {}

  // Takes the block that `bytes` begin with: `length` is how long it is, after kPacket and kOther;
  // `record` is filled after kPacket, and points into `bytes`; `bad` says what is wrong after kBad.
  PcapngStep Step(absl::Span<const uint8_t> bytes, size_t* length, CapturedRecord* record,
                  std::string* bad);

  // What is known by now; the same object as long as no block has changed it.
  std::shared_ptr<const PcapngSection> Section();

 private:
  struct Body;

  PcapngStep BeginSection(absl::Span<const uint8_t> bytes, size_t* length, std::string* bad);
  bool AddInterface(const Body& body, std::string* bad);
  bool TakePacket(uint32_t type, const Body& body, CapturedRecord* record, std::string* bad) const;

  PcapngSection section_;
  bool begun_ = false;                             // there was a section header
  std::shared_ptr<const PcapngSection> snapshot_;  // null: section_ has changed
};

// `units` of the interface's resolution since 1970. Clamped to what is representable.
int64_t PcapngTimeNs(const PcapngInterface& interface, uint64_t units);

}  // namespace dns_monitor
