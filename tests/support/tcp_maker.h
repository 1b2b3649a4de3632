// Connections with DNS in them, segment by segment.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/packet/tcp.h"
#include "support/packet_builder.h"
#include "support/packet_text.h"

namespace dns_monitor {

constexpr uint8_t kDataFlags = kTcpAck | kTcpPsh;

// A query with this id, of so many bytes, which differ from message to message; with fewer than 17,
// where no question fits, a server's error.
inline Bytes DnsMessage(uint16_t id, size_t size = 40) {
  Bytes bytes = {static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id)};
  const Bytes query = {1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1};
  const Bytes error = {0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0};
  const Bytes& rest = size < 17 ? error : query;
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  for (size_t i = bytes.size(); i < size; ++i) bytes.push_back(static_cast<uint8_t>(i * 7 + id));
  return bytes;
}

// As it is in a connection.
inline Bytes Framed(const Bytes& message) {
  Bytes bytes = {static_cast<uint8_t>(message.size() >> 8), static_cast<uint8_t>(message.size())};
  bytes.insert(bytes.end(), message.begin(), message.end());
  return bytes;
}
inline Bytes FramedMessage(uint16_t id, size_t size = 40) {
  return Framed(DnsMessage(id, size));
}

inline Bytes Joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}
inline Bytes Part(const Bytes& bytes, size_t from, size_t to = SIZE_MAX) {
  return {bytes.begin() + static_cast<ptrdiff_t>(from),
          bytes.begin() + static_cast<ptrdiff_t>(std::min(to, bytes.size()))};
}

struct SegmentFields {
  bool from_server = false;
  uint8_t flags = kDataFlags;
  uint16_t client_port = 40000;
  uint32_t ack = 0;
};

inline Packet SegmentOf(uint32_t seq, const Bytes& data, const SegmentFields& fields,
                        Bytes* storage) {
  *storage =
      PacketBuilder()
          .Ethernet()
          .Ipv4()
          .Tcp({.source = fields.client_port, .seq = seq, .ack = fields.ack, .flags = fields.flags})
          .Literal(data);
  Packet packet;
  Dissect({.link_type = kLinkEthernet, .bytes = *storage}, &packet);
  if (fields.from_server) {
    std::swap(packet.source, packet.destination);
    std::swap(packet.source_port, packet.destination_port);
  }
  return packet;
}

// What a reassembler makes of segments, which are given to it with their times.
class TcpListener {
 public:
  struct Heard {
    uint64_t stream;
    bool from_server;
    uint32_t segments;
    int64_t time_ns;
    bool clipped;
    Bytes bytes;
  };

  explicit TcpListener(const TcpOptions& options = {}) : reassembler_(options) {}

  // Returns the ids of the messages that are whole now: "7 8".
  std::string Add(uint32_t seq, const Bytes& data, const SegmentFields& fields = {}) {
    Bytes storage;
    return AddPacket(SegmentOf(seq, data, fields, &storage));
  }
  // As the snap length leaves it.
  std::string AddClipped(uint32_t seq, const Bytes& data, size_t captured) {
    Bytes storage;
    Packet packet = SegmentOf(seq, data, {}, &storage);
    packet.payload = packet.payload.subspan(0, captured);
    return AddPacket(packet);
  }
  std::string AddPacket(const Packet& packet) {
    const size_t before = heard_.size();
    reassembler_.Add(packet, time_ns_, [this](const TcpMessage& message) { Hear(message); });
    return IdsFrom(before);
  }
  std::string Finish() {
    const size_t before = heard_.size();
    reassembler_.Finish([this](const TcpMessage& message) { Hear(message); });
    return IdsFrom(before);
  }
  void Sleep(int64_t ns) { time_ns_ += ns; }

  const std::vector<Heard>& heard() const { return heard_; }
  const TcpCounters& counters() const { return reassembler_.counters(); }
  size_t memory_bytes() const { return reassembler_.memory_bytes(); }

 private:
  void Hear(const TcpMessage& message) {
    heard_.push_back({.stream = message.stream,
                      .from_server = message.packet->source_port == 53,
                      .segments = message.segments,
                      .time_ns = message.time_ns,
                      .clipped = message.clipped,
                      .bytes = {message.bytes.begin(), message.bytes.end()}});
  }
  std::string IdsFrom(size_t index) const {
    std::string ids;
    for (size_t i = index; i < heard_.size(); ++i) {
      const Bytes& bytes = heard_[i].bytes;
      const int id = bytes.size() < 2 ? -1 : bytes[0] << 8 | bytes[1];
      absl::StrAppend(&ids, i == index ? "" : " ", id);
    }
    return ids;
  }

  TcpReassembler reassembler_;
  int64_t time_ns_ = 0;
  std::vector<Heard> heard_;
};

}  // namespace dns_monitor
