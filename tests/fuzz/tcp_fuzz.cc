// What must hold for DNS messages taken out of TCP, whatever comes. A record is a segment:
//
//     flags, 1 from the server | 2 clipped | 4 far away, port, sequence number (2) less 256,
//     deciseconds since the one before, 0
#include <cstddef>
#include <cstdint>
#include <utility>

#include "dns_monitor/packet/tcp.h"
#include "records.h"
#include "require.h"

namespace dns_monitor {
namespace {

constexpr TcpOptions kOptions = {
    .idle_timeout_ns = 20'000'000'000, .memory_bytes = 20'000, .reorder_bytes = 1000};

Packet SegmentOf(const FuzzRecord& record) {
  const uint8_t* says = record.says;
  Packet segment;
  segment.kind = PacketKind::kTcp;
  segment.ip_version = 4;
  segment.protocol = 6;
  segment.has_ports = true;
  segment.source[0] = 10;
  segment.destination[0] = 53;
  segment.source_port = says[2];
  segment.destination_port = 53;
  segment.tcp_flags = says[0];
  // Around where they wrap.
  segment.tcp_seq = static_cast<uint32_t>(says[3] << 8 | says[4]) - 256;
  segment.tcp_ack = segment.tcp_seq + 1;
  if ((says[1] & 4) != 0) segment.tcp_seq += 1u << 31;
  if ((says[1] & 1) != 0) {
    std::swap(segment.source, segment.destination);
    std::swap(segment.source_port, segment.destination_port);
  }
  segment.payload = record.bytes;
  segment.payload_on_wire =
      static_cast<uint32_t>(record.bytes.size()) + ((says[1] & 2) != 0 ? says[4] : 0);
  return segment;
}

void Check(absl::Span<const uint8_t> input) {
  TcpReassembler reassembler(kOptions);
  int64_t time_ns = 0;
  size_t given = 0;
  size_t got = 0;
  const auto hear = [&](const TcpMessage& message) {
    Require(!message.bytes.empty() && message.bytes.size() <= 65535);
    Require(message.segments >= 1 && message.packet != nullptr);
    Require(message.packet->kind == PacketKind::kTcp && message.time_ns <= time_ns);
    Require(message.stream >= 1 && message.stream <= reassembler.counters().streams);
    got += message.bytes.size() + 2;
    RequireReadable(message.bytes);
  };
  FuzzRecord record;
  while (NextRecord(&input, &record)) {
    time_ns += int64_t{record.says[5]} * 100'000'000;
    given += record.bytes.size();
    reassembler.Add(SegmentOf(record), time_ns, hear);
    // The one connection that is left may take more.
    Require(reassembler.memory_bytes() <= 200'000);
  }
  reassembler.Finish(hear);
  Require(reassembler.memory_bytes() == 0);
  Require(got <= given);
}

}  // namespace
}  // namespace dns_monitor

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dns_monitor::Check({data, size});
  return 0;
}
