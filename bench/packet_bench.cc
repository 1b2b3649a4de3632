// Taking frames apart, and DNS messages out of TCP segments.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "dns_monitor/packet/packet.h"
#include "dns_monitor/packet/tcp.h"
#include "support/packet_builder.h"

namespace dns_monitor::bench {
namespace {

constexpr size_t kFrames = 1024;  // in the second cache, as frames that were just read are
constexpr size_t kMessageBytes = 60;

// Frames one behind the other, as in a file, that differ in the client's port.
class Frames {
 public:
  explicit Frames(const std::vector<Bytes>& frames) {
    for (const Bytes& frame : frames) bytes_.insert(bytes_.end(), frame.begin(), frame.end());
    const uint8_t* at = bytes_.data();
    for (const Bytes& frame : frames) {
      frames_.push_back({.link_type = kLinkEthernet,
                         .bytes = {at, frame.size()},
                         .wire_length = static_cast<uint32_t>(frame.size())});
      at += frame.size();
    }
  }
  const std::vector<Frame>& all() const { return frames_; }

 private:
  std::vector<uint8_t> bytes_;
  std::vector<Frame> frames_;
};

// `make` adds IP and what is around it.
template <typename Make>
Frames UdpFrames(Make make) {
  std::vector<Bytes> frames;
  for (size_t i = 0; i < kFrames; ++i) {
    PacketBuilder frame = PacketBuilder().Ethernet();
    make(&frame);
    frames.push_back(frame.Udp(static_cast<uint16_t>(40000 + i), 53).Data(kMessageBytes));
  }
  return Frames(frames);
}

void ReportEach(benchmark::State& state, size_t each) {
  state.counters["per_packet"] =
      benchmark::Counter(static_cast<double>(each), benchmark::Counter::kIsIterationInvariantRate |
                                                        benchmark::Counter::kInvert);
}

void DissectAll(benchmark::State& state, const Frames& frames) {
  Packet packet;
  for (auto _ : state) {
    size_t payload_bytes = 0;
    for (const Frame& frame : frames.all()) {
      Dissect(frame, &packet);
      benchmark::DoNotOptimize(packet);
      payload_bytes += packet.payload.size();
    }
    if (payload_bytes != kFrames * kMessageBytes) state.SkipWithError("payload is missing");
  }
  ReportEach(state, kFrames);
}

void DissectUdp4(benchmark::State& state) {
  DissectAll(state, UdpFrames([](PacketBuilder* frame) { frame->Ipv4(); }));
}
BENCHMARK(DissectUdp4);

void DissectUdp6(benchmark::State& state) {
  DissectAll(state, UdpFrames([](PacketBuilder* frame) { frame->Ipv6(); }));
}
BENCHMARK(DissectUdp6);

void DissectVlan(benchmark::State& state) {
  DissectAll(state, UdpFrames([](PacketBuilder* frame) { frame->Vlan(5).Ipv4(); }));
}
BENCHMARK(DissectVlan);

void DissectVxlan(benchmark::State& state) {
  DissectAll(state,
             UdpFrames([](PacketBuilder* frame) { frame->Ipv4().Vxlan().Ethernet().Ipv4(); }));
}
BENCHMARK(DissectVxlan);

// Ceiling: only the ports and the length, read where they are in such frames, into a packet.
void CeilingFixedOffsets(benchmark::State& state) {
  const Frames frames = UdpFrames([](PacketBuilder* frame) { frame->Ipv4(); });
  static constexpr Packet kNewPacket;
  Packet packet;
  for (auto _ : state) {
    for (const Frame& frame : frames.all()) {
      packet = kNewPacket;
      std::memcpy(&packet.source, frame.bytes.data() + 26, 4);
      std::memcpy(&packet.destination, frame.bytes.data() + 30, 4);
      std::memcpy(&packet.source_port, frame.bytes.data() + 34, 2);
      std::memcpy(&packet.destination_port, frame.bytes.data() + 36, 2);
      packet.payload = frame.bytes.subspan(42);
      benchmark::DoNotOptimize(packet);
    }
  }
  ReportEach(state, kFrames);
}
BENCHMARK(CeilingFixedOffsets);

Bytes FramedMessages(int count) {
  Bytes bytes;
  for (int i = 0; i < count; ++i) {
    bytes.insert(bytes.end(), {0, kMessageBytes, 0, 0, 1, 0, 0, 1});
    bytes.resize(bytes.size() + kMessageBytes - 6);
  }
  return bytes;
}

// Segments of one message each, of so many connections in turn; per_packet is a message's.
void TcpOneMessageSegments(benchmark::State& state) {
  const auto connections = static_cast<uint32_t>(state.range(0));
  const Bytes data = FramedMessages(1);
  std::vector<Packet> segments(connections);
  TcpReassembler reassembler;
  uint64_t messages = 0;
  const auto hear = [&](const TcpMessage& message) {
    messages += message.bytes.size() == kMessageBytes ? 1 : 0;
  };
  for (uint32_t i = 0; i < connections; ++i) {
    Packet& segment = segments[i];
    segment = {.kind = PacketKind::kTcp, .ip_version = 4, .protocol = 6, .tcp_flags = kTcpSyn};
    std::memcpy(segment.source, &i, sizeof(i));
    segment.source_port = 40000;
    segment.destination_port = 53;
    reassembler.Add(segment, 0, hear);
    segment.tcp_flags = kTcpAck;
    ++segment.tcp_seq;
    segment.payload = data;
    segment.payload_on_wire = static_cast<uint32_t>(data.size());
  }
  uint64_t expected = 0;
  for (auto _ : state) {
    for (Packet& segment : segments) {
      reassembler.Add(segment, 0, hear);
      segment.tcp_seq += static_cast<uint32_t>(data.size());
    }
    expected += connections;
  }
  if (messages != expected) state.SkipWithError("messages are missing");
  ReportEach(state, connections);
}
BENCHMARK(TcpOneMessageSegments)->ArgName("connections")->Arg(1)->Arg(1000)->Arg(50'000);

// Ceiling: a segment of many messages, so that finding the connection costs nothing.
void CeilingTcpManyMessages(benchmark::State& state) {
  constexpr int kMessages = 1000;
  const Bytes data = FramedMessages(kMessages);
  TcpReassembler reassembler;
  uint64_t messages = 0;
  Packet segment = {.kind = PacketKind::kTcp, .ip_version = 4, .tcp_flags = kTcpSyn};
  const auto hear = [&](const TcpMessage&) { ++messages; };
  reassembler.Add(segment, 0, hear);
  segment.tcp_flags = kTcpAck;
  ++segment.tcp_seq;
  segment.payload = data;
  segment.payload_on_wire = static_cast<uint32_t>(data.size());
  for (auto _ : state) {
    reassembler.Add(segment, 0, hear);
    segment.tcp_seq += static_cast<uint32_t>(data.size());
  }
  ReportEach(state, kMessages);
}
BENCHMARK(CeilingTcpManyMessages);

}  // namespace
}  // namespace dns_monitor::bench

BENCHMARK_MAIN();
