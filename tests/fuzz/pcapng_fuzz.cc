// What must hold for the reader of pcapng, whatever a file holds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "dns_monitor/input/pcapng.h"

namespace dns_monitor {
namespace {

void Require(bool condition) {
  if (!condition) abort();
}

struct Step {
  PcapngStep kind;
  size_t length = 0;
  CapturedRecord record;

  bool operator==(const Step& other) const {
    return kind == other.kind && length == other.length &&
           record.bytes.data() == other.record.bytes.data() &&
           record.bytes.size() == other.record.bytes.size() &&
           record.time_ns == other.record.time_ns &&
           record.wire_length == other.record.wire_length &&
           record.link_type == other.record.link_type;
  }
};

Step Take(PcapngScanner* scanner, absl::Span<const uint8_t> bytes) {
  Step step{};
  std::string bad;
  step.kind = scanner->Step(bytes, &step.length, &step.record, &bad);
  Require((step.kind == PcapngStep::kBad) == !bad.empty());
  return step;
}

// A block with a packet lies within its bytes, and a scanner that begins at any border goes on as
// the one that came there.
void Check(absl::Span<const uint8_t> bytes) {
  PcapngScanner scanner;
  while (!bytes.empty()) {
    const std::shared_ptr<const PcapngSection> section = scanner.Section();
    const Step step = Take(&scanner, bytes);
    if (section != nullptr) {
      PcapngScanner other(*section);
      Require(Take(&other, bytes) == step);
    }
    if (step.kind != PcapngStep::kPacket && step.kind != PcapngStep::kOther) return;
    Require(step.length >= 12 && step.length <= bytes.size() && step.length % 4 == 0);
    if (step.kind == PcapngStep::kPacket) {
      Require(step.record.bytes.data() >= bytes.data());
      Require(step.record.bytes.end() <= bytes.data() + step.length - 4);
      Require(step.record.time_ns < INT64_MAX);
    }
    Require(scanner.Section()->interfaces.size() <= kMostPcapngInterfaces);
    bytes.remove_prefix(step.length);
  }
}

}  // namespace
}  // namespace dns_monitor

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dns_monitor::Check({data, size});
  return 0;
}
