// What the data of records is made of, and how each part is written.
#pragma once

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "src/dns/rdata_reader.h"

namespace dns_monitor {

enum class Field : uint8_t {
  kNone,  // fills up a row of fields
  kU8,    // numbers in decimal
  kU16,
  kU32,
  kU48,
  kName,
  kIpv4,
  kIpv6,
  kEui48,
  kEui64,
  kLocator64,     // NID and L64 (RFC 6742, 2.1.2)
  kString,        // with a length in front, in quotes
  kStringOrNone,  // as this, if there is anything
  kStrings,       // one or more of these, to the end
  kText,          // to the end, in quotes
  kTag,           // of CAA: a length in front, letters and digits
  kHex,           // to the end
  kBase64,        // to the end
  kBase64OrNone,
  kCounted64,  // 16 bits of length, in decimal, and so many bytes in base64
  kSalt,       // a length in front, in hexadecimal; - for none
  kHash,       // a length in front, base32 with the alphabet for names that sort (RFC 4648, 7)
  kTime,       // YYYYMMDDHHmmSS (RFC 4034, 3.2)
  kType,
  kTypes,     // a bitmap (RFC 4034, 4.1.2), to the end
  kCertType,  // RFC 4398, 2.1
  kTsigError,
  // More than one field, written as the RFC of one type has it.
  kLoc,
  kApl,
  kIpseckey,
  kAmtrelay,
  kHip,
  kSvcParams,
};

// Appends one field, behind a space unless it is the first of the data. Errors are the reader's.
void WriteField(Field field, RdataReader* reader, std::string* out);

// Two digits a byte, in capitals.
void AppendUpperHex(absl::Span<const uint8_t> bytes, std::string* out);
// RFC 4648, 4.
void AppendBase64(absl::Span<const uint8_t> bytes, std::string* out);
// As within quotes (RFC 1035, 5.1): \" and \\, \DDD for what is not printable ASCII.
void AppendEscaped(absl::Span<const uint8_t> bytes, std::string* out);

// rdata_special.cc and svc_params.cc.
void WriteLoc(RdataReader* reader, std::string* out);
void WriteApl(RdataReader* reader, std::string* out);
void WriteIpseckey(RdataReader* reader, std::string* out);
void WriteAmtrelay(RdataReader* reader, std::string* out);
void WriteHip(RdataReader* reader, std::string* out);
void WriteSvcParams(RdataReader* reader, std::string* out);

}  // namespace dns_monitor
