#include "dns_monitor/pcap/file_header.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/pcap/format.h"

namespace dns_monitor {
namespace {

constexpr uint16_t kMajor = 2;
constexpr uint16_t kMinor = 4;

// Magic number and version, in both byte orders.
constexpr absl::string_view kStarts[] = {
    {"\xd4\xc3\xb2\xa1\x02\x00\x04\x00", 8},
    {"\x4d\x3c\xb2\xa1\x02\x00\x04\x00", 8},
    {"\xa1\xb2\xc3\xd4\x00\x02\x00\x04", 8},
    {"\xa1\xb2\x3c\x4d\x00\x02\x00\x04", 8},
};

struct OtherFormat {
  absl::string_view magic;
  const char* name;
};
constexpr OtherFormat kOtherFormats[] = {
    {"\x0a\x0d\x0d\x0a", "it looks like pcapng (editcap -F pcap converts it)"},
    {"\x1f\x8b", "it looks compressed by gzip"},
    {"\x28\xb5\x2f\xfd", "it looks compressed by zstd"},
};

bool IsMagic(uint32_t magic) {
  return magic == kPcapMagicMicroseconds || magic == kPcapMagicNanoseconds;
}

absl::Status TooShort(absl::string_view bytes) {
  return absl::OutOfRangeError(absl::StrCat("too short for a pcap file: ", bytes.size(),
                                            " bytes, the header alone has ",
                                            sizeof(PcapFileHeader)));
}

absl::Status NotPcap(absl::string_view bytes) {
  for (const OtherFormat& format : kOtherFormats) {
    if (absl::StartsWith(bytes, format.magic)) {
      return absl::InvalidArgumentError(absl::StrCat("not a pcap file: ", format.name));
    }
  }
  return absl::InvalidArgumentError("not a pcap file");
}

}  // namespace

absl::StatusOr<PcapFileInfo> ParsePcapFileHeader(absl::string_view bytes) {
  // What is short and something else is told to be something else.
  const bool is_short = bytes.size() < sizeof(PcapFileHeader);
  if (is_short && IsTornPcapFileHeader(bytes)) return TooShort(bytes);
  if (is_short) return NotPcap(bytes);
  PcapFileHeader header;
  memcpy(&header, bytes.data(), sizeof(header));
  const bool swapped = IsMagic(__builtin_bswap32(header.magic));
  if (!swapped && !IsMagic(header.magic)) return NotPcap(bytes);
  if (swapped) {
    header.magic = __builtin_bswap32(header.magic);
    header.major = __builtin_bswap16(header.major);
    header.minor = __builtin_bswap16(header.minor);
    header.snaplen = __builtin_bswap32(header.snaplen);
    header.link_type = __builtin_bswap32(header.link_type);
  }
  if (header.major != kMajor || header.minor != kMinor) {
    return absl::UnimplementedError(absl::StrCat("pcap version ", header.major, ".", header.minor,
                                                 " is not supported, only ", kMajor, ".", kMinor));
  }
  return PcapFileInfo{.nanoseconds = header.magic == kPcapMagicNanoseconds,
                      .swapped = swapped,
                      .snaplen = header.snaplen,
                      .link_type = header.link_type};
}

bool IsTornPcapFileHeader(absl::string_view bytes) {
  const absl::string_view written =
      bytes.substr(0, bytes.find_last_not_of('\0') + 1);  // npos + 1: nothing
  return std::any_of(std::begin(kStarts), std::end(kStarts), [&](absl::string_view start) {
    return absl::StartsWith(written, start.substr(0, written.size()));
  });
}

}  // namespace dns_monitor
