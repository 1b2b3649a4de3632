// Addresses out of texts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace dns_monitor {

struct IpAddress {
  std::array<uint8_t, 16> bytes{};
  size_t size = 0;  // 4 or 16; 0 for none
};

// As inet_pton(3) reads it; without a scope.
IpAddress ParseIpAddress(absl::string_view text);

// The room for any.
inline constexpr size_t kMostAddressText = 48;
// As dns/address_text.h has them. `to` has room for kMostAddressText.
absl::string_view WriteIpAddress(const IpAddress& address, char* to);

}  // namespace dns_monitor
