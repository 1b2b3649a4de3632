// What IANA calls the numbers in DNS messages, as of July 2026:
// https://www.iana.org/assignments/dns-parameters and, for the keys of SVCB, .../dns-svcb.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace dns_monitor {

// Empty where there is no name. Names are of static storage.
absl::string_view TypeName(uint16_t type);           // A; ANY for 255
absl::string_view ClassName(uint16_t rclass);        // IN, CH
absl::string_view OpcodeName(uint8_t opcode);        // Query, Notify
absl::string_view RcodeName(uint16_t rcode);         // NoError, NXDomain; 16 is BADVERS
absl::string_view TsigErrorName(uint16_t rcode);     // as these, but 16 is BADSIG (RFC 8945)
absl::string_view EdnsOptionName(uint16_t code);     // NSID, COOKIE
absl::string_view ExtendedErrorName(uint16_t code);  // Stale Answer, Blocked
absl::string_view SvcParamName(uint16_t key);        // alpn, ech

// The name, or TYPE65280 and CLASS32 (RFC 3597, 5), RCODE3841, OPCODE3.
void AppendTypeName(uint16_t type, std::string* out);
void AppendClassName(uint16_t rclass, std::string* out);
void AppendRcodeName(uint16_t rcode, std::string* out);
void AppendOpcodeName(uint8_t opcode, std::string* out);

// The other way, be the name in capitals or not; TYPE65280 too. None when there is no such type.
std::optional<uint16_t> TypeFromName(absl::string_view name);

}  // namespace dns_monitor
