#include "dns_monitor/scan/streams.h"

#include <utility>

namespace dns_monitor {

void WholeMessages::Push(WholeMessage message, absl::Span<const uint8_t> bytes) {
  if (empty()) {
    messages_.clear();
    bytes_.clear();
    next_ = 0;
  }
  message.offset = bytes_.size();
  message.size = bytes.size();
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  messages_.push_back(std::move(message));
}

void Streams::Take(const Packet& packet, int64_t time_ns, uint32_t frame_bytes,
                   const PortSet& ports, WholeMessages* to) {
  if (packet.kind == PacketKind::kTcp) {
    TakeSegment(packet, time_ns, frame_bytes, ports, to);
    return;
  }
  const Packet* whole = fragments_.Add(packet, time_ns);
  if (whole == nullptr) return;
  if (whole->kind == PacketKind::kTcp) {
    TakeSegment(*whole, time_ns, frame_bytes, ports, to);
  } else if (whole->kind == PacketKind::kUdp &&
             ports.HasEither(whole->source_port, whole->destination_port)) {
    to->Push({.packet = *whole, .time_ns = time_ns, .frame_bytes = frame_bytes}, whole->payload);
  }
}

void Streams::TakeSegment(const Packet& segment, int64_t time_ns, uint32_t frame_bytes,
                          const PortSet& ports, WholeMessages* to) {
  if (!ports.HasEither(segment.source_port, segment.destination_port)) return;
  tcp_.Add(segment, time_ns, [&](const TcpMessage& message) {
    to->Push({.packet = segment,
              .time_ns = time_ns,
              .frame_bytes = frame_bytes,
              .stream = message.stream},
             message.bytes);
  });
}

}  // namespace dns_monitor
