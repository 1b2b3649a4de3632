#include "dns_monitor/input/record_cursor.h"

namespace dns_monitor {
namespace {

uint64_t WidthNs(const TimeRange& range) {
  if (range.from_ns >= range.to_ns) return 0;
  return static_cast<uint64_t>(range.to_ns) - static_cast<uint64_t>(range.from_ns);
}

}  // namespace

RecordCursor::RecordCursor(const RecordBlock& block, TimeRange range)
    : at_(block.bytes.data()),
      end_(at_ + block.bytes.size()),
      header_bytes_(block.layout.header_bytes),
      unit_ns_(block.layout.unit_ns),
      link_type_(block.layout.link_type),
      swapped_(block.layout.swapped),
      pcapng_(block.layout.format == CaptureFormat::kPcapng),
      from_ns_(static_cast<uint64_t>(range.from_ns)),
      range_ns_(WidthNs(range)) {
  // None at the beginning of a file, which says all itself.
  if (block.section != nullptr) scanner_ = PcapngScanner(*block.section);
}

bool RecordCursor::NextOfPcapng(CapturedRecord* record) {
  std::string bad;
  while (at_ < end_) {
    size_t length = 0;
    const PcapngStep step =
        scanner_.Step({at_, static_cast<size_t>(end_ - at_)}, &length, record, &bad);
    if (step != PcapngStep::kPacket && step != PcapngStep::kOther) {
      at_ = end_;
      return false;
    }
    at_ += length;
    if (step == PcapngStep::kPacket && Wanted(record->time_ns)) return true;
  }
  return false;
}

}  // namespace dns_monitor
