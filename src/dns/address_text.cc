#include "dns_monitor/dns/address_text.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace dns_monitor {
namespace {

constexpr size_t kIpv4Bytes = 4;
constexpr size_t kIpv6Bytes = 16;
constexpr int kGroups = 8;
constexpr char kHexDigits[] = "0123456789abcdef";

// An octet in decimal, with a dot behind it.
struct Octet {
  char text[4];
  uint8_t digits;
};

constexpr std::array<Octet, 256> MakeOctets() {
  std::array<Octet, 256> table{};
  for (int value = 0; value < 256; ++value) {
    Octet& octet = table[value];
    if (value >= 100) octet.text[octet.digits++] = static_cast<char>('0' + value / 100);
    if (value >= 10) octet.text[octet.digits++] = static_cast<char>('0' + value / 10 % 10);
    octet.text[octet.digits++] = static_cast<char>('0' + value % 10);
    octet.text[octet.digits] = '.';
  }
  return table;
}

constexpr std::array<Octet, 256> kOctets = MakeOctets();

// Without the zeros in front.
char* WriteGroup(uint32_t group, char* to) {
  if (group > 0xfff) *to++ = kHexDigits[group >> 12];
  if (group > 0xff) *to++ = kHexDigits[group >> 8 & 0xf];
  if (group > 0xf) *to++ = kHexDigits[group >> 4 & 0xf];
  *to++ = kHexDigits[group & 0xf];
  return to;
}

struct Zeros {
  int from = kGroups;  // of the groups
  int count = 0;
};

// The longest row of groups that are 0, the first of these, if it is longer than one (RFC 5952,
// 4.2).
Zeros FindZeros(const uint32_t* groups) {
  Zeros longest;
  Zeros row;
  for (int i = 0; i < kGroups; ++i) {
    if (groups[i] != 0) {
      row.count = 0;
      continue;
    }
    if (row.count++ == 0) row.from = i;
    if (row.count > longest.count) longest = row;
  }
  return longest.count > 1 ? longest : Zeros{};
}

}  // namespace

char* WriteIpv4(const uint8_t* address, char* to) {
  for (size_t i = 0; i < kIpv4Bytes; ++i) {
    const Octet& octet = kOctets[address[i]];
    memcpy(to, octet.text, sizeof(octet.text));
    to += octet.digits + 1;
  }
  return to - 1;
}

char* WriteIpv6(const uint8_t* address, char* to) {
  constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (memcmp(address, kMapped, sizeof(kMapped)) == 0) {
    constexpr char kPrefix[] = "::ffff:";
    constexpr size_t kPrefixLength = sizeof(kPrefix) - 1;
    memcpy(to, kPrefix, kPrefixLength);
    return WriteIpv4(address + sizeof(kMapped), to + kPrefixLength);
  }
  uint32_t groups[kGroups];
  for (int i = 0; i < kGroups; ++i) {
    groups[i] = static_cast<uint32_t>(address[2 * i]) << 8 | address[2 * i + 1];
  }
  const Zeros zeros = FindZeros(groups);
  for (int i = 0; i < kGroups;) {
    if (i == zeros.from) {
      *to++ = ':';
      *to++ = ':';
      i += zeros.count;
      continue;
    }
    if (i > 0 && i != zeros.from + zeros.count) *to++ = ':';
    to = WriteGroup(groups[i++], to);
  }
  return to;
}

void AppendAddress(absl::Span<const uint8_t> address, std::string* out) {
  char text[std::max(kMostIpv4Text, kMostIpv6Text)];
  const char* end = text;
  if (address.size() == kIpv4Bytes) end = WriteIpv4(address.data(), text);
  if (address.size() == kIpv6Bytes) end = WriteIpv6(address.data(), text);
  out->append(text, static_cast<size_t>(end - text));
}

}  // namespace dns_monitor
