// Ledgers for tests: one with everything in it, one with as little as there can be.
#pragma once

#include "dns_monitor/ledger/ledger.h"

namespace dns_monitor {

inline constexpr int64_t kSampleNs = 1'795'576'839'123'456'789;  // 2026-11-25T03:20:39.123456789Z

inline Sha256 SampleSha256(uint8_t seed) {
  Sha256 sha256;
  for (uint8_t& byte : sha256) byte = seed = static_cast<uint8_t>(seed * 5 + 1);
  return sha256;
}

inline Ledger SmallLedger() {
  Ledger ledger;
  ledger.file_name = "eth0.20261125_0000.pcap";
  ledger.length_bytes = 24;
  ledger.interface = "eth0";
  ledger.ifindex = 2;
  ledger.host = "ns1.example";
  ledger.program_version = "0.1.0";
  ledger.link_type = 1;
  ledger.settings.ports = {53};
  ledger.settings.snaplen = 262144;
  ledger.from_ns = kSampleNs;
  ledger.to_ns = kSampleNs + 60'000'000'000;
  ledger.index = {{.offset = 0, .xxh3 = 0x0123456789abcdef}};
  return ledger;
}

inline Balance FullBalance() {
  Balance balance;
  for (size_t i = 0; i < balance.undecided.size(); ++i) balance.undecided[i] = i + 1;  // 36
  for (size_t i = 0; i < balance.lost.size(); ++i) balance.lost[i] = 10 * (i + 1);     // 280
  balance.not_dns = 600;
  balance.filtered_by_user = 50;
  balance.matched = 1280;
  balance.seen = 600 + 50 + 36 + 1280;
  balance.written = 1005;
  balance.in_ring_begin = 20;
  balance.in_ring_end = 15;
  balance.clipped = 4;
  balance.late = 2;
  return balance;
}

inline Ledger FullLedger() {
  Ledger ledger = SmallLedger();
  ledger.sequence = 18'446'744'073'709'551'615U;
  ledger.previous = {"eth0.20261124_0000.pcap.json", SampleSha256(1)};
  ledger.length_bytes = 113'000'024;
  ledger.compression = {.stored_bytes = 39'000'000, .frames = 108, .level = 3, .lowest_level = 0};
  ledger.settings = {.ports = {53, 853, 65535},
                     .filter = "not host 192.0.2.1 and \"\\ \u00e9\t",
                     .direction = CapturedDirection::kIn,
                     .promiscuous = true,
                     .icmp_errors = true,
                     .snaplen = 1500,
                     .nanoseconds = true,
                     .hook = CapturedHook::kTcx};
  ledger.first_packet_ns = kSampleNs + 1;
  ledger.last_packet_ns = kSampleNs + 59'000'000'000;
  ledger.damaged = true;
  ledger.damage = "write: Input/output error";
  ledger.balance = FullBalance();
  for (size_t i = 0; i < kLossCauseNames.size(); ++i) {
    ledger.losses.push_back({.cause = static_cast<LossCause>(i),
                             .count = 10 * (i + 1),
                             .from_ns = kSampleNs + 100,
                             .to_ns = kSampleNs + 200});
  }
  ledger.losses[0].cpu = 3;
  ledger.losses[1].merged = 7;
  for (size_t i = 0; i < kGapReasonNames.size(); ++i) {
    ledger.gaps.push_back(
        {.from_ns = kSampleNs - 5, .to_ns = kSampleNs, .reason = static_cast<GapReason>(i)});
  }
  ledger.gaps[2].cut_bytes = 77;
  ledger.gaps[7].step_ns = -3'600'000'000'000;
  ledger.interface_begin = {.rx_packets = 1, .rx_dropped = 2, .rx_errors = 3};
  ledger.interface_end = {.rx_packets = 18'446'744'073'709'551'615U,
                          .rx_dropped = 2,
                          .rx_errors = 3,
                          .rx_missed_errors = 4,
                          .tx_packets = 5,
                          .tx_dropped = 6};
  ledger.removed = {{.file_name = "eth0.20261101_0000.pcap",
                     .sequence = 3,
                     .ledger_sha256 = SampleSha256(2),
                     .packets = 12,
                     .first_packet_ns = -1,
                     .last_packet_ns = 0,
                     .reason = "older than 3 weeks"},
                    {.file_name = "eth0.20261102_0000.pcap", .reason = "by hand"}};
  ledger.index = {{.offset = 0,
                   .first_record = 24,
                   .packets = 1000,
                   .first_ns = kSampleNs + 1,
                   .last_ns = kSampleNs + 2,
                   .xxh3 = 1},
                  {.offset = 16 << 20, .xxh3 = 0xffffffffffffffff}};
  return ledger;
}

}  // namespace dns_monitor
