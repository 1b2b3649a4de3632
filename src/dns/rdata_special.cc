// The types of which one field decides how others are written.
#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dns_monitor/dns/address_text.h"
#include "src/dns/rdata_fields.h"

namespace dns_monitor {
namespace {

constexpr size_t kIpv4Bytes = 4;
constexpr size_t kIpv6Bytes = 16;

// From centimetres.
void AppendMetres(int64_t centimetres, std::string* out) {
  const int64_t magnitude = std::abs(centimetres);
  absl::StrAppendFormat(out, "%s%d.%02dm", centimetres < 0 ? "-" : "", magnitude / 100,
                        magnitude % 100);
}

// A digit and a power of ten.
int64_t TakeSize(RdataReader* reader) {
  const uint8_t size = reader->TakeU8();
  const int digit = size >> 4;
  const int power = size & 0xf;
  if (digit > 9 || power > 9) reader->Fail(Malformed::kRdataValue);
  int64_t centimetres = digit;
  for (int i = 0; i < power; ++i) centimetres *= 10;
  return centimetres;
}

// Thousandths of a second of arc, counted from 2^31.
void WriteAngle(int64_t most_degrees, const char* hemispheres, RdataReader* reader,
                std::string* out) {
  constexpr int64_t kMinute = 60'000;
  constexpr int64_t kDegree = 60 * kMinute;
  const int64_t angle = int64_t{reader->TakeU32()} - (int64_t{1} << 31);
  const int64_t magnitude = std::abs(angle);
  if (magnitude > most_degrees * kDegree) return reader->Fail(Malformed::kRdataValue);
  absl::StrAppendFormat(out, "%d %d %d.%03d %c ", magnitude / kDegree,
                        magnitude % kDegree / kMinute, magnitude % kMinute / 1000, magnitude % 1000,
                        hemispheres[angle < 0 ? 1 : 0]);
}

// The gateways of IPSECKEY and the relays of AMTRELAY. Writes a dot for none.
void WriteGateway(int kind, RdataReader* reader, std::string* out) {
  switch (kind) {
    case 0:
      return out->push_back('.');
    case 1:
      return AppendAddress(reader->Take(kIpv4Bytes), out);
    case 2:
      return AppendAddress(reader->Take(kIpv6Bytes), out);
    case 3:
      return reader->TakeName(out);
    default:
      return reader->GiveUp();
  }
}

void WriteAplItem(RdataReader* reader, std::string* out) {
  constexpr uint16_t kFamilyIpv4 = 1;
  constexpr uint16_t kFamilyIpv6 = 2;
  const uint16_t family = reader->TakeU16();
  const uint8_t prefix = reader->TakeU8();
  const uint8_t length = reader->TakeU8();
  const absl::Span<const uint8_t> part = reader->Take(length & 0x7f);
  if (reader->error() != Malformed::kNone) return;
  if (family != kFamilyIpv4 && family != kFamilyIpv6) return reader->GiveUp();
  const size_t bytes = family == kFamilyIpv4 ? kIpv4Bytes : kIpv6Bytes;
  if (part.size() > bytes || prefix > 8 * bytes) return reader->Fail(Malformed::kRdataValue);
  uint8_t address[kIpv6Bytes] = {};
  std::copy(part.begin(), part.end(), address);
  absl::StrAppend(out, (length & 0x80) != 0 ? "!" : "", family, ":");
  AppendAddress({address, bytes}, out);
  absl::StrAppend(out, "/", prefix);
}

}  // namespace

// RFC 1876.
void WriteLoc(RdataReader* reader, std::string* out) {
  constexpr int64_t kSeaLevel = 10'000'000;  // centimetres above where they are counted from
  if (reader->TakeU8() != 0) return reader->GiveUp();
  const int64_t size = TakeSize(reader);
  const int64_t horizontal = TakeSize(reader);
  const int64_t vertical = TakeSize(reader);
  WriteAngle(90, "NS", reader, out);
  WriteAngle(180, "EW", reader, out);
  AppendMetres(reader->TakeU32() - kSeaLevel, out);
  for (const int64_t precision : {size, horizontal, vertical}) {
    out->push_back(' ');
    AppendMetres(precision, out);
  }
}

// RFC 3123, 5.
void WriteApl(RdataReader* reader, std::string* out) {
  while (reader->left() > 0) {
    WriteAplItem(reader, out);
    if (reader->left() > 0) out->push_back(' ');
  }
}

// RFC 4025, 3.
void WriteIpseckey(RdataReader* reader, std::string* out) {
  const uint8_t precedence = reader->TakeU8();
  const uint8_t kind = reader->TakeU8();
  const uint8_t algorithm = reader->TakeU8();
  absl::StrAppend(out, precedence, " ", kind, " ", algorithm, " ");
  WriteGateway(kind, reader, out);
  if (reader->left() == 0) return;
  out->push_back(' ');
  AppendBase64(reader->TakeRest(), out);
}

// RFC 8777, 4.3.
void WriteAmtrelay(RdataReader* reader, std::string* out) {
  const uint8_t precedence = reader->TakeU8();
  const uint8_t kind = reader->TakeU8();
  absl::StrAppend(out, precedence, " ", kind >> 7, " ", kind & 0x7f, " ");
  WriteGateway(kind & 0x7f, reader, out);
}

// RFC 8005, 6.
void WriteHip(RdataReader* reader, std::string* out) {
  const uint8_t tag_bytes = reader->TakeU8();
  const uint8_t algorithm = reader->TakeU8();
  const uint16_t key_bytes = reader->TakeU16();
  if (tag_bytes == 0 || key_bytes == 0) reader->Fail(Malformed::kRdataValue);
  absl::StrAppend(out, algorithm, " ");
  AppendUpperHex(reader->Take(tag_bytes), out);
  out->push_back(' ');
  AppendBase64(reader->Take(key_bytes), out);
  while (reader->left() > 0) {
    out->push_back(' ');
    reader->TakeName(out);
  }
}

}  // namespace dns_monitor
