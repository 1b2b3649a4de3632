#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "dns_monitor/dns/registry.h"
#include "dns_monitor/dns/rr_type.h"

namespace dns_monitor {
namespace {

using ::testing::Optional;

template <typename Number>
std::string Appended(void (*append)(Number, std::string*), Number number) {
  std::string text = "x";
  append(number, &text);
  return text.substr(1);
}

TEST(RegistryTest, Types) {
  const std::pair<uint16_t, const char*> types[] = {
      {1, "A"},      {2, "NS"},    {28, "AAAA"},   {23, "NSAP-PTR"}, {41, "OPT"},
      {65, "HTTPS"}, {68, "BRID"}, {109, "EUI64"}, {128, "NXNAME"},  {249, "TKEY"},
      {255, "ANY"},  {257, "CAA"}, {264, "IPN"},   {32768, "TA"},    {32769, "DLV"}};
  for (const auto& [type, name] : types) {
    EXPECT_EQ(TypeName(type), name);
    EXPECT_EQ(Appended(AppendTypeName, type), name);
    EXPECT_THAT(TypeFromName(name), Optional(type));
  }
  for (const int type : {0, 54, 69, 127, 265, 32767, 32770, 65280, 65535}) {
    EXPECT_EQ(TypeName(static_cast<uint16_t>(type)), "");
  }
  EXPECT_EQ(Appended<uint16_t>(AppendTypeName, 65280), "TYPE65280");
}

TEST(RegistryTest, EveryTypeComesBackFromItsName) {
  std::set<std::string> names;
  for (int number = 0; number <= UINT16_MAX; ++number) {
    const auto type = static_cast<uint16_t>(number);
    const std::string name = Appended(AppendTypeName, type);
    EXPECT_TRUE(names.insert(name).second) << name;
    ASSERT_THAT(TypeFromName(name), Optional(type)) << name;
  }
}

TEST(RegistryTest, TypeNamesThatAreNone) {
  EXPECT_THAT(TypeFromName("aaaa"), Optional(rr_type::kAaaa));
  EXPECT_THAT(TypeFromName("type257"), Optional(rr_type::kCaa));
  for (const char* const name :
       {"", "AAAAA", "TYPE", "TYPE65536", "TYPE-1", "TYPE+1", "TYPE 1", "TYPE1x", "1"}) {
    EXPECT_EQ(TypeFromName(name), std::nullopt) << name;
  }
}

TEST(RegistryTest, Classes) {
  EXPECT_EQ(ClassName(1), "IN");
  EXPECT_EQ(ClassName(3), "CH");
  EXPECT_EQ(ClassName(4), "HS");
  EXPECT_EQ(ClassName(254), "NONE");
  EXPECT_EQ(ClassName(255), "ANY");
  for (const int rclass : {0, 2, 5, 256, 65535})
    EXPECT_EQ(ClassName(static_cast<uint16_t>(rclass)), "");
  EXPECT_EQ(Appended<uint16_t>(AppendClassName, 1), "IN");
  EXPECT_EQ(Appended<uint16_t>(AppendClassName, 32), "CLASS32");
}

TEST(RegistryTest, Opcodes) {
  const char* const names[] = {"Query", "IQuery", "Status", "", "Notify", "Update", "DSO", ""};
  uint8_t opcode = 0;
  for (const char* const name : names) EXPECT_EQ(OpcodeName(opcode++), name);
  EXPECT_EQ(OpcodeName(255), "");
  EXPECT_EQ(Appended<uint8_t>(AppendOpcodeName, 4), "Notify");
  EXPECT_EQ(Appended<uint8_t>(AppendOpcodeName, 3), "OPCODE3");
}

TEST(RegistryTest, Rcodes) {
  const char* const names[] = {"NoError", "FormErr",   "ServFail", "NXDomain",  "NotImp",
                               "Refused", "YXDomain",  "YXRRSet",  "NXRRSet",   "NotAuth",
                               "NotZone", "DSOTYPENI", "",         "",          "",
                               "",        "BADVERS",   "BADKEY",   "BADTIME",   "BADMODE",
                               "BADNAME", "BADALG",    "BADTRUNC", "BADCOOKIE", ""};
  uint16_t rcode = 0;
  for (const char* const name : names) {
    EXPECT_EQ(RcodeName(rcode), name);
    EXPECT_EQ(TsigErrorName(rcode), rcode == 16 ? "BADSIG" : name);
    ++rcode;
  }
  EXPECT_EQ(Appended<uint16_t>(AppendRcodeName, 3), "NXDomain");
  EXPECT_EQ(Appended<uint16_t>(AppendRcodeName, 3841), "RCODE3841");
}

TEST(RegistryTest, EdnsOptions) {
  EXPECT_EQ(EdnsOptionName(edns_option::kNsid), "NSID");
  EXPECT_EQ(EdnsOptionName(edns_option::kClientSubnet), "edns-client-subnet");
  EXPECT_EQ(EdnsOptionName(edns_option::kCookie), "COOKIE");
  EXPECT_EQ(EdnsOptionName(edns_option::kKeepalive), "edns-tcp-keepalive");
  EXPECT_EQ(EdnsOptionName(edns_option::kPadding), "Padding");
  EXPECT_EQ(EdnsOptionName(edns_option::kExtendedError), "Extended DNS Error");
  EXPECT_EQ(EdnsOptionName(21), "MQTYPE-Response");
  EXPECT_EQ(EdnsOptionName(20292), "Umbrella Ident");
  EXPECT_EQ(EdnsOptionName(26946), "DeviceID");
  for (const int code : {0, 4, 22, 20291, 65001, 65535})
    EXPECT_EQ(EdnsOptionName(static_cast<uint16_t>(code)), "");
}

TEST(RegistryTest, ExtendedErrors) {
  EXPECT_EQ(ExtendedErrorName(0), "Other Error");
  EXPECT_EQ(ExtendedErrorName(3), "Stale Answer");
  EXPECT_EQ(ExtendedErrorName(24), "Invalid Data");
  EXPECT_EQ(ExtendedErrorName(33), "Negative Trust Anchor");
  EXPECT_EQ(ExtendedErrorName(34), "");
  EXPECT_EQ(ExtendedErrorName(49152), "");
}

TEST(RegistryTest, SvcParams) {
  EXPECT_EQ(SvcParamName(0), "mandatory");
  EXPECT_EQ(SvcParamName(6), "ipv6hint");
  EXPECT_EQ(SvcParamName(12), "oots");
  EXPECT_EQ(SvcParamName(13), "");
  EXPECT_EQ(SvcParamName(65535), "");
}

}  // namespace
}  // namespace dns_monitor
