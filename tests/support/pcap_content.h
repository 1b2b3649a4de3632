// Reads pcap files as a stranger would: strictly, and without a line of the writer's.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace dns_monitor {

struct PcapPacket {
  int64_t time_ns = 0;
  uint32_t seconds = 0;
  uint32_t fraction = 0;
  uint32_t original_length = 0;
  absl::string_view payload;  // of the bytes that were parsed
  size_t end = 0;             // where its record ends in the file
};

struct PcapContent {
  bool has_header = false;  // 24 bytes that begin with one of the two magic numbers
  bool nanoseconds = false;
  uint32_t snaplen = 0;
  uint32_t link_type = 0;
  std::vector<PcapPacket> packets;
  // Behind the last whole record; 0 in a finished file. A record that is all zeros counts as none.
  size_t rest_bytes = 0;
};

inline uint32_t LittleEndian32(absl::string_view bytes, size_t offset) {
  uint32_t value = 0;
  for (size_t byte = 4; byte-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[offset + byte]);
  }
  return value;
}

inline PcapContent ParsePcap(absl::string_view bytes) {
  constexpr size_t kFileHeader = 24;
  constexpr size_t kRecordHeader = 16;
  PcapContent content;
  content.rest_bytes = bytes.size();
  if (bytes.size() < kFileHeader) return content;
  const uint32_t magic = LittleEndian32(bytes, 0);
  content.nanoseconds = magic == 0xa1b23c4d;
  content.has_header = (magic == 0xa1b2c3d4 || content.nanoseconds) &&
                       LittleEndian32(bytes, 4) == (4u << 16 | 2u) &&
                       LittleEndian32(bytes, 8) == 0 && LittleEndian32(bytes, 12) == 0;
  content.snaplen = LittleEndian32(bytes, 16);
  content.link_type = LittleEndian32(bytes, 20);
  if (!content.has_header) return content;
  size_t at = kFileHeader;
  while (bytes.size() - at >= kRecordHeader) {
    const size_t captured = LittleEndian32(bytes, at + 8);
    PcapPacket packet;
    packet.seconds = LittleEndian32(bytes, at);
    packet.fraction = LittleEndian32(bytes, at + 4);
    packet.original_length = LittleEndian32(bytes, at + 12);
    const bool zeros = captured == 0 && packet.seconds == 0 && packet.original_length == 0;
    if (zeros || captured > content.snaplen || bytes.size() - at - kRecordHeader < captured) break;
    packet.time_ns = packet.seconds * int64_t{1'000'000'000} +
                     packet.fraction * (content.nanoseconds ? int64_t{1} : int64_t{1000});
    packet.payload = bytes.substr(at + kRecordHeader, captured);
    at += kRecordHeader + captured;
    packet.end = at;
    content.packets.push_back(packet);
  }
  content.rest_bytes = bytes.size() - at;
  return content;
}

}  // namespace dns_monitor
