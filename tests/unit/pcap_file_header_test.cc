#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns_monitor/pcap/file_header.h"
#include "support/pcap_maker.h"

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;

std::string ErrorOf(const std::string& bytes) {
  return std::string(ParsePcapFileHeader(bytes).status().message());
}
StatusCode CodeOf(const std::string& bytes) {
  return ParsePcapFileHeader(bytes).status().code();
}

TEST(PcapFileHeaderTest, KnowsBothMagicsInBothByteOrders) {
  for (const bool nanoseconds : {false, true}) {
    for (const bool big_endian : {false, true}) {
      PcapMaker maker;
      maker.nanoseconds = nanoseconds;
      maker.big_endian = big_endian;
      maker.snaplen = 0x01020304;
      maker.link_type = 0xf0000093;  // FCS bits and LINKTYPE_USER0: passed on
      const auto info = ParsePcapFileHeader(maker.FileHeader() + "whatever follows");
      ASSERT_TRUE(info.ok()) << info.status();
      EXPECT_EQ(info->nanoseconds, nanoseconds);
      EXPECT_EQ(info->swapped, big_endian);
      EXPECT_EQ(info->snaplen, 0x01020304u);
      EXPECT_EQ(info->link_type, 0xf0000093u);
    }
  }
}

TEST(PcapFileHeaderTest, SaysWhatItLooksLike) {
  const std::string rest(24, 'x');
  for (const std::string& bytes : {std::string(), rest}) {  // whatever follows, if anything
    EXPECT_THAT(ErrorOf("\x0a\x0d\x0d\x0a" + bytes), HasSubstr("pcapng"));
    EXPECT_THAT(ErrorOf("\x1f\x8b\x08" + bytes), HasSubstr("gzip"));
    EXPECT_THAT(ErrorOf("\x28\xb5\x2f\xfd" + bytes), HasSubstr("zstd"));
    EXPECT_EQ(CodeOf("\x1f\x8b\x08" + bytes), StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(ErrorOf("a text that is no capture at all"), "not a pcap file");
  EXPECT_EQ(CodeOf("short text"), StatusCode::kInvalidArgument);
}

TEST(PcapFileHeaderTest, TellsWhatIsTooShort) {
  const std::string header = PcapMaker().FileHeader();
  for (size_t size = 0; size < header.size(); ++size) {
    EXPECT_EQ(CodeOf(header.substr(0, size)), StatusCode::kOutOfRange) << size;
  }
  EXPECT_THAT(ErrorOf(header.substr(0, 7)), HasSubstr("too short for a pcap file: 7 bytes"));
}

TEST(PcapFileHeaderTest, TakesVersion24Only) {
  for (const auto& [major, minor] : {std::pair(2, 3), {2, 5}, {3, 4}, {1, 4}, {0, 0}}) {
    PcapMaker maker;
    maker.major = static_cast<uint16_t>(major);
    maker.minor = static_cast<uint16_t>(minor);
    EXPECT_EQ(CodeOf(maker.FileHeader()), StatusCode::kUnimplemented) << major << "." << minor;
  }
  PcapMaker maker;
  maker.big_endian = true;
  maker.minor = 3;
  EXPECT_THAT(ErrorOf(maker.FileHeader()), HasSubstr("pcap version 2.3 is not supported"));
}

TEST(PcapFileHeaderTest, KnowsWhatATornOneLeaves) {
  for (const bool nanoseconds : {false, true}) {
    for (const bool big_endian : {false, true}) {
      PcapMaker maker;
      maker.nanoseconds = nanoseconds;
      maker.big_endian = big_endian;
      const std::string header = maker.FileHeader();
      for (size_t size = 0; size <= header.size(); ++size) {
        const std::string torn = header.substr(0, size);
        EXPECT_TRUE(IsTornPcapFileHeader(torn)) << size;
        EXPECT_TRUE(IsTornPcapFileHeader(torn + std::string(header.size() - size, '\0'))) << size;
      }
    }
  }
  EXPECT_TRUE(IsTornPcapFileHeader(std::string(24, '\0')));
  for (const char* other : {"x", "\xd4\xc3\xb2x", "\x0a\x0d\x0d\x0a", "\xd4\xc3\xb2\xa1\x03"}) {
    EXPECT_FALSE(IsTornPcapFileHeader(other)) << other;
  }
}

}  // namespace
}  // namespace dns_monitor
