#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dns_monitor/dns/rdata_text.h"
#include "dns_monitor/dns/rr_type.h"
#include "support/rdata.h"

namespace dns_monitor {
namespace {

// Texts of the RFCs, where they have some; the bytes are those that dnspython makes of them.
constexpr RdataCase kCases[] = {
    {"A", "c0000201", "192.0.2.1"},
    {"AAAA", "20010db8000000000000000000000053", "2001:db8::53"},
    {"NS", "036e7331076578616d706c6503636f6d00", "ns1.example.com."},
    {"CNAME", "03776562076578616d706c6503636f6d00", "web.example.com."},
    {"PTR", "04686f7374076578616d706c6500", "host.example."},
    {"DNAME", "076578616d706c65036e657400", "example.net."},
    {"MX", "000a046d61696c076578616d706c6503636f6d00", "10 mail.example.com."},
    {"SOA",
     "036e7331076578616d706c6503636f6d000561646d696e076578616d706c6503636f6d0078a3f17500001c2000000"
     "e10001275000000012c",
     "ns1.example.com. admin.example.com. 2024010101 7200 3600 1209600 300"},
    {"TXT", "0b763d73706631202d616c6c", R"("v=spf1 -all")"},
    {"TXT", "036f6e651774776f2077697468202271756f7465732220616e64205c000200ff",
     R"("one" "two with \"quotes\" and \\" "" "\000\255")"},
    {"SPF", "0b763d73706631207e616c6c", R"("v=spf1 ~all")"},
    {"SRV", "0000000513c403736970076578616d706c6503636f6d00", "0 5 5060 sip.example.com."},
    {"NAPTR",
     "0064003201730d7a333935302b49324c2b49324300065f7a33393530045f746370066761746563680365647500",
     R"(100 50 "s" "z3950+I2L+I2C" "" _z3950._tcp.gatech.edu.)"},
    {"CAA", "000569737375656361312e6578616d706c652e6e6574", R"(0 issue "ca1.example.net")"},
    {"CAA", "8005696f6465666d61696c746f3a7365637572697479406578616d706c652e636f6d",
     R"(128 iodef "mailto:security@example.com")"},
    {"CAA", "000569737375653b", R"(0 issue ";")"},
    {"DS", "ec4505012bb183af5f22588179a53b0a98631fad1a292118",
     "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"},
    {"CDS", "0000000000", "0 0 0 00"},
    {"DLV", "ec4505012bb183af5f22588179a53b0a98631fad1a292118",
     "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"},
    {"DNSKEY",
     "010003050103d22a6ca77f35b893206fd35e4c506d8378843709b97e041647e1bff43d8d64c649af1e371973c9e89"
     "1fce3df519a8c840a63ee42a6d2ebddbb97035d215aa4e417b1fa45fa11a9741ea2098c1dfa5fb5feb332fd4bc815"
     "2089aef36ba644cce2413b3b72be18cbef8da253f4e93d2103866d9234a2e28df529a67d5468dbefe3",
     "256 3 5 "
     "AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/"
     "0PY1kxkmvHjcZc8nokfzj31GajIQKY+"
     "5CptLr3buXA10hWqTkF7H6RfoRqXQeogmMHfpftf6zMv1LyBUgia7za6ZEzOJBOztyvhjL742iU/"
     "TpPSEDhm2SNKLijfUppn1UaNvv4w=="},
    {"CDNSKEY", "0000030000", "0 3 0 AA=="},
    {"RRSIG",
     "00010503000151803e7c9dd73e5510d70a52076578616d706c6503636f6d00a090755ba58d1affa576f4375831b43"
     "10920e481218d18a9f164eb3d81afd3b875d3c75428631e0cf2a28d50875f70c329d7dbfafea807dc1fba1dc34c95"
     "d401f23f334ce63bfcf3f1b5b44739e5f0eded18d6b33f040a911376d173d757a9f0c1fa1798941bb0b36b2df9062"
     "790fa7f0166f2737eea907378341fb12dc0a77a",
     "A 5 3 86400 20030322173103 20030220173103 2642 example.com. "
     "oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dUKGMeDPKijVCHX3DDKdfb+v6oB9wfuh3DTJXUAfI/"
     "M0zmO/zz8bW0Rznl8O3tGNazPwQKkRN20XPXV6nwwfoXmJQbsLNrLfkGJ5D6fwFm8nN+6pBzeDQfsS3Ap3o="},
    {"RRSIG", "04d208020000000000000000ffffffffffff0000",
     "TYPE1234 8 2 0 19700101000000 21060207062815 65535 . AA=="},
    {"NSEC",
     "04686f7374076578616d706c6503636f6d000006400100000003041b0000000000000000000000000000000000000"
     "00000000000000020",
     "host.example.com. A MX RRSIG NSEC TYPE1234"},
    {"NSEC3", "0101000c04aabbccdd14174eb2409fe28bcb4887a1836f957f0a8425e27b000722010000000290",
     "1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR NS SOA MX RRSIG DNSKEY NSEC3PARAM"},
    {"NSEC3", "010000000014174eb2409fe28bcb4887a1836f957f0a8425e27b",
     "1 0 0 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR"},
    {"NSEC3PARAM", "0100000c04aabbccdd", "1 0 12 AABBCCDD"},
    {"NSEC3PARAM", "0100000000", "1 0 0 -"},
    {"TLSA", "000001d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971",
     "0 0 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971"},
    {"SMIMEA", "030101d2abde24", "3 1 1 D2ABDE24"},
    {"SSHFP", "0201123456789abcdef67890123456789abcdef67890",
     "2 1 123456789ABCDEF67890123456789ABCDEF67890"},
    {"URI", "000a00016674703a2f2f667470312e6578616d706c652e636f6d2f7075626c6963",
     R"(10 1 "ftp://ftp1.example.com/public")"},
    {"HINFO", "0f50432d496e74656c2d3730306d687a10526564686174204c696e757820372e31",
     R"("PC-Intel-700mhz" "Redhat Linux 7.1")"},
    {"CERT", "0001ffff05313233", "PKIX 65535 5 MTIz"},
    {"CERT", "00fd00010868747470", "URI 1 8 aHR0cA=="},
    {"CERT", "ff0000000000", "65280 0 0 AA=="},
    {"RP", "046d626f78076578616d706c6503636f6d0003747874076578616d706c6503636f6d00",
     "mbox.example.com. txt.example.com."},
    {"AFSDB", "000103616673076578616d706c6503636f6d00", "1 afs.example.com."},
    {"KX", "000a026b78076578616d706c6503636f6d00", "10 kx.example.com."},
    {"RT", "000a0572656c6179076578616d706c6503636f6d00", "10 relay.example.com."},
    {"PX", "000a066d6170383232076578616d706c6500076d617078343030076578616d706c6500",
     "10 map822.example. mapx400.example."},
    {"X25", "0c333131303631373030393536", R"("311061700956")"},
    {"ISDN", "0f31353038363230323830303332313703303034", R"("150862028003217" "004")"},
    {"ISDN", "0f313530383632303238303033323137", R"("150862028003217")"},
    {"GPOS", "082d33322e36383832083131362e383635320431302e30", R"("-32.6882" "116.8652" "10.0")"},
    {"OPENPGPKEY", "99010d04", "mQENBA=="},
    {"CSYNC", "000000420003000460000008", "66 3 A NS AAAA"},
    {"ZONEMD",
     "7848b78c0101febe3d4ce2ec2ffa4ba99d46cd69d6d29711e55217057bee7eb1a7b641a47ba7fed2dd5b97ae499fa"
     "fa4f22c6bd647de",
     "2018031500 1 1 "
     "FEBE3D4CE2EC2FFA4BA99D46CD69D6D29711E55217057BEE7EB1A7B641A47BA7FED2DD5B97AE499FAFA4F22C6BD64"
     "7DE"},
    {"EUI48", "00005e00532a", "00-00-5e-00-53-2a"},
    {"EUI64", "00005eef1000002a", "00-00-5e-ef-10-00-00-2a"},
    {"NID", "000a00144fffff20ee64", "10 0014:4fff:ff20:ee64"},
    {"L32", "000a0a010200", "10 10.1.2.0"},
    {"L64", "000a20010db811401000", "10 2001:0db8:1140:1000"},
    {"LP", "000a0b6c36342d7375626e657431076578616d706c6503636f6d00", "10 l64-subnet1.example.com."},
    {"DHCID", "000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17cdb95000da48c40",
     "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="},
    {"RESINFO", "08716e616d656d696e0c657874656e643d31352d3137", R"("qnamemin" "extend=15-17")"},
    {"WALLET", "03425443026263", R"("BTC" "bc")"},
    {"AVC", "0161", R"("a")"},
    {"NINFO", "0161", R"("a")"},
    {"TALINK", "016100016200", "a. b."},
    {"MINFO", "016100016200", "a. b."},
    {"MB", "016100", "a."},
    {"MG", "016100", "a."},
    {"MR", "016100", "a."},
    {"MD", "016100", "a."},
    {"MF", "016100", "a."},
    {"NSAP-PTR", "016100", "a."},
    {"TA", "ec4505012bb1", "60485 5 1 2BB1"},
    {"RKEY", "0000000100", "0 0 1 AA=="},
    {"KEY", "c0000301", "49152 3 1"},
    {"KEY", "0000030100ff", "0 3 1 AP8="},
    {"SIG", "000105000000000000000000000000000a520161000000ff",
     "A 5 0 0 19700101000000 19700101000000 2642 a. AAD/"},
    {"DSYNC", "003b0114ef04736f6d65076578616d706c6500", "CDS 1 5359 some.example."},
    {"HHIT", "00ff10", "AP8Q"},
    {"BRID", "00ff10", "AP8Q"},
    {"TSIG", "0b686d61632d736861323536000000 6553f100 012c 0004 01020304 1234 0000 0000",
     "hmac-sha256. 1700000000 300 4 AQIDBA== 4660 NoError 0"},
    {"TSIG", "00 0001 00000000 0000 0000 0001 0010 0002 ffff", ". 4294967296 0 0 1 BADSIG 2 //8="},
    {"TSIG", "00 0000 00000000 0000 0000 0001 00ff 0000", ". 0 0 0 1 255 0"},
};

TEST(RdataTextTest, Types) {
  for (const RdataCase& one : kCases) {
    SCOPED_TRACE(one.type);
    const RdataText got = TextOfRdata(one.type, FromHex(one.hex));
    EXPECT_EQ(got.error, Malformed::kNone) << TextOf(got.error);
    EXPECT_EQ(got.text, one.text);
  }
}

// What dig and RFC 3597 make of what they do not know.
std::string Generic(const std::string& rdata) {
  std::string text = absl::StrCat("\\# ", rdata.size());
  if (!rdata.empty())
    absl::StrAppend(&text, " ", absl::AsciiStrToUpper(absl::BytesToHexString(rdata)));
  return text;
}

bool IsRdataError(Malformed error) {
  return error == Malformed::kRdataShort || error == Malformed::kRdataLong ||
         error == Malformed::kRdataValue || error == Malformed::kTruncatedName;
}

TEST(RdataTextTest, CutAnywhere) {
  for (const RdataCase& one : kCases) {
    const std::string rdata = FromHex(one.hex);
    for (size_t size = 0; size < rdata.size(); ++size) {
      const RdataText got = TextOfRdata(one.type, rdata.substr(0, size));
      // Data that goes on to the end of the record may end sooner.
      if (got.error == Malformed::kNone) {
        EXPECT_FALSE(absl::StartsWith(got.text, "\\#")) << one.type;
        continue;
      }
      EXPECT_TRUE(IsRdataError(got.error)) << one.type << " " << TextOf(got.error);
      EXPECT_EQ(got.text, Generic(rdata.substr(0, size)));
    }
  }
}

TEST(RdataTextTest, OfAnExactLength) {
  for (const char* const type :
       {"A", "AAAA", "NS", "MX", "SOA", "SRV", "NAPTR", "HINFO", "NSEC3PARAM", "EUI48", "EUI64",
        "NID", "L32", "L64", "LP", "RP", "DSYNC", "TSIG"}) {
    for (const RdataCase& one : kCases) {
      if (one.type != absl::string_view(type)) continue;
      const std::string rdata = FromHex(one.hex);
      EXPECT_EQ(TextOfRdata(type, rdata + '\0').error, Malformed::kRdataLong) << type;
      EXPECT_EQ(TextOfRdata(type, rdata + '\0').text, Generic(rdata + '\0'));
      const Malformed error = TextOfRdata(type, rdata.substr(0, rdata.size() - 1)).error;
      EXPECT_TRUE(error == Malformed::kRdataShort || error == Malformed::kTruncatedName) << type;
    }
  }
}

TEST(RdataTextTest, CompressedNames) {
  EXPECT_EQ(TextOfRdata("MX", U16(10) + Label("mail") + Pointer(12)).text, "10 mail.example.com.");
  EXPECT_EQ(
      TextOfRdata("SOA", Pointer(12) + Label("admin") + Pointer(12) + std::string(20, '\0')).text,
      "example.com. admin.example.com. 0 0 0 0 0");
  EXPECT_EQ(TextOfRdata("NS", Pointer(0x200)).error, Malformed::kPointerForward);
  EXPECT_EQ(TextOfRdata("NS", Pointer(25)).error, Malformed::kPointerLoop);
  EXPECT_EQ(TextOfRdata("NS", Pointer(3)).error, Malformed::kPointerIntoHeader);
  EXPECT_EQ(TextOfRdata("NS", Pointer(3)).text, "\\# 2 C003");
  EXPECT_EQ(TextOfRdata("NS", Label("a.b \\") + '\0').text, R"(a\.b\032\\.)");
}

TEST(RdataTextTest, NamesEndWithTheData) {
  // The name would go on in what stands behind the record.
  const ByteVector message = ToBytes(Header(0, 0, 0, 0, 0) + Label("ab") + Label("cd") + '\0');
  const DnsRecord record{.type = 2, .rclass = 1, .rdata = 12, .rdata_bytes = 3, .end = 15};
  std::string text;
  EXPECT_EQ(AppendRdata(message, record, &text), Malformed::kTruncatedName);
  EXPECT_EQ(text, "\\# 3 026162");
}

TEST(RdataTextTest, UnknownTypes) {
  for (const uint16_t type :
       {uint16_t{0}, uint16_t{10}, uint16_t{11}, uint16_t{41}, uint16_t{65280}}) {
    EXPECT_EQ(TextOfRdata(type, FromHex("0a0B")).text, "\\# 2 0A0B");
    EXPECT_EQ(TextOfRdata(type, "").text, "\\# 0");
    EXPECT_EQ(TextOfRdata(type, "").error, Malformed::kNone);
  }
}

TEST(RdataTextTest, Classes) {
  EXPECT_EQ(TextOfRdata("A", "", rr_class::kAny).error, Malformed::kNone);
  EXPECT_EQ(TextOfRdata("A", "", rr_class::kNone).text, "\\# 0");
  EXPECT_EQ(TextOfRdata("A", FromHex("c0000201"), rr_class::kNone).text, "192.0.2.1");
  EXPECT_EQ(TextOfRdata("A", "123", rr_class::kNone).error, Malformed::kRdataShort);
  EXPECT_EQ(TextOfRdata("A", "", rr_class::kIn).error, Malformed::kRdataShort);
  // An address of Chaosnet.
  EXPECT_EQ(TextOfRdata("A", Label("ch") + FromHex("00 0102"), rr_class::kChaos).text,
            "\\# 6 026368000102");
  EXPECT_EQ(TextOfRdata("TXT", Label("9.18"), rr_class::kChaos).text, "\"9.18\"");
  EXPECT_EQ(TextOfRdata("A", FromHex("c0000201"), 0x8001).text, "192.0.2.1");
}

TEST(RdataTextTest, ValuesThatATypeDoesNotHave) {
  const std::pair<const char*, const char*> cases[] = {
      {"CAA", "00 00 61"},               // no tag
      {"CAA", "00 03 61 2d 62 63"},      // of more than letters and digits
      {"NSEC3", "01 00 0000 00 00"},     // no hash
      {"NSEC", "00 00 00"},              // a window of no bytes
      {"NSEC", "00 01 01 40 00 01 40"},  // windows that do not go up
      {"NSEC", "00 01 01 40 01 01 40"},  // one twice
      {"NSEC", "00 00 21 000000000000000000000000000000000000000000000000000000000000000001"},
  };
  for (const auto& [type, hex] : cases) {
    EXPECT_EQ(TextOfRdata(type, FromHex(hex)).error, Malformed::kRdataValue) << type << " " << hex;
    EXPECT_EQ(TextOfRdata(type, FromHex(hex)).text, Generic(FromHex(hex)));
  }
}

TEST(RdataTextTest, EveryOctetOfAString) {
  for (int value = 0; value < 256; ++value) {
    const char octet = static_cast<char>(value);
    std::string expected = absl::StrFormat("\\%03d", value);
    if (value >= ' ' && value <= '~') expected = std::string(1, octet);
    if (octet == '"' || octet == '\\') expected = std::string("\\") + octet;
    EXPECT_EQ(TextOfRdata("TXT", Label(std::string(1, octet))).text, "\"" + expected + "\"");
  }
}

}  // namespace
}  // namespace dns_monitor
