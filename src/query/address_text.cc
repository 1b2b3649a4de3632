#include "src/query/address_text.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "dns_monitor/dns/address_text.h"

namespace dns_monitor {
namespace {

constexpr size_t kIpv4Bytes = 4;

// Most addresses are of IPv4, and inet_pton wants a copy.
bool ParseIpv4(absl::string_view text, uint8_t* to) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (size_t i = 0; i < kIpv4Bytes; ++i) {
    if (i > 0 && (at == end || *at++ != '.')) return false;
    unsigned value = 0;
    const char* const begin = at;
    for (; at != end && at - begin < 3 && *at >= '0' && *at <= '9'; ++at) {
      value = 10 * value + static_cast<unsigned>(*at - '0');
    }
    if (at == begin || value > 255 || (*begin == '0' && at - begin > 1)) return false;
    to[i] = static_cast<uint8_t>(value);
  }
  return at == end;
}

}  // namespace

IpAddress ParseIpAddress(absl::string_view text) {
  IpAddress address;
  if (ParseIpv4(text, address.bytes.data())) {
    address.size = kIpv4Bytes;
    return address;
  }
  std::array<char, INET6_ADDRSTRLEN> copy;
  if (text.size() >= copy.size()) return address;
  *std::copy(text.begin(), text.end(), copy.begin()) = '\0';
  if (inet_pton(AF_INET6, copy.data(), address.bytes.data()) == 1) {
    address.size = address.bytes.size();
  }
  return address;
}

absl::string_view WriteIpAddress(const IpAddress& address, char* to) {
  static_assert(kMostAddressText >= std::max(kMostIpv4Text, kMostIpv6Text));
  const char* const end = address.size == kIpv4Bytes ? WriteIpv4(address.bytes.data(), to)
                                                     : WriteIpv6(address.bytes.data(), to);
  return {to, static_cast<size_t>(end - to)};
}

}  // namespace dns_monitor
