// What must hold for fragments put together, whatever comes. A record is a fragment:
//
//     id, offset in words of 8 bytes (2), 1 more | 2 IPv6 | 4 clipped, protocol, seconds since the
//     one before, 0
#include <cstddef>
#include <cstdint>

#include "dns_monitor/packet/fragments.h"
#include "records.h"
#include "require.h"

namespace dns_monitor {
namespace {

constexpr FragmentOptions kOptions = {.memory_bytes = 6000, .datagrams = 5, .pieces = 8};

Packet FragmentOf(const FuzzRecord& record) {
  const uint8_t* says = record.says;
  Packet fragment;
  fragment.kind = PacketKind::kFragment;
  fragment.ip_version = (says[3] & 2) != 0 ? 6 : 4;
  fragment.protocol = says[4];
  fragment.fragment_id = says[0];
  fragment.fragment_offset = static_cast<uint32_t>(says[1] << 8 | says[2]) * 8;
  fragment.more_fragments = (says[3] & 1) != 0;
  fragment.payload = record.bytes;
  fragment.payload_on_wire =
      static_cast<uint32_t>(record.bytes.size()) + ((says[3] & 4) != 0 ? 8 : 0);
  return fragment;
}

void Check(absl::Span<const uint8_t> input) {
  FragmentReassembler reassembler(kOptions);
  int64_t time_ns = 0;
  size_t given = 0;
  uint64_t whole = 0;
  FuzzRecord record;
  while (NextRecord(&input, &record)) {
    time_ns += int64_t{record.says[5]} * 1'000'000'000;
    given += record.bytes.size();
    const Packet* packet = reassembler.Add(FragmentOf(record), time_ns);
    Require(reassembler.memory_bytes() <= kOptions.memory_bytes);
    if (packet == nullptr) continue;
    ++whole;
    Require(packet->kind != PacketKind::kFragment);
    Require(packet->fragments >= 1);
    Require(packet->payload.size() <= packet->payload_on_wire);
    Require(packet->payload.size() <= given);
    RequireReadable(packet->payload);
  }
  reassembler.Finish();
  Require(reassembler.memory_bytes() == 0);
  Require(reassembler.counters().datagrams >= whole);
}

}  // namespace
}  // namespace dns_monitor

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dns_monitor::Check({data, size});
  return 0;
}
