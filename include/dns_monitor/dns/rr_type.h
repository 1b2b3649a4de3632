// The types, classes and codes that are told apart by more than their names (registry.h has those
// of all).
#pragma once

#include <cstdint>

namespace dns_monitor {

// https://www.iana.org/assignments/dns-parameters, "Resource Record (RR) TYPEs".
namespace rr_type {
inline constexpr uint16_t kA = 1;
inline constexpr uint16_t kNs = 2;
inline constexpr uint16_t kMd = 3;
inline constexpr uint16_t kMf = 4;
inline constexpr uint16_t kCname = 5;
inline constexpr uint16_t kSoa = 6;
inline constexpr uint16_t kMb = 7;
inline constexpr uint16_t kMg = 8;
inline constexpr uint16_t kMr = 9;
inline constexpr uint16_t kPtr = 12;
inline constexpr uint16_t kHinfo = 13;
inline constexpr uint16_t kMinfo = 14;
inline constexpr uint16_t kMx = 15;
inline constexpr uint16_t kTxt = 16;
inline constexpr uint16_t kRp = 17;
inline constexpr uint16_t kAfsdb = 18;
inline constexpr uint16_t kX25 = 19;
inline constexpr uint16_t kIsdn = 20;
inline constexpr uint16_t kRt = 21;
inline constexpr uint16_t kNsapPtr = 23;
inline constexpr uint16_t kSig = 24;
inline constexpr uint16_t kKey = 25;
inline constexpr uint16_t kPx = 26;
inline constexpr uint16_t kGpos = 27;
inline constexpr uint16_t kAaaa = 28;
inline constexpr uint16_t kLoc = 29;
inline constexpr uint16_t kSrv = 33;
inline constexpr uint16_t kNaptr = 35;
inline constexpr uint16_t kKx = 36;
inline constexpr uint16_t kCert = 37;
inline constexpr uint16_t kDname = 39;
inline constexpr uint16_t kOpt = 41;
inline constexpr uint16_t kApl = 42;
inline constexpr uint16_t kDs = 43;
inline constexpr uint16_t kSshfp = 44;
inline constexpr uint16_t kIpseckey = 45;
inline constexpr uint16_t kRrsig = 46;
inline constexpr uint16_t kNsec = 47;
inline constexpr uint16_t kDnskey = 48;
inline constexpr uint16_t kDhcid = 49;
inline constexpr uint16_t kNsec3 = 50;
inline constexpr uint16_t kNsec3param = 51;
inline constexpr uint16_t kTlsa = 52;
inline constexpr uint16_t kSmimea = 53;
inline constexpr uint16_t kHip = 55;
inline constexpr uint16_t kNinfo = 56;
inline constexpr uint16_t kRkey = 57;
inline constexpr uint16_t kTalink = 58;
inline constexpr uint16_t kCds = 59;
inline constexpr uint16_t kCdnskey = 60;
inline constexpr uint16_t kOpenpgpkey = 61;
inline constexpr uint16_t kCsync = 62;
inline constexpr uint16_t kZonemd = 63;
inline constexpr uint16_t kSvcb = 64;
inline constexpr uint16_t kHttps = 65;
inline constexpr uint16_t kDsync = 66;
inline constexpr uint16_t kHhit = 67;
inline constexpr uint16_t kBrid = 68;
inline constexpr uint16_t kSpf = 99;
inline constexpr uint16_t kNid = 104;
inline constexpr uint16_t kL32 = 105;
inline constexpr uint16_t kL64 = 106;
inline constexpr uint16_t kLp = 107;
inline constexpr uint16_t kEui48 = 108;
inline constexpr uint16_t kEui64 = 109;
inline constexpr uint16_t kTsig = 250;
inline constexpr uint16_t kAny = 255;
inline constexpr uint16_t kUri = 256;
inline constexpr uint16_t kCaa = 257;
inline constexpr uint16_t kAvc = 258;
inline constexpr uint16_t kAmtrelay = 260;
inline constexpr uint16_t kResinfo = 261;
inline constexpr uint16_t kWallet = 262;
inline constexpr uint16_t kTa = 32768;
inline constexpr uint16_t kDlv = 32769;
}  // namespace rr_type

// "DNS CLASSes"
namespace rr_class {
inline constexpr uint16_t kIn = 1;
inline constexpr uint16_t kChaos = 3;
inline constexpr uint16_t kNone = 254;
inline constexpr uint16_t kAny = 255;
}  // namespace rr_class

// "DNS EDNS0 Option Codes (OPT)"
namespace edns_option {
inline constexpr uint16_t kNsid = 3;
inline constexpr uint16_t kClientSubnet = 8;
inline constexpr uint16_t kCookie = 10;
inline constexpr uint16_t kKeepalive = 11;
inline constexpr uint16_t kPadding = 12;
inline constexpr uint16_t kExtendedError = 15;
}  // namespace edns_option

}  // namespace dns_monitor
