// The types of which one field decides how others are written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/match.h"
#include "dns_monitor/dns/rdata_text.h"
#include "support/rdata.h"

namespace dns_monitor {
namespace {

using ::testing::StartsWith;

// Texts of the RFCs, where they have some; the bytes are those that dnspython makes of them.
constexpr RdataCase kCases[] = {
    {"APL", "00011503c0a82000011c83c0a826", "1:192.168.32.0/21 !1:192.168.38.0/28"},
    {"APL", "00020801ff00010000", "2:ff00::/8 1:0.0.0.0/0"},
    {"IPSECKEY",
     "0a0102c0000226010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801",
     "10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=="},
    {"IPSECKEY", "0a0002010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0521af82ab7801",
     "10 0 2 . AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=="},
    {"IPSECKEY",
     "0a0302096d7967617465776179076578616d706c6503636f6d00010351537986ed35533b6064478eeeb27b5bd74da"
     "e149b6e81ba3a0521af82ab7801",
     "10 3 2 mygateway.example.com. AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=="},
    {"IPSECKEY",
     "0a020220010db8000080020000000020000001010351537986ed35533b6064478eeeb27b5bd74dae149b6e81ba3a0"
     "521af82ab7801",
     "10 2 2 2001:db8:0:8002::2000:1 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=="},
    {"AMTRELAY", "0a01cb00710f", "10 0 1 203.0.113.15"},
    {"AMTRELAY", "0a0220010db8000000000000000000000015", "10 0 2 2001:db8::15"},
    {"AMTRELAY", "808309616d7472656c617973076578616d706c6503636f6d00",
     "128 1 3 amtrelays.example.com."},
    {"AMTRELAY", "0a00", "10 0 0 ."},
    {"HIP",
     "10020084200100107b1a74df365639cc39f1d57803010001b771ca136e4aeb5ce44333c53b3d2c13c22243851fc70"
     "8bcce29f7e2eb5787b5f56ccad34f8223acc10904ddb56b2ec4a6d6232f3b50ea094f0914b3b941bbe529af582c36"
     "bbadefdaf2adaf9b4911906f5b2522603c615272b880ec8fb930cc6ee39c444daa75b1678f005a4b2499d1da5433f"
     "805c7a5ad3237acc5dd5c5e430472767331076578616d706c6503636f6d000472767332076578616d706c6503636f"
     "6d00",
     "2 200100107B1A74DF365639CC39F1D578 "
     "AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBCQTdtWsuxKbWIy87UOoJTwkUs7lBu+"
     "Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwzG7jnERNqnWxZ48AWkskmdHaVDP4BcelrTI3rMXdXF5D "
     "rvs1.example.com. rvs2.example.com."},
    {"LOC", "0033161389172dd070be15f000988d20",
     "42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m"},
    {"LOC", "000000008b0d2c8c7ff8fca500989680",
     "51 30 12.748 N 0 7 39.611 W 0.00m 0.00m 0.00m 0.00m"},
    {"LOC", "009912106cb02700a69fb200ffffffff",
     "90 0 0.000 S 180 0 0.000 E 42849672.95m 90000000.00m 1.00m 0.01m"},
    {"SVCB", "000003666f6f076578616d706c6503636f6d00", "0 foo.example.com."},
    {"SVCB", "000100", "1 ."},
    {"SVCB", "001003666f6f076578616d706c6503636f6d00000300020035",
     R"(16 foo.example.com. port=53)"},
    {"SVCB", "000103666f6f076578616d706c6503636f6d00029b000568656c6c6f",
     R"(1 foo.example.com. key667="hello")"},
    {"SVCB", "000103666f6f076578616d706c6503636f6d00029b000968656c6c6fd2716f6f",
     R"(1 foo.example.com. key667="hello\210qoo")"},
    {"SVCB",
     "000103666f6f076578616d706c6503636f6d000006002020010db800000000000000000000000120010db80000000"
     "00000000000530001",
     R"(1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1)"},
    {"SVCB",
     "001003666f6f076578616d706c65036f7267000000000400010004000100090268320568332d313900040004c0000"
     "201",
     R"(16 foo.example.org. mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1)"},
    {"SVCB", "001003666f6f076578616d706c65036f7267000001000c08665c6f6f2c626172026832",
     R"(16 foo.example.org. alpn="f\\\\oo\\,bar,h2")"},
    {"HTTPS",
     "000100000100060268320268330002000000040008681084e5681085e5000500040045fe0d0006001026064700000"
     "0000000000000681084e5",
     R"(1 . alpn="h2,h3" no-default-alpn ipv4hint=104.16.132.229,104.16.133.229 ech=AEX+DQ== ipv6hint=2606:4700::6810:84e5)"},
    {"APL", "", ""},
    {"IPSECKEY", "0a0000", "10 0 0 ."},
    {"SVCB", "0001 00 0007 0010 2f646e732d71756572797b3f646e737d",
     R"(1 . dohpath="/dns-query{?dns}")"},
    {"SVCB", "0001 00 0001 0003 026832 0008 0000 0009 0004 001d 0017",
     R"(1 . alpn="h2" ohttp tls-supported-groups=29,23)"},
    {"SVCB", "0001 00 000a 0000", "1 . docpath"},
    {"SVCB", "0001 00 000a 0006 03646e73 0161", R"(1 . docpath="dns,a")"},
    {"SVCB", "0001 00 000b 0002 2261 ffff 0000", R"(1 . key11="\"a" key65535)"},
    {"SVCB", "0001 00 0000 0004 0001 029b 0001 0003 026832 029b 0000",
     R"(1 . mandatory=alpn,key667 alpn="h2" key667)"},
    // RFC 9460, appendix D.2: an address that could be written with one of IPv4 in it.
    {"SVCB", "0001 076578616d706c6503636f6d00 0006 0010 20010db8012203440000 0000c0000221",
     "1 example.com. ipv6hint=2001:db8:122:344::c000:221"},
};

TEST(RdataFormsTest, Forms) {
  for (const RdataCase& one : kCases) {
    SCOPED_TRACE(one.hex);
    const RdataText got = TextOfRdata(one.type, FromHex(one.hex));
    EXPECT_EQ(got.error, Malformed::kNone) << TextOf(got.error);
    EXPECT_EQ(got.text, one.text);
  }
}

TEST(RdataFormsTest, CutAnywhere) {
  for (const RdataCase& one : kCases) {
    const std::string rdata = FromHex(one.hex);
    for (size_t size = 0; size < rdata.size(); ++size) {
      const RdataText got = TextOfRdata(one.type, rdata.substr(0, size));
      EXPECT_EQ(got.error != Malformed::kNone, absl::StartsWith(got.text, "\\# ")) << one.hex;
    }
  }
}

TEST(RdataFormsTest, ValuesThatATypeDoesNotHave) {
  const std::pair<const char*, const char*> cases[] = {
      {"LOC", "00 a0 00 00 80000000 80000000 00000000"},  // digits that are none
      {"LOC", "00 0a 00 00 80000000 80000000 00000000"},
      {"LOC", "00 00 00 fa 80000000 80000000 00000000"},
      {"LOC", "00 00 00 00 934fd901 80000000 00000000"},  // beyond the pole
      {"LOC", "00 00 00 00 80000000 a69fb201 00000000"},
      {"APL", "0001 21 00"},  // longer than an address
      {"APL", "0001 20 05 0102030405"},
      {"APL", "0002 81 00"},
      {"HIP", "00 02 0001 00"},                             // no tag
      {"HIP", "01 02 0000 00"},                             // no key
      {"SVCB", "0001 00 0003 0002 0035 0003 0002 0035"},    // a key twice
      {"SVCB", "0001 00 0003 0002 0035 0001 0003 026832"},  // keys that do not go up
      {"SVCB", "0001 00 0000 0000"},
      {"SVCB", "0001 00 0000 0003 000100"},
      {"SVCB", "0001 00 0001 0000"},
      {"SVCB", "0001 00 0001 0001 00"},
      {"SVCB", "0001 00 0001 0003 036832"},
      {"SVCB", "0001 00 0002 0001 00"},
      {"SVCB", "0001 00 0003 0001 00"},
      {"SVCB", "0001 00 0003 0004 00350035"},
      {"SVCB", "0001 00 0004 0000"},
      {"SVCB", "0001 00 0004 0005 0102030405"},
      {"SVCB", "0001 00 0005 0000"},
      {"SVCB", "0001 00 0006 0004 01020304"},
      {"SVCB", "0001 00 0007 0000"},
      {"SVCB", "0001 00 0008 0001 00"},
      {"SVCB", "0001 00 0009 0003 001d00"},
      {"SVCB", "0001 00 000a 0001 01"},
  };
  for (const auto& [type, hex] : cases) {
    const RdataText got = TextOfRdata(type, FromHex(hex));
    EXPECT_EQ(got.error, Malformed::kRdataValue) << type << " " << hex << " " << TextOf(got.error);
    EXPECT_THAT(got.text, StartsWith("\\# ")) << type << " " << hex;
  }
}

TEST(RdataFormsTest, CutWithin) {
  const std::pair<const char*, const char*> cases[] = {
      {"LOC", "00 00"},
      {"APL", "0001 20 04 010203"},
      {"IPSECKEY", "0a 01 02 c00002"},
      {"IPSECKEY", "0a 02 02 c0000201"},
      {"AMTRELAY", "0a 01"},
      {"AMTRELAY", "0a 03"},
      {"HIP", "02 02 0001 00"},
      {"SVCB", "0001"},
      {"SVCB", "0001 00 0003 00"},
      {"SVCB", "0001 00 0003 0002 00"},
  };
  for (const auto& [type, hex] : cases) {
    const RdataText got = TextOfRdata(type, FromHex(hex));
    EXPECT_EQ(got.error, Malformed::kRdataShort) << type << " " << hex << " " << TextOf(got.error);
  }
}

// Not ours to judge.
TEST(RdataFormsTest, UnknownKinds) {
  const std::pair<const char*, const char*> cases[] = {
      {"LOC", "01 00 00 00"},             // another version
      {"APL", "0003 08 01 ff"},           // another family
      {"IPSECKEY", "0a 04 02 c0000201"},  // another gateway
      {"AMTRELAY", "0a 7f c0000201"},
  };
  for (const auto& [type, hex] : cases) {
    const RdataText got = TextOfRdata(type, FromHex(hex));
    EXPECT_EQ(got.error, Malformed::kNone) << type;
    EXPECT_THAT(got.text, StartsWith("\\# ")) << type;
  }
}

}  // namespace
}  // namespace dns_monitor
