#include "capture_start.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/pcap/file_header.h"
#include "dns_monitor/pcap/format.h"

namespace dns_monitor {
namespace {

// Alexey Kuznetzov's: each record header has 8 bytes more, with interface, protocol and direction
// (libpcap, sf-pcap.c, KUZNETZOV_TCPDUMP_MAGIC).
constexpr uint32_t kPcapMagicModified = 0xa1b2cd34;
constexpr uint32_t kModifiedHeaderBytes = 24;

constexpr absl::string_view kPcapngMagic("\x0a\x0d\x0d\x0a", 4);  // the same in both byte orders
// The lower bits are the link type, those above say whether records end with a checksum
// (draft-ietf-opsawg-pcap, LinkType).
constexpr uint32_t kLinkTypeBits = 0x03ffffff;

// What pcap/reader.h takes: snap lengths of 0 and below the records are common.
constexpr uint32_t kLeastLimit = 262'144;
constexpr uint32_t kGreatestLimit = 128 << 20;

// Whether `head` is of the modified kind; it then becomes an ordinary one.
bool TakeModifiedMagic(std::string* head) {
  uint32_t magic = 0;
  if (head->size() < sizeof(magic)) return false;
  memcpy(&magic, head->data(), sizeof(magic));
  if (magic == kPcapMagicModified) {
    magic = kPcapMagicMicroseconds;
  } else if (magic == __builtin_bswap32(kPcapMagicModified)) {
    magic = __builtin_bswap32(kPcapMagicMicroseconds);
  } else {
    return false;
  }
  memcpy(head->data(), &magic, sizeof(magic));
  return true;
}

}  // namespace

absl::StatusOr<CaptureStart> ParseCaptureStart(absl::Span<const uint8_t> head) {
  std::string bytes(reinterpret_cast<const char*>(head.data()),
                    std::min(head.size(), kCaptureStartBytes));
  CaptureStart start;
  // Of a section header that is not all there, more cannot be said.
  if (absl::StartsWith(bytes, kPcapngMagic)) {
    start.layout.format = CaptureFormat::kPcapng;
    return start;
  }
  const bool modified = TakeModifiedMagic(&bytes);
  const absl::StatusOr<PcapFileInfo> info = ParsePcapFileHeader(bytes);
  if (!info.ok()) {
    if (!absl::IsInvalidArgument(info.status())) return info.status();
    const bool torn = !bytes.empty() && absl::StartsWith(kPcapngMagic, bytes);
    if (torn) return absl::OutOfRangeError("too short for a capture");
    return absl::InvalidArgumentError("no capture: neither pcap nor pcapng");
  }
  start.header_bytes = sizeof(PcapFileHeader);
  start.layout = {.format = CaptureFormat::kPcap,
                  .swapped = info->swapped,
                  .unit_ns = info->nanoseconds ? 1U : 1000U,
                  .header_bytes = modified ? kModifiedHeaderBytes
                                           : static_cast<uint32_t>(sizeof(PcapRecordHeader)),
                  .most_captured = std::clamp(info->snaplen, kLeastLimit, kGreatestLimit),
                  .link_type = info->link_type & kLinkTypeBits};
  return start;
}

}  // namespace dns_monitor
