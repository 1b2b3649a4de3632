#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "dns_monitor/dns/address_text.h"
#include "support/dns.h"

namespace dns_monitor {
namespace {

// Also that nothing is written behind the room that the header promises.
std::string Ipv4(const ByteVector& address) {
  std::vector<char> text(kMostIpv4Text);
  return {text.data(), WriteIpv4(address.data(), text.data())};
}
std::string Ipv6(const ByteVector& address) {
  std::vector<char> text(kMostIpv6Text);
  return {text.data(), WriteIpv6(address.data(), text.data())};
}
std::string OfSystem(int family, const ByteVector& address) {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(family, address.data(), text, sizeof(text));
}
ByteVector FromText(const char* text) {
  ByteVector address(16);
  EXPECT_EQ(inet_pton(AF_INET6, text, address.data()), 1) << text;
  return address;
}

TEST(AddressTextTest, Ipv4) {
  for (int value = 0; value < 256; ++value) {
    for (size_t place = 0; place < 4; ++place) {
      ByteVector address = {1, 22, 133, 255};
      address[place] = static_cast<uint8_t>(value);
      EXPECT_EQ(Ipv4(address), OfSystem(AF_INET, address));
    }
  }
  EXPECT_EQ(Ipv4({255, 255, 255, 255}), "255.255.255.255");
  EXPECT_EQ(Ipv4({0, 0, 0, 0}), "0.0.0.0");
}

// RFC 5952, 4 and 5.
TEST(AddressTextTest, Ipv6) {
  for (const char* const text :
       {"::", "::1", "1::", "2001:db8::1", "2001:db8::2:1", "2001:db8:0:1:1:1:1:1", "2001:0:0:1::1",
        "2001:db8::1:0:0:1", "2001:db8:1:1:1:1:1:0", "0:1:1:1:1:1:1:1", "::1:1:1:1:1:1",
        "1:2:3:4:5:6::", "a:bc:def:1234:ffff:10:100:1000",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "64:ff9b::c000:201", "::ffff:192.0.2.1",
        "::ffff:0.0.0.0", "::fffe:c000:201", "::ffff:255.255.255.255"}) {
    EXPECT_EQ(Ipv6(FromText(text)), text);
  }
  EXPECT_EQ(Ipv6(FromText("::192.0.2.1")), "::c000:201");
}

TEST(AddressTextTest, Ipv6WithZerosAnywhere) {
  std::mt19937 random(1);
  for (int zeros = 0; zeros < 256; ++zeros) {
    for (int turn = 0; turn < 16; ++turn) {
      ByteVector address(16);
      for (size_t group = 0; group < 8; ++group) {
        if ((zeros & 1 << group) != 0) continue;
        const auto value = static_cast<uint32_t>(1 + random() % 0xffff);
        address[2 * group] = static_cast<uint8_t>(value >> 8);
        address[2 * group + 1] = static_cast<uint8_t>(value);
      }
      // The system writes what begins with zeros as if it held an address of IPv4.
      if (std::all_of(address.begin(), address.begin() + 10, [](uint8_t b) { return b == 0; })) {
        continue;
      }
      EXPECT_EQ(Ipv6(address), OfSystem(AF_INET6, address));
    }
  }
}

TEST(AddressTextTest, Append) {
  std::string text = "x ";
  AppendAddress({}, &text);
  AppendAddress(ByteVector(5), &text);
  EXPECT_EQ(text, "x ");
  AppendAddress(ByteVector{192, 0, 2, 1}, &text);
  EXPECT_EQ(text, "x 192.0.2.1");
  AppendAddress(ByteVector(16), &text);
  EXPECT_EQ(text, "x 192.0.2.1::");
}

}  // namespace
}  // namespace dns_monitor
