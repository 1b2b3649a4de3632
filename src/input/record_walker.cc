#include "record_walker.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/pcap/format.h"

namespace dns_monitor {
namespace {

constexpr size_t kAheadBytes = 768;  // as RecordCursor

template <bool kSwapped>
PcapRecordHeader LoadHeader(const uint8_t* from) {
  PcapRecordHeader header;
  memcpy(&header, from, sizeof(header));
  if constexpr (kSwapped) {
    header.seconds = __builtin_bswap32(header.seconds);
    header.fraction = __builtin_bswap32(header.fraction);
    header.captured_length = __builtin_bswap32(header.captured_length);
    header.original_length = __builtin_bswap32(header.original_length);
  }
  return header;
}

bool IsZero(const PcapRecordHeader& header) {
  return (header.seconds | header.fraction | header.captured_length | header.original_length) == 0;
}

uint32_t FractionsPerSecond(const RecordLayout& layout) {
  return static_cast<uint32_t>(kNanosecondsPerSecond / layout.unit_ns);
}

// Each length must be there before the next one can be looked for, so this runs at the pace of
// memory: what is a few records ahead is asked for early.
template <bool kSwapped>
WalkedRecords WalkPcap(const RecordLayout& layout, absl::Span<const uint8_t> bytes, size_t limit) {
  const uint8_t* at = bytes.data();
  const uint8_t* const end = at + bytes.size();
  const uint8_t* const stop = at + std::min(limit, bytes.size());
  const size_t header_bytes = layout.header_bytes;
  const uint32_t most_captured = layout.most_captured;
  const uint32_t fractions = FractionsPerSecond(layout);
  WalkedRecords walked{.end = limit > bytes.size() ? WalkEnd::kNeedMore : WalkEnd::kLimit};
  while (at < stop) {
    if (static_cast<size_t>(end - at) < header_bytes) {
      walked.end = WalkEnd::kNeedMore;
      break;
    }
    __builtin_prefetch(at + kAheadBytes);
    const PcapRecordHeader header = LoadHeader<kSwapped>(at);
    if (header.captured_length == 0 && IsZero(header)) {
      walked.end = WalkEnd::kZeros;
      break;
    }
    if (header.captured_length > most_captured || header.fraction >= fractions) {
      walked.end = WalkEnd::kBad;
      break;
    }
    if (static_cast<size_t>(end - at) - header_bytes < header.captured_length) {
      walked.end = WalkEnd::kNeedMore;
      break;
    }
    at += header_bytes + header.captured_length;
    ++walked.packets;
  }
  walked.bytes = static_cast<size_t>(at - bytes.data());
  return walked;
}

// As pcap/reader.h says it.
std::string DescribeBad(const RecordLayout& layout, const PcapRecordHeader& header) {
  if (header.captured_length > layout.most_captured) {
    return absl::StrCat("claims ", header.captured_length, " captured bytes, of at most ",
                        layout.most_captured);
  }
  return absl::StrCat("claims ", header.fraction, " of ", FractionsPerSecond(layout),
                      " parts of a second");
}

}  // namespace

WalkedRecords RecordWalker::Walk(absl::Span<const uint8_t> bytes, size_t limit) {
  if (layout_.format == CaptureFormat::kPcapng) return WalkPcapng(bytes, limit);
  const WalkedRecords walked = layout_.swapped ? WalkPcap<true>(layout_, bytes, limit)
                                               : WalkPcap<false>(layout_, bytes, limit);
  if (walked.end == WalkEnd::kBad) {
    const uint8_t* const at = bytes.data() + walked.bytes;
    bad_ = DescribeBad(layout_, layout_.swapped ? LoadHeader<true>(at) : LoadHeader<false>(at));
  }
  return walked;
}

WalkedRecords RecordWalker::WalkPcapng(absl::Span<const uint8_t> bytes, size_t limit) {
  WalkedRecords walked{.end = limit > bytes.size() ? WalkEnd::kNeedMore : WalkEnd::kLimit};
  CapturedRecord record;
  while (walked.bytes < std::min(limit, bytes.size())) {
    size_t length = 0;
    switch (scanner_.Step(bytes.subspan(walked.bytes), &length, &record, &bad_)) {
      case PcapngStep::kPacket:
        ++walked.packets;
        break;
      case PcapngStep::kOther:
        break;
      case PcapngStep::kNeedMore:
        walked.end = WalkEnd::kNeedMore;
        return walked;
      case PcapngStep::kZeros:
        walked.end = WalkEnd::kZeros;
        return walked;
      case PcapngStep::kBad:
        walked.end = WalkEnd::kBad;
        return walked;
    }
    walked.bytes += length;
  }
  return walked;
}

std::shared_ptr<const PcapngSection> RecordWalker::Section() {
  return layout_.format == CaptureFormat::kPcapng ? scanner_.Section() : nullptr;
}

}  // namespace dns_monitor
