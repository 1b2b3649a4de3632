#include "support/dns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns_monitor/dns/edns.h"
#include "dns_monitor/dns/rr_type.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;

// A query with these options.
class EdnsTest : public ::testing::Test {
 protected:
  void Take(const std::string& options, uint32_t ttl = 0x8000) {
    message_ = ToBytes(Header(0x0100, 1, 0, 0, 1) + Question(WireName("a"), 1) + Opt(options, ttl));
    edns_ = FindOpt(message_).value();
  }
  Malformed Check(const std::string& options) {
    Take(options);
    return CheckOptions(message_, edns_);
  }

  ByteVector message_;
  Edns edns_;
};

TEST_F(EdnsTest, Fields) {
  Take("", 0xfe018000);
  EXPECT_EQ(edns_.udp_size, 1232);
  EXPECT_EQ(edns_.extended_rcode, 0xfe);
  EXPECT_EQ(edns_.version, 1);
  EXPECT_TRUE(edns_.dnssec_ok);
  EXPECT_EQ(edns_.z, 0);
  EXPECT_EQ(edns_.options, message_.size());
  EXPECT_EQ(edns_.option_bytes, 0);
  Take("", 0x00007fff);
  EXPECT_FALSE(edns_.dnssec_ok);
  EXPECT_EQ(edns_.z, 0x7fff);
}

TEST_F(EdnsTest, FindOpt) {
  EXPECT_EQ(FindOpt(ByteVector{}), std::nullopt);
  EXPECT_EQ(FindOpt(ToBytes(Header(0, 0, 0, 0, 0))), std::nullopt);
  const std::string opt = Opt("");
  EXPECT_EQ(FindOpt(ToBytes(Header(0, 0, 1, 0, 0) + opt)), std::nullopt);
  EXPECT_EQ(FindOpt(ToBytes(Header(0, 0, 0, 0, 1) + opt.substr(1))), std::nullopt);
  // The first of two, behind another record; and the walker has seen it all.
  const ByteVector message = ToBytes(Header(0, 0, 0, 0, 3) + Record(WireName("a"), 1, "1234") +
                                     Opt("", 0, 512) + Opt("", 0, 4096) + "x");
  MessageWalker walker(message);
  EXPECT_EQ(FindOpt(&walker)->udp_size, 512);
  EXPECT_EQ(walker.error(), Malformed::kSecondOpt);
  EXPECT_EQ(walker.trailing_bytes(), 1u);
}

TEST_F(EdnsTest, ExtendedRcode) {
  const DnsHeader header{.rcode = 7};
  EXPECT_EQ(ExtendedRcode(header, std::nullopt), 7);
  EXPECT_EQ(ExtendedRcode(header, Edns{.extended_rcode = 1}), 23);
  EXPECT_EQ(ExtendedRcode({.rcode = 15}, Edns{.extended_rcode = 255}), 4095);
}

TEST_F(EdnsTest, Options) {
  Take(Option(3, "") + Option(65001, "abc") + Option(3, "x"));
  EdnsOptions options(message_, edns_);
  EdnsOption option;
  ASSERT_TRUE(options.Next(&option));
  EXPECT_EQ(option.code, 3);
  EXPECT_TRUE(option.data.empty());
  ASSERT_TRUE(options.Next(&option));
  EXPECT_EQ(option.code, 65001);
  EXPECT_THAT(option.data, ElementsAre('a', 'b', 'c'));
  ASSERT_TRUE(options.Next(&option));
  EXPECT_FALSE(options.Next(&option));
  EXPECT_EQ(options.error(), Malformed::kNone);

  EXPECT_THAT(FindOption(message_, edns_, 65001)->data, ElementsAre('a', 'b', 'c'));
  EXPECT_TRUE(FindOption(message_, edns_, 3)->data.empty());
  EXPECT_EQ(FindOption(message_, edns_, 4), std::nullopt);
}

TEST_F(EdnsTest, OptionsThatAreCut) {
  const std::string whole = Option(3, "abc");
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(Check(Option(65001, "x") + whole.substr(0, size)), Malformed::kOptionBeyondOpt);
    EdnsOptions options(message_, edns_);
    EdnsOption option;
    EXPECT_TRUE(options.Next(&option));
    EXPECT_FALSE(options.Next(&option));
    EXPECT_FALSE(options.Next(&option));
    EXPECT_EQ(options.error(), Malformed::kOptionBeyondOpt);
  }
}

// Of the data in hexadecimal.
Malformed Subnet(const char* hex, ClientSubnet* subnet) {
  return ReadClientSubnet(ToBytes(FromHex(hex)), subnet);
}

TEST_F(EdnsTest, ClientSubnet) {
  ClientSubnet subnet;
  ASSERT_EQ(Subnet("0001 18 10 c00002", &subnet), Malformed::kNone);
  EXPECT_EQ(subnet.family, 1);
  EXPECT_EQ(subnet.source, 24);
  EXPECT_EQ(subnet.scope, 16);
  EXPECT_THAT(subnet.address, ElementsAre(192, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  ASSERT_EQ(Subnet("0002 38 00 20010db8 ffffff", &subnet), Malformed::kNone);
  EXPECT_EQ(subnet.family, 2);
  EXPECT_THAT(subnet.address,
              ElementsAre(0x20, 1, 0x0d, 0xb8, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_EQ(Subnet("0001 20 20 c0000201", &subnet), Malformed::kNone);
  EXPECT_EQ(Subnet("0002 80 80 20010db8000000000000000000000001", &subnet), Malformed::kNone);
  // "Do not tell anybody" (7.1.2), and without a family, as some send it.
  EXPECT_EQ(Subnet("0001 00 00", &subnet), Malformed::kNone);
  EXPECT_EQ(Subnet("0000 00 00", &subnet), Malformed::kNone);
  // A part of an octet.
  EXPECT_EQ(Subnet("0001 13 00 c000e0", &subnet), Malformed::kNone);
  EXPECT_EQ(subnet.address[2], 0xe0);
}

TEST_F(EdnsTest, ClientSubnetsThatAreNone) {
  for (const char* const hex :
       {"", "0001 18", "0001 18 00", "0001 18 00 c000", "0001 18 00 c0000201",
        "0001 21 00 c000020100", "0001 18 21 c00002", "0001 13 00 c000f0", "0001 01 00 40",
        "0002 81 00", "0002 00 81", "0003 88 00 0102030405060708090a0b0c0d0e0f1011"}) {
    ClientSubnet subnet{.family = 7};
    EXPECT_EQ(Subnet(hex, &subnet), Malformed::kClientSubnet) << hex;
    EXPECT_EQ(subnet.family, 7);
    EXPECT_EQ(Check(Option(8, FromHex(hex))), Malformed::kClientSubnet) << hex;
  }
}

TEST_F(EdnsTest, Cookies) {
  for (size_t size = 0; size <= 48; ++size) {
    const std::string data(size, 'c');
    const bool valid = size == 8 || (size >= 16 && size <= 40);
    EXPECT_EQ(Check(Option(10, data)), valid ? Malformed::kNone : Malformed::kCookie) << size;
    if (!valid) continue;
    DnsCookie cookie;
    EXPECT_EQ(ReadCookie(FindOption(message_, edns_, 10)->data, &cookie), Malformed::kNone);
    EXPECT_EQ(cookie.client.size(), 8u);
    EXPECT_EQ(cookie.server.size(), size - 8);
  }
  std::string text;
  AppendHex(ByteVector{0x00, 0x9a, 0xff}, &text);
  EXPECT_EQ(text, "009aff");
}

TEST_F(EdnsTest, Nsid) {
  Take(Option(3, Raw("gpdns-\x7f\0ams")));
  std::string text;
  AppendPrintable(FindOption(message_, edns_, edns_option::kNsid)->data, &text);
  EXPECT_EQ(text, "gpdns-..ams");
}

TEST_F(EdnsTest, Keepalive) {
  std::optional<uint16_t> timeout = 1;
  EXPECT_EQ(ReadKeepalive({}, &timeout), Malformed::kNone);
  EXPECT_EQ(timeout, std::nullopt);
  EXPECT_EQ(ReadKeepalive(ByteVector{1, 2}, &timeout), Malformed::kNone);
  EXPECT_EQ(timeout, 258);
  EXPECT_EQ(Check(Option(11, "")), Malformed::kNone);
  EXPECT_EQ(Check(Option(11, "1")), Malformed::kKeepalive);
  EXPECT_EQ(Check(Option(11, "123")), Malformed::kKeepalive);
}

TEST_F(EdnsTest, ExtendedErrors) {
  ExtendedError error;
  const ByteVector data = ToBytes(FromHex("0016") + "no servers");
  ASSERT_EQ(ReadExtendedError(data, &error), Malformed::kNone);
  EXPECT_EQ(error.code, 22);
  EXPECT_EQ(error.text, "no servers");
  const ByteVector with_zero = ToBytes(FromHex("0000") + std::string("x\0", 2));
  ASSERT_EQ(ReadExtendedError(with_zero, &error), Malformed::kNone);
  EXPECT_EQ(error.text, "x");
  EXPECT_EQ(Check(Option(15, FromHex("0000"))), Malformed::kNone);
  EXPECT_EQ(Check(Option(15, "")), Malformed::kExtendedError);
  EXPECT_EQ(Check(Option(15, "1")), Malformed::kExtendedError);
}

TEST_F(EdnsTest, Padding) {
  EXPECT_EQ(Check(Option(12, std::string(468, '\0'))), Malformed::kNone);
  EXPECT_EQ(FindOption(message_, edns_, edns_option::kPadding)->data.size(), 468u);
}

}  // namespace
}  // namespace dns_monitor
