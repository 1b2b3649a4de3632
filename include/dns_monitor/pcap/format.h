// The pcap file format (draft-ietf-opsawg-pcap), in this machine's byte order, in which we write;
// reader.h takes both.
#pragma once

#include <cstdint>

namespace dns_monitor {

inline constexpr uint32_t kPcapMagicMicroseconds = 0xa1b2c3d4;
inline constexpr uint32_t kPcapMagicNanoseconds = 0xa1b23c4d;

// https://www.tcpdump.org/linktypes.html
enum class LinkType : uint32_t {
  kEthernet = 1,
  kRaw = 101,  // the frame begins with an IPv4 or IPv6 header
};

struct PcapFileHeader {
  uint32_t magic = kPcapMagicMicroseconds;
  uint16_t major = 2;
  uint16_t minor = 4;
  int32_t zone_offset_seconds = 0;  // always 0: timestamps are UTC
  uint32_t timestamp_accuracy = 0;  // always 0
  uint32_t snaplen = 0;
  uint32_t link_type = 0;
};
static_assert(sizeof(PcapFileHeader) == 24);

struct PcapRecordHeader {
  uint32_t seconds;
  uint32_t fraction;         // micro- or nanoseconds, by the magic
  uint32_t captured_length;  // bytes that follow
  uint32_t original_length;  // bytes on the wire
};
static_assert(sizeof(PcapRecordHeader) == 16);

}  // namespace dns_monitor
