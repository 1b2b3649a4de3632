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

void Streams::Take(const Packet& packet, const CapturedRecord& record, const PlannedFile& file,
                   const PortSet& ports, WholeMessages* to) {
  file_ = &file;
  if (packet.kind == PacketKind::kTcp) {
    TakeSegment(packet, record, ports, to);
    return;
  }
  const Packet* whole = fragments_.Add(packet, record.time_ns);
  if (whole == nullptr) return;
  if (whole->kind == PacketKind::kTcp) {
    TakeSegment(*whole, record, ports, to);
  } else if (whole->kind == PacketKind::kUdp &&
             ports.HasEither(whole->source_port, whole->destination_port)) {
    to->Push({.file = file_,
              .packet = *whole,
              .time_ns = record.time_ns,
              .frame_bytes = record.wire_length,
              .clipped = whole->payload.size() < whole->payload_on_wire},
             whole->payload);
  }
}

void Streams::TakeSegment(const Packet& segment, const CapturedRecord& record, const PortSet& ports,
                          WholeMessages* to) {
  if (!ports.HasEither(segment.source_port, segment.destination_port)) return;
  tcp_.Add(segment, record.time_ns,
           [&](const TcpMessage& message) { Push(message, record.wire_length, to); });
}

void Streams::Finish(WholeMessages* to) {
  fragments_.Finish();
  tcp_.Finish([&](const TcpMessage& message) { Push(message, 0, to); });
}

void Streams::Push(const TcpMessage& message, uint32_t frame_bytes, WholeMessages* to) {
  to->Push({.file = file_,
            .packet = *message.packet,
            .time_ns = message.time_ns,
            .frame_bytes = frame_bytes,
            .stream = message.stream,
            .clipped = message.clipped},
           message.bytes);
}

}  // namespace dns_monitor
