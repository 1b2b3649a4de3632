// Cuts one direction of a connection, whose bytes come in order, into DNS messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "dns_monitor/packet/tcp.h"

namespace dns_monitor {

// Where messages go, with what they have in common while a segment is looked at.
struct TcpDelivery {
  TcpSink sink;
  TcpCounters* counters;
  TcpMessage message;

  void Give(absl::Span<const uint8_t> bytes, uint32_t segments) {
    message.bytes = bytes;
    message.segments = segments;
    ++counters->messages;
    sink(message);
  }
};

class MessageCutter {
 public:
  // A message begins with the next byte.
  void BeginAtBorder();
  // The part of a segment that comes next.
  void Take(absl::Span<const uint8_t> bytes, TcpDelivery* delivery);
  // So many bytes were there, but the snap length clipped them: a message that has begun ends here.
  void Clip(uint32_t bytes, TcpDelivery* delivery);
  // So many bytes will never come.
  void Skip(uint32_t bytes, TcpCounters* counters);
  // Nothing follows.
  void End(TcpCounters* counters);

  // Whether it knows where messages begin.
  bool is_framed() const { return framed_; }
  // The last bytes that were taken, as far as they are still here.
  absl::Span<const uint8_t> kept() const { return partial_; }
  size_t heap_bytes() const { return partial_.capacity(); }

 private:
  bool FindBorder(absl::Span<const uint8_t> bytes, TcpCounters* counters);
  absl::Span<const uint8_t> Complete(absl::Span<const uint8_t> bytes, TcpDelivery* delivery);
  void Forget();

  bool framed_ = false;
  uint32_t skip_ = 0;             // of a message with a hole: what is to come of it
  uint32_t segments_ = 0;         // that partial_ came in
  std::vector<uint8_t> partial_;  // a message's length and beginning
};

}  // namespace dns_monitor
