#include "dns_monitor/dns/edns.h"

#include <algorithm>
#include <iterator>

#include "dns_monitor/dns/rr_type.h"

namespace dns_monitor {
namespace {

constexpr size_t kOptionHeaderBytes = 4;
constexpr size_t kSubnetHeaderBytes = 4;
constexpr uint16_t kFamilyIpv4 = 1;
constexpr uint16_t kFamilyIpv6 = 2;

constexpr size_t kClientCookieBytes = 8;
constexpr size_t kLeastServerCookieBytes = 8;
constexpr size_t kMostServerCookieBytes = 32;

Malformed CheckOption(const EdnsOption& option) {
  ClientSubnet subnet;
  DnsCookie cookie;
  std::optional<uint16_t> timeout;
  ExtendedError error;
  switch (option.code) {
    case edns_option::kClientSubnet:
      return ReadClientSubnet(option.data, &subnet);
    case edns_option::kCookie:
      return ReadCookie(option.data, &cookie);
    case edns_option::kKeepalive:
      return ReadKeepalive(option.data, &timeout);
    case edns_option::kExtendedError:
      return ReadExtendedError(option.data, &error);
    default:
      return Malformed::kNone;
  }
}

int MostPrefixBits(uint16_t family) {
  if (family == kFamilyIpv4) return 32;
  if (family == kFamilyIpv6) return 128;
  return UINT8_MAX;
}

}  // namespace

Edns FromOpt(const DnsRecord& opt) {
  return {.udp_size = opt.rclass,
          .extended_rcode = static_cast<uint8_t>(opt.ttl >> 24),
          .version = static_cast<uint8_t>(opt.ttl >> 16),
          .dnssec_ok = (opt.ttl & 0x8000) != 0,
          .z = static_cast<uint16_t>(opt.ttl & 0x7fff),
          .options = opt.rdata,
          .option_bytes = opt.rdata_bytes};
}

std::optional<Edns> FindOpt(MessageWalker* walker) {
  std::optional<Edns> found;
  Section section;
  DnsRecord record;
  while (walker->NextRecord(&section, &record)) {
    if (record.type == rr_type::kOpt && section == Section::kAdditional && !found) {
      found = FromOpt(record);
    }
  }
  return found;
}

std::optional<Edns> FindOpt(absl::Span<const uint8_t> message) {
  MessageWalker walker(message);
  return FindOpt(&walker);
}

uint16_t ExtendedRcode(const DnsHeader& header, const std::optional<Edns>& edns) {
  const int upper = edns ? edns->extended_rcode : 0;
  return static_cast<uint16_t>(upper << 4 | header.rcode);
}

bool EdnsOptions::Next(EdnsOption* option) {
  if (left_.empty() || error_ != Malformed::kNone) return false;
  const size_t bytes = left_.size() < kOptionHeaderBytes ? 0 : ReadU16(&left_[2]);
  if (left_.size() < kOptionHeaderBytes + bytes) {
    error_ = Malformed::kOptionBeyondOpt;
    return false;
  }
  *option = {.code = ReadU16(left_.data()), .data = left_.subspan(kOptionHeaderBytes, bytes)};
  left_.remove_prefix(kOptionHeaderBytes + bytes);
  return true;
}

std::optional<EdnsOption> FindOption(absl::Span<const uint8_t> message, const Edns& edns,
                                     uint16_t code) {
  EdnsOptions options(message, edns);
  for (EdnsOption option; options.Next(&option);) {
    if (option.code == code) return option;
  }
  return std::nullopt;
}

Malformed CheckOptions(absl::Span<const uint8_t> message, const Edns& edns) {
  EdnsOptions options(message, edns);
  for (EdnsOption option; options.Next(&option);) {
    const Malformed error = CheckOption(option);
    if (error != Malformed::kNone) return error;
  }
  return options.error();
}

Malformed ReadClientSubnet(absl::Span<const uint8_t> data, ClientSubnet* subnet) {
  if (data.size() < kSubnetHeaderBytes) return Malformed::kClientSubnet;
  ClientSubnet read{.family = ReadU16(data.data()), .source = data[2], .scope = data[3]};
  const absl::Span<const uint8_t> address = data.subspan(kSubnetHeaderBytes);
  const int most_bits = MostPrefixBits(read.family);
  if (read.source > most_bits || read.scope > most_bits || address.size() > sizeof(read.address) ||
      address.size() != (read.source + 7U) / 8) {
    return Malformed::kClientSubnet;
  }
  const int bits_behind = read.source % 8 == 0 ? 0 : 8 - read.source % 8;
  if (!address.empty() && (address.back() & ((1 << bits_behind) - 1)) != 0) {
    return Malformed::kClientSubnet;
  }
  std::copy(address.begin(), address.end(), std::begin(read.address));
  *subnet = read;
  return Malformed::kNone;
}

Malformed ReadCookie(absl::Span<const uint8_t> data, DnsCookie* cookie) {
  if (data.size() < kClientCookieBytes) return Malformed::kCookie;
  const absl::Span<const uint8_t> server = data.subspan(kClientCookieBytes);
  if (!server.empty() &&
      (server.size() < kLeastServerCookieBytes || server.size() > kMostServerCookieBytes)) {
    return Malformed::kCookie;
  }
  *cookie = {.client = data.first(kClientCookieBytes), .server = server};
  return Malformed::kNone;
}

Malformed ReadKeepalive(absl::Span<const uint8_t> data, std::optional<uint16_t>* timeout) {
  if (data.empty()) {
    *timeout = std::nullopt;
    return Malformed::kNone;
  }
  if (data.size() != sizeof(uint16_t)) return Malformed::kKeepalive;
  *timeout = ReadU16(data.data());
  return Malformed::kNone;
}

Malformed ReadExtendedError(absl::Span<const uint8_t> data, ExtendedError* error) {
  if (data.size() < sizeof(uint16_t)) return Malformed::kExtendedError;
  const absl::Span<const uint8_t> text = data.subspan(sizeof(uint16_t));
  *error = {.code = ReadU16(data.data()),
            .text = {reinterpret_cast<const char*>(text.data()), text.size()}};
  if (!text.empty() && text.back() == 0) error->text.remove_suffix(1);
  return Malformed::kNone;
}

void AppendHex(absl::Span<const uint8_t> bytes, std::string* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const uint8_t byte : bytes) {
    out->push_back(kDigits[byte >> 4]);
    out->push_back(kDigits[byte & 0xf]);
  }
}

void AppendPrintable(absl::Span<const uint8_t> bytes, std::string* out) {
  for (const uint8_t byte : bytes) {
    out->push_back(byte >= ' ' && byte <= '~' ? static_cast<char>(byte) : '.');
  }
}

}  // namespace dns_monitor
