// What can be wrong with a DNS message.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace dns_monitor {

enum class Malformed : uint8_t {
  kNone,
  // The message as a whole.
  kClipped,  // the capture's fault: what is missing was on the wire
  kShortHeader,
  kTruncatedQuestion,
  kTruncatedRecord,
  kTrailingBytes,
  // Names (RFC 1035, 3.1 and 4.1.4).
  kTruncatedName,
  kLabelType,          // neither a label nor a pointer: 0x40 and 0x80
  kPointerLoop,        // to within the labels that lead to it
  kPointerForward,     // to behind itself
  kPointerIntoHeader,  // to the first 12 bytes
  kTooManyPointers,
  kNameTooLong,
  // The data of a record.
  kRdataBeyondMessage,
  kRdataShort,
  kRdataLong,
  kRdataValue,
  // EDNS (RFC 6891, 6.1).
  kSecondOpt,
  kOptNotAtRoot,
  kOptOutsideAdditional,
  kOptionBeyondOpt,
  kClientSubnet,   // RFC 7871, 6
  kCookie,         // RFC 7873, 4
  kKeepalive,      // RFC 7828, 3.1
  kExtendedError,  // RFC 8914, 2
};
inline constexpr Malformed kLastMalformed = Malformed::kExtendedError;

// A few words of English, lower case; empty for kNone. Of static storage.
absl::string_view TextOf(Malformed malformed);

}  // namespace dns_monitor
