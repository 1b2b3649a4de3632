// Addresses as text, without an allocation: for columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/types/span.h"

namespace dns_monitor {

// The room that they need, some of which is only written to in passing.
inline constexpr size_t kMostIpv4Text = 16;
inline constexpr size_t kMostIpv6Text = 48;

// `address`: 4 or 16 bytes, as on the wire. They return the end of the text; no NUL ends it.
char* WriteIpv4(const uint8_t* address, char* to);
// RFC 5952; of the forms that end in an IPv4 address (section 5) only ::ffff:192.0.2.1, for
// addresses that are mapped so (RFC 4291, 2.5.5.2).
char* WriteIpv6(const uint8_t* address, char* to);

// Either, by its size: 4 or 16. Other sizes append nothing.
void AppendAddress(absl::Span<const uint8_t> address, std::string* out);

}  // namespace dns_monitor
