#include "dns_monitor/dns/malformed.h"

namespace dns_monitor {

absl::string_view TextOf(Malformed malformed) {
  switch (malformed) {
    case Malformed::kNone:
      return "";
    case Malformed::kClipped:
      return "clipped by the snap length";
    case Malformed::kShortHeader:
      return "shorter than a header";
    case Malformed::kTruncatedQuestion:
      return "ends before its questions do";
    case Malformed::kTruncatedRecord:
      return "ends before its records do";
    case Malformed::kTrailingBytes:
      return "bytes behind the last record";
    case Malformed::kTruncatedName:
      return "ends within a name";
    case Malformed::kLabelType:
      return "label of an unknown type";
    case Malformed::kPointerLoop:
      return "pointer into its own name";
    case Malformed::kPointerForward:
      return "pointer that points forward";
    case Malformed::kPointerIntoHeader:
      return "pointer into the header";
    case Malformed::kTooManyPointers:
      return "name of too many pointers";
    case Malformed::kNameTooLong:
      return "name longer than 255 octets";
    case Malformed::kRdataBeyondMessage:
      return "record data longer than the message";
    case Malformed::kRdataShort:
      return "record data too short for its type";
    case Malformed::kRdataLong:
      return "record data too long for its type";
    case Malformed::kRdataValue:
      return "record data not valid for its type";
    case Malformed::kSecondOpt:
      return "more than one OPT record";
    case Malformed::kOptNotAtRoot:
      return "OPT record not at the root";
    case Malformed::kOptOutsideAdditional:
      return "OPT record outside the additional section";
    case Malformed::kOptionBeyondOpt:
      return "EDNS option longer than its OPT record";
    case Malformed::kClientSubnet:
      return "EDNS client subnet not valid";
    case Malformed::kCookie:
      return "EDNS cookie of a wrong length";
    case Malformed::kKeepalive:
      return "EDNS keepalive of a wrong length";
    case Malformed::kExtendedError:
      return "extended DNS error too short";
  }
  return "";
}

}  // namespace dns_monitor
