#include "dns_monitor/dns/rdata_text.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "dns_monitor/dns/rr_type.h"
#include "src/dns/rdata_fields.h"

namespace dns_monitor {
namespace {

constexpr size_t kMostFields = 9;

struct Layout {
  uint16_t type;
  std::array<Field, kMostFields> fields;
};

using F = Field;
namespace t = rr_type;

// By type.
constexpr Layout kLayouts[] = {
    {t::kA, {F::kIpv4}},
    {t::kNs, {F::kName}},
    {t::kMd, {F::kName}},
    {t::kMf, {F::kName}},
    {t::kCname, {F::kName}},
    {t::kSoa, {F::kName, F::kName, F::kU32, F::kU32, F::kU32, F::kU32, F::kU32}},
    {t::kMb, {F::kName}},
    {t::kMg, {F::kName}},
    {t::kMr, {F::kName}},
    {t::kPtr, {F::kName}},
    {t::kHinfo, {F::kString, F::kString}},
    {t::kMinfo, {F::kName, F::kName}},
    {t::kMx, {F::kU16, F::kName}},
    {t::kTxt, {F::kStrings}},
    {t::kRp, {F::kName, F::kName}},
    {t::kAfsdb, {F::kU16, F::kName}},
    {t::kX25, {F::kString}},
    {t::kIsdn, {F::kString, F::kStringOrNone}},
    {t::kRt, {F::kU16, F::kName}},
    {t::kNsapPtr, {F::kName}},
    {t::kSig,
     {F::kType, F::kU8, F::kU8, F::kU32, F::kTime, F::kTime, F::kU16, F::kName, F::kBase64}},
    {t::kKey, {F::kU16, F::kU8, F::kU8, F::kBase64OrNone}},
    {t::kPx, {F::kU16, F::kName, F::kName}},
    {t::kGpos, {F::kString, F::kString, F::kString}},
    {t::kAaaa, {F::kIpv6}},
    {t::kLoc, {F::kLoc}},
    {t::kSrv, {F::kU16, F::kU16, F::kU16, F::kName}},
    {t::kNaptr, {F::kU16, F::kU16, F::kString, F::kString, F::kString, F::kName}},
    {t::kKx, {F::kU16, F::kName}},
    {t::kCert, {F::kCertType, F::kU16, F::kU8, F::kBase64}},
    {t::kDname, {F::kName}},
    {t::kApl, {F::kApl}},
    {t::kDs, {F::kU16, F::kU8, F::kU8, F::kHex}},
    {t::kSshfp, {F::kU8, F::kU8, F::kHex}},
    {t::kIpseckey, {F::kIpseckey}},
    {t::kRrsig,
     {F::kType, F::kU8, F::kU8, F::kU32, F::kTime, F::kTime, F::kU16, F::kName, F::kBase64}},
    {t::kNsec, {F::kName, F::kTypes}},
    {t::kDnskey, {F::kU16, F::kU8, F::kU8, F::kBase64}},
    {t::kDhcid, {F::kBase64}},
    {t::kNsec3, {F::kU8, F::kU8, F::kU16, F::kSalt, F::kHash, F::kTypes}},
    {t::kNsec3param, {F::kU8, F::kU8, F::kU16, F::kSalt}},
    {t::kTlsa, {F::kU8, F::kU8, F::kU8, F::kHex}},
    {t::kSmimea, {F::kU8, F::kU8, F::kU8, F::kHex}},
    {t::kHip, {F::kHip}},
    {t::kNinfo, {F::kStrings}},
    {t::kRkey, {F::kU16, F::kU8, F::kU8, F::kBase64}},
    {t::kTalink, {F::kName, F::kName}},
    {t::kCds, {F::kU16, F::kU8, F::kU8, F::kHex}},
    {t::kCdnskey, {F::kU16, F::kU8, F::kU8, F::kBase64}},
    {t::kOpenpgpkey, {F::kBase64}},
    {t::kCsync, {F::kU32, F::kU16, F::kTypes}},
    {t::kZonemd, {F::kU32, F::kU8, F::kU8, F::kHex}},
    {t::kSvcb, {F::kU16, F::kName, F::kSvcParams}},
    {t::kHttps, {F::kU16, F::kName, F::kSvcParams}},
    {t::kDsync, {F::kType, F::kU8, F::kU16, F::kName}},
    {t::kHhit, {F::kBase64}},
    {t::kBrid, {F::kBase64}},
    {t::kSpf, {F::kStrings}},
    {t::kNid, {F::kU16, F::kLocator64}},
    {t::kL32, {F::kU16, F::kIpv4}},
    {t::kL64, {F::kU16, F::kLocator64}},
    {t::kLp, {F::kU16, F::kName}},
    {t::kEui48, {F::kEui48}},
    {t::kEui64, {F::kEui64}},
    {t::kTsig, {F::kName, F::kU48, F::kU16, F::kCounted64, F::kU16, F::kTsigError, F::kCounted64}},
    {t::kUri, {F::kU16, F::kU16, F::kText}},
    {t::kCaa, {F::kU8, F::kTag, F::kText}},
    {t::kAvc, {F::kStrings}},
    {t::kAmtrelay, {F::kAmtrelay}},
    {t::kResinfo, {F::kStrings}},
    {t::kWallet, {F::kStrings}},
    {t::kTa, {F::kU16, F::kU8, F::kU8, F::kHex}},
    {t::kDlv, {F::kU16, F::kU8, F::kU8, F::kHex}},
};

constexpr bool TypeLess(const Layout& a, const Layout& b) {
  return a.type < b.type;
}
static_assert(std::is_sorted(std::begin(kLayouts), std::end(kLayouts), TypeLess));

const Layout* FindLayout(const DnsRecord& record) {
  // An address there is a name and a number (RFC 1035, 3.4.1 is of the Internet alone).
  if (record.rclass == rr_class::kChaos && record.type == t::kA) return nullptr;
  const auto* const found =
      std::lower_bound(std::begin(kLayouts), std::end(kLayouts), Layout{record.type, {}}, TypeLess);
  return found != std::end(kLayouts) && found->type == record.type ? found : nullptr;
}

void AppendGeneric(absl::Span<const uint8_t> rdata, std::string* out) {
  absl::StrAppend(out, "\\# ", rdata.size());
  if (rdata.empty()) return;
  out->push_back(' ');
  AppendUpperHex(rdata, out);
}

void AppendFields(const Layout& layout, RdataReader* reader, std::string* out) {
  for (size_t i = 0; i < kMostFields && layout.fields[i] != Field::kNone; ++i) {
    const size_t before = out->size();
    if (i > 0) out->push_back(' ');
    const size_t begin = out->size();
    WriteField(layout.fields[i], reader, out);
    if (out->size() == begin) out->resize(before);
  }
  if (reader->left() > 0) reader->Fail(Malformed::kRdataLong);
}

}  // namespace

Malformed AppendRdata(absl::Span<const uint8_t> message, const DnsRecord& record,
                      std::string* out) {
  const bool may_be_empty = record.rclass == rr_class::kAny || record.rclass == rr_class::kNone;
  const Layout* const layout = FindLayout(record);
  Malformed error = Malformed::kNone;
  if (layout != nullptr && !(may_be_empty && record.rdata_bytes == 0)) {
    const size_t before = out->size();
    RdataReader reader(message, record);
    AppendFields(*layout, &reader, out);
    error = reader.error();
    if (error == Malformed::kNone && !reader.unknown()) return error;
    out->resize(before);
    if (reader.unknown()) error = Malformed::kNone;
  }
  AppendGeneric(message.subspan(record.rdata, record.rdata_bytes), out);
  return error;
}

}  // namespace dns_monitor
