#include "dns_monitor/input/pcapng.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dns_monitor/base/clock.h"

namespace dns_monitor {
namespace {

constexpr uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr uint32_t kInterfaceDescription = 1;
constexpr uint32_t kPacket = 2;  // obsolete
constexpr uint32_t kSimplePacket = 3;
constexpr uint32_t kEnhancedPacket = 6;

constexpr size_t kFrameBytes = 12;          // type, length, and the length once more at the end
constexpr size_t kSectionHeaderBytes = 28;  // the least
constexpr uint16_t kMajor = 1;

constexpr uint16_t kEndOfOptions = 0;
constexpr uint16_t kTimeResolution = 9;
constexpr uint16_t kTimeOffset = 14;
constexpr uint8_t kPowerOfTwo = 0x80;

template <typename Integer>
Integer Load(const uint8_t* from, bool swapped) {
  Integer value;
  memcpy(&value, from, sizeof(value));
  if (!swapped) return value;
  if constexpr (sizeof(Integer) == 2) return __builtin_bswap16(value);
  if constexpr (sizeof(Integer) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(Integer) == 8) return __builtin_bswap64(value);
}

__extension__ using Wide = __int128;

int64_t Clamp(Wide value) {
  constexpr Wide kLeast = std::numeric_limits<int64_t>::min();
  constexpr Wide kMost = std::numeric_limits<int64_t>::max() - 1;  // within an open TimeRange
  return static_cast<int64_t>(std::clamp(value, kLeast, kMost));
}

}  // namespace

int64_t PcapngTimeNs(const PcapngInterface& interface, uint64_t units) {
  Wide time_ns = units;
  const int exponent = interface.resolution & ~kPowerOfTwo;
  if ((interface.resolution & kPowerOfTwo) != 0) {
    time_ns = (time_ns * kNanosecondsPerSecond) >> exponent;
  } else {
    for (int digit = exponent; digit < 9; ++digit) time_ns *= 10;
    // 64 bits have 20 digits.
    for (int digit = std::min(exponent, 9 + 20); digit > 9; --digit) time_ns /= 10;
  }
  return Clamp(time_ns + Wide{interface.offset_seconds} * kNanosecondsPerSecond);
}

// What lies between the two lengths of a block.
struct PcapngScanner::Body {
  absl::Span<const uint8_t> bytes;
  bool swapped;

  size_t size() const { return bytes.size(); }
  uint16_t U16(size_t at) const { return Load<uint16_t>(bytes.data() + at, swapped); }
  uint32_t U32(size_t at) const { return Load<uint32_t>(bytes.data() + at, swapped); }
  uint64_t U64(size_t at) const { return Load<uint64_t>(bytes.data() + at, swapped); }
  // A time comes as two words, the upper one first, in either byte order.
  uint64_t Units(size_t at) const { return uint64_t{U32(at)} << 32 | U32(at + 4); }
};

PcapngStep PcapngScanner::Step(absl::Span<const uint8_t> bytes, size_t* length,
                               CapturedRecord* record, std::string* bad) {
  if (bytes.size() < 8) return PcapngStep::kNeedMore;
  const uint32_t type = Load<uint32_t>(bytes.data(), section_.swapped);
  if (type == kSectionHeader) return BeginSection(bytes, length, bad);
  const uint32_t claimed = Load<uint32_t>(bytes.data() + 4, section_.swapped);
  if (type == 0 && claimed == 0) return PcapngStep::kZeros;
  if (!begun_) {
    *bad = "comes before any section header";
    return PcapngStep::kBad;
  }
  if (claimed < kFrameBytes || claimed > kMostPcapngBlockBytes || claimed % 4 != 0) {
    *bad = absl::StrCat("claims a length of ", claimed, " bytes");
    return PcapngStep::kBad;
  }
  if (bytes.size() < claimed) return PcapngStep::kNeedMore;
  const uint32_t again = Load<uint32_t>(bytes.data() + claimed - 4, section_.swapped);
  if (again != claimed) {
    *bad = absl::StrCat("claims a length of ", claimed, " bytes, and of ", again, " at its end");
    return PcapngStep::kBad;
  }
  *length = claimed;
  const Body body{bytes.subspan(8, claimed - kFrameBytes), section_.swapped};
  if (type == kInterfaceDescription) {
    return AddInterface(body, bad) ? PcapngStep::kOther : PcapngStep::kBad;
  }
  if (type != kEnhancedPacket && type != kSimplePacket && type != kPacket) {
    return PcapngStep::kOther;
  }
  return TakePacket(type, body, record, bad) ? PcapngStep::kPacket : PcapngStep::kBad;
}

PcapngStep PcapngScanner::BeginSection(absl::Span<const uint8_t> bytes, size_t* length,
                                       std::string* bad) {
  if (bytes.size() < 16) return PcapngStep::kNeedMore;
  const uint32_t magic = Load<uint32_t>(bytes.data() + 8, false);
  const bool swapped = magic == __builtin_bswap32(kByteOrderMagic);
  if (!swapped && magic != kByteOrderMagic) {
    *bad = absl::StrFormat("claims a byte order of %#x", magic);
    return PcapngStep::kBad;
  }
  const uint32_t claimed = Load<uint32_t>(bytes.data() + 4, swapped);
  const uint16_t major = Load<uint16_t>(bytes.data() + 12, swapped);
  if (claimed < kSectionHeaderBytes || claimed > kMostPcapngBlockBytes || claimed % 4 != 0) {
    *bad = absl::StrCat("claims a length of ", claimed, " bytes");
    return PcapngStep::kBad;
  }
  if (major != kMajor) {
    *bad = absl::StrCat("is of version ", major, " of pcapng, only ", kMajor, " is known here");
    return PcapngStep::kBad;
  }
  if (bytes.size() < claimed) return PcapngStep::kNeedMore;
  if (Load<uint32_t>(bytes.data() + claimed - 4, swapped) != claimed) {
    *bad = "claims two lengths";
    return PcapngStep::kBad;
  }
  *length = claimed;
  section_.swapped = swapped;
  section_.interfaces.clear();
  snapshot_ = nullptr;
  begun_ = true;
  return PcapngStep::kOther;
}

bool PcapngScanner::AddInterface(const Body& body, std::string* bad) {
  if (body.size() < 8) {
    *bad = "is too short for an interface";
    return false;
  }
  if (section_.interfaces.size() == kMostPcapngInterfaces) {
    *bad = absl::StrCat("describes more than ", kMostPcapngInterfaces, " interfaces");
    return false;
  }
  PcapngInterface interface { .link_type = body.U16(0), .snaplen = body.U32(4) };
  for (size_t at = 8; body.size() - at >= 4;) {
    const uint16_t code = body.U16(at);
    const size_t size = body.U16(at + 2);
    if (code == kEndOfOptions || body.size() - at - 4 < size) break;
    if (code == kTimeResolution && size == 1) interface.resolution = body.bytes[at + 4];
    if (code == kTimeOffset && size == 8) {
      interface.offset_seconds = static_cast<int64_t>(body.U64(at + 4));
    }
    at += 4 + (size + 3) / 4 * 4;
    if (at > body.size()) break;
  }
  section_.interfaces.push_back(interface);
  snapshot_ = nullptr;
  return true;
}

bool PcapngScanner::TakePacket(uint32_t type, const Body& body, CapturedRecord* record,
                               std::string* bad) const {
  const size_t header_bytes = type == kSimplePacket ? 4 : 20;
  if (body.size() < header_bytes) {
    *bad = "is too short for a packet";
    return false;
  }
  const uint32_t number = type == kSimplePacket     ? 0
                          : type == kEnhancedPacket ? body.U32(0)
                                                    : body.U16(0);
  if (number >= section_.interfaces.size()) {
    *bad = absl::StrCat("is of interface ", number, ", of ", section_.interfaces.size());
    return false;
  }
  const PcapngInterface& interface = section_.interfaces[number];
  size_t captured = 0;
  if (type == kSimplePacket) {
    record->wire_length = body.U32(0);
    record->time_ns = 0;
    captured = record->wire_length;
    if (interface.snaplen != 0) captured = std::min<size_t>(captured, interface.snaplen);
  } else {
    record->wire_length = body.U32(16);
    record->time_ns = PcapngTimeNs(interface, body.Units(4));
    captured = body.U32(12);
  }
  if (captured > body.size() - header_bytes) {
    *bad = absl::StrCat("claims ", captured, " captured bytes, of at most ",
                        body.size() - header_bytes);
    return false;
  }
  record->bytes = body.bytes.subspan(header_bytes, captured);
  record->link_type = interface.link_type;
  return true;
}

std::shared_ptr<const PcapngSection> PcapngScanner::Section() {
  if (!begun_) return nullptr;
  if (snapshot_ == nullptr) snapshot_ = std::make_shared<const PcapngSection>(section_);
  return snapshot_;
}

}  // namespace dns_monitor
