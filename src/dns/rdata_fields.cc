#include "src/dns/rdata_fields.h"

#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "dns_monitor/dns/address_text.h"
#include "dns_monitor/dns/registry.h"

namespace dns_monitor {
namespace {

constexpr size_t kIpv4Bytes = 4;
constexpr size_t kIpv6Bytes = 16;

// `separator` between groups of so many bytes, in hexadecimal.
void WriteGroups(absl::Span<const uint8_t> bytes, size_t group, char separator, std::string* out) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && i % group == 0) out->push_back(separator);
    absl::StrAppend(out, absl::Hex(bytes[i], absl::kZeroPad2));
  }
}

void WriteQuoted(absl::Span<const uint8_t> bytes, std::string* out) {
  out->push_back('"');
  AppendEscaped(bytes, out);
  out->push_back('"');
}

void WriteStrings(RdataReader* reader, std::string* out) {
  WriteQuoted(reader->TakeString(), out);
  while (reader->left() > 0) {
    out->push_back(' ');
    WriteQuoted(reader->TakeString(), out);
  }
}

// RFC 8659, 4.1.
void WriteTag(RdataReader* reader, std::string* out) {
  const absl::Span<const uint8_t> tag = reader->TakeString();
  if (tag.empty()) reader->Fail(Malformed::kRdataValue);
  for (const uint8_t byte : tag) {
    if (!absl::ascii_isalnum(byte)) return reader->Fail(Malformed::kRdataValue);
    out->push_back(static_cast<char>(byte));
  }
}

void WriteU48(RdataReader* reader, std::string* out) {
  const uint64_t upper = reader->TakeU16();
  absl::StrAppend(out, upper << 32 | reader->TakeU32());
}

void WriteCounted64(RdataReader* reader, std::string* out) {
  const uint16_t length = reader->TakeU16();
  absl::StrAppend(out, length);
  if (length == 0) return;
  out->push_back(' ');
  AppendBase64(reader->Take(length), out);
}

void WriteSalt(RdataReader* reader, std::string* out) {
  const absl::Span<const uint8_t> salt = reader->TakeString();
  if (salt.empty()) out->push_back('-');
  AppendUpperHex(salt, out);
}

void WriteHash(RdataReader* reader, std::string* out) {
  constexpr char kDigits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
  constexpr int kDigitBits = 5;
  const absl::Span<const uint8_t> hash = reader->TakeString();
  if (hash.empty()) reader->Fail(Malformed::kRdataValue);
  uint32_t bits = 0;
  int count = 0;
  for (const uint8_t byte : hash) {
    bits = bits << 8 | byte;
    for (count += 8; count >= kDigitBits; count -= kDigitBits) {
      out->push_back(kDigits[bits >> (count - kDigitBits) & 0x1f]);
    }
  }
  if (count > 0) out->push_back(kDigits[bits << (kDigitBits - count) & 0x1f]);
}

void WriteTime(RdataReader* reader, std::string* out) {
  absl::StrAppend(out, absl::FormatTime("%Y%m%d%H%M%S", absl::FromUnixSeconds(reader->TakeU32()),
                                        absl::UTCTimeZone()));
}

void WriteTypes(RdataReader* reader, std::string* out) {
  constexpr size_t kMostWindowBytes = 32;
  const char* separator = "";
  for (int last_window = -1; reader->left() > 0;) {
    const uint8_t window = reader->TakeU8();
    const absl::Span<const uint8_t> bits = reader->TakeString();
    if (bits.empty() || bits.size() > kMostWindowBytes || window <= last_window) {
      return reader->Fail(Malformed::kRdataValue);
    }
    for (size_t bit = 0; bit < 8 * bits.size(); ++bit) {
      if ((bits[bit / 8] & 0x80 >> bit % 8) == 0) continue;
      out->append(separator);
      AppendTypeName(static_cast<uint16_t>(window << 8 | static_cast<int>(bit)), out);
      separator = " ";
    }
    last_window = window;
  }
}

void WriteCertType(RdataReader* reader, std::string* out) {
  constexpr absl::string_view kNames[] = {"",      "PKIX", "SPKI",   "PGP",    "IPKIX",
                                          "ISPKI", "IPGP", "ACPKIX", "IACPKIX"};
  constexpr uint16_t kUri = 253;
  constexpr uint16_t kOid = 254;
  const uint16_t type = reader->TakeU16();
  if (type > 0 && type < std::size(kNames)) {
    absl::StrAppend(out, kNames[type]);
  } else if (type == kUri || type == kOid) {
    out->append(type == kUri ? "URI" : "OID");
  } else {
    absl::StrAppend(out, type);
  }
}

void WriteTsigError(RdataReader* reader, std::string* out) {
  const uint16_t error = reader->TakeU16();
  const absl::string_view name = TsigErrorName(error);
  absl::StrAppend(out, name.empty() ? absl::StrCat(error) : name);
}

void Write(Field field, RdataReader* reader, std::string* out) {
  switch (field) {
    case Field::kNone:
      return;
    case Field::kU8:
      return absl::StrAppend(out, reader->TakeU8());
    case Field::kU16:
      return absl::StrAppend(out, reader->TakeU16());
    case Field::kU32:
      return absl::StrAppend(out, reader->TakeU32());
    case Field::kU48:
      return WriteU48(reader, out);
    case Field::kName:
      return reader->TakeName(out);
    case Field::kIpv4:
      return AppendAddress(reader->Take(kIpv4Bytes), out);
    case Field::kIpv6:
      return AppendAddress(reader->Take(kIpv6Bytes), out);
    case Field::kEui48:
      return WriteGroups(reader->Take(6), 1, '-', out);
    case Field::kEui64:
      return WriteGroups(reader->Take(8), 1, '-', out);
    case Field::kLocator64:
      return WriteGroups(reader->Take(8), 2, ':', out);
    case Field::kString:
    case Field::kStringOrNone:
      return WriteQuoted(reader->TakeString(), out);
    case Field::kStrings:
      return WriteStrings(reader, out);
    case Field::kText:
      return WriteQuoted(reader->TakeRest(), out);
    case Field::kTag:
      return WriteTag(reader, out);
    case Field::kHex:
      return AppendUpperHex(reader->TakeSome(), out);
    case Field::kBase64:
    case Field::kBase64OrNone:
      return AppendBase64(reader->TakeSome(), out);
    case Field::kCounted64:
      return WriteCounted64(reader, out);
    case Field::kSalt:
      return WriteSalt(reader, out);
    case Field::kHash:
      return WriteHash(reader, out);
    case Field::kTime:
      return WriteTime(reader, out);
    case Field::kType:
      return AppendTypeName(reader->TakeU16(), out);
    case Field::kTypes:
      return WriteTypes(reader, out);
    case Field::kCertType:
      return WriteCertType(reader, out);
    case Field::kTsigError:
      return WriteTsigError(reader, out);
    case Field::kLoc:
      return WriteLoc(reader, out);
    case Field::kApl:
      return WriteApl(reader, out);
    case Field::kIpseckey:
      return WriteIpseckey(reader, out);
    case Field::kAmtrelay:
      return WriteAmtrelay(reader, out);
    case Field::kHip:
      return WriteHip(reader, out);
    case Field::kSvcParams:
      return WriteSvcParams(reader, out);
  }
}

// Those that take a row of any length, or may be left out.
bool MayBeEmpty(Field field) {
  return field == Field::kStringOrNone || field == Field::kBase64OrNone || field == Field::kTypes ||
         field == Field::kSvcParams;
}

}  // namespace

void WriteField(Field field, RdataReader* reader, std::string* out) {
  if (reader->left() == 0 && MayBeEmpty(field)) return;
  Write(field, reader, out);
}

void AppendUpperHex(absl::Span<const uint8_t> bytes, std::string* out) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (const uint8_t byte : bytes) {
    out->push_back(kDigits[byte >> 4]);
    out->push_back(kDigits[byte & 0xf]);
  }
}

void AppendBase64(absl::Span<const uint8_t> bytes, std::string* out) {
  out->append(absl::Base64Escape({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

void AppendEscaped(absl::Span<const uint8_t> bytes, std::string* out) {
  for (const uint8_t byte : bytes) {
    if (byte < ' ' || byte > '~') {
      absl::StrAppendFormat(out, "\\%03d", byte);
      continue;
    }
    if (byte == '"' || byte == '\\') out->push_back('\\');
    out->push_back(static_cast<char>(byte));
  }
}

}  // namespace dns_monitor
