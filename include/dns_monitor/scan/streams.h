// What needs the packets before: IP fragments and TCP, of one interface.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "dns_monitor/input/captured_record.h"
#include "dns_monitor/input/plan.h"
#include "dns_monitor/packet/fragments.h"
#include "dns_monitor/packet/packet.h"
#include "dns_monitor/packet/tcp.h"
#include "dns_monitor/scan/port_set.h"

namespace dns_monitor {

// A DNS message that was put together, with the packet that made it whole.
struct WholeMessage {
  const PlannedFile* file = nullptr;
  Packet packet;  // its `payload` is not to be used: whose it was may be gone
  int64_t time_ns = 0;
  uint32_t frame_bytes = 0;  // of the last frame that came
  uint64_t stream = 0;       // 0: UDP
  size_t offset = 0;         // of its bytes in WholeMessages
  size_t size = 0;
  bool clipped = false;
};

// Messages that wait to be told, oldest first, with bytes of their own.
class WholeMessages {
 public:
  bool empty() const { return next_ == messages_.size(); }
  void Push(WholeMessage message, absl::Span<const uint8_t> bytes);
  // The oldest one, which stays as it is until the next Push.
  const WholeMessage& Pop() { return messages_[next_++]; }
  absl::Span<const uint8_t> BytesOf(const WholeMessage& message) const {
    return absl::MakeConstSpan(bytes_).subspan(message.offset, message.size);
  }

 private:
  std::vector<WholeMessage> messages_;
  std::vector<uint8_t> bytes_;
  size_t next_ = 0;
};

// One thread at a time.
class Streams {
 public:
  // `packet` is a fragment or of TCP, and was found in `record` of `file`. What is whole by that is
  // pushed to `to`.
  void Take(const Packet& packet, const CapturedRecord& record, const PlannedFile& file,
            const PortSet& ports, WholeMessages* to);
  // Nothing comes any more.
  void Finish(WholeMessages* to);

  const FragmentCounters& fragment_counters() const { return fragments_.counters(); }
  const TcpCounters& tcp_counters() const { return tcp_.counters(); }

 private:
  void TakeSegment(const Packet& segment, const CapturedRecord& record, const PortSet& ports,
                   WholeMessages* to);
  void Push(const TcpMessage& message, uint32_t frame_bytes, WholeMessages* to);

  const PlannedFile* file_ = nullptr;  // of what was taken last
  FragmentReassembler fragments_;
  TcpReassembler tcp_;
};

}  // namespace dns_monitor
