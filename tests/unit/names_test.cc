#include "dns_monitor/archive/names.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace dns_monitor {
namespace {

SegmentName Name(const std::string& interface) {
  return {interface, absl::CivilSecond(2026, 11, 23, 21, 10, 30), false, 0};
}

TEST(SegmentName, IsAsTcpdumpNamesIt) {
  SegmentName name = Name("eth0");
  EXPECT_EQ(name.Stem(), "eth0.20261123_2110");
  EXPECT_EQ(name.Pcap(), "eth0.20261123_2110.pcap");
  EXPECT_EQ(name.Part(), "eth0.20261123_2110.pcap.part");
  name.ordinal = 1;
  EXPECT_EQ(name.Pcap(), "eth0.20261123_2110-1.pcap");
  name.has_seconds = true;
  EXPECT_EQ(name.Pcap(), "eth0.20261123_211030-1.pcap");
}

TEST(ParseName, TakesBackWhatWasNamed) {
  for (const char* interface : {"eth0", "eth0.100", "wg-0", "br_lan", "any", "20261123_2110",
                                "eth0.20261123_2110", "x.pcap", "enp0s31f6"}) {
    for (const bool has_seconds : {false, true}) {
      for (const int ordinal : {0, 1, 9, 10, 999'999'999}) {
        const SegmentName name = {interface,
                                  absl::CivilSecond(2024, 2, 29, 0, 5, has_seconds ? 59 : 0),
                                  has_seconds, ordinal};
        const auto parsed = ParseName(name.Pcap());
        ASSERT_TRUE(parsed) << name.Pcap();
        EXPECT_EQ(parsed->kind, FileKind::kSegment);
        EXPECT_EQ(parsed->segment.interface, interface);
        EXPECT_EQ(parsed->segment.start, name.start);
        EXPECT_EQ(parsed->segment.has_seconds, has_seconds);
        EXPECT_EQ(parsed->segment.ordinal, ordinal);
        EXPECT_FALSE(parsed->segment.compressed);
        EXPECT_EQ(parsed->segment.Pcap(), name.Pcap());
        SegmentName compressed = name;
        compressed.compressed = true;
        EXPECT_EQ(compressed.Pcap(), name.Pcap() + ".zst");
        EXPECT_TRUE(ParseName(compressed.Part())->segment.compressed);
        EXPECT_EQ(ParseName(compressed.Part())->segment.Pcap(), compressed.Pcap());
      }
    }
  }
}

TEST(ParseName, TellsKindsApart) {
  const std::string pcap = Name("eth0").Pcap();
  EXPECT_EQ(ParseName(pcap)->kind, FileKind::kSegment);
  EXPECT_EQ(ParseName(pcap + ".zst")->kind, FileKind::kSegment);
  EXPECT_EQ(ParseName(pcap + ".json")->kind, FileKind::kLedger);
  EXPECT_EQ(ParseName(pcap + ".zst.json")->kind, FileKind::kLedger);
  EXPECT_EQ(ParseName(pcap + ".sha256")->kind, FileKind::kSeal);
  EXPECT_EQ(ParseName(pcap + ".zst.sha256")->kind, FileKind::kSeal);
  EXPECT_EQ(ParseName(pcap + ".part")->kind, FileKind::kPart);
  EXPECT_EQ(ParseName(pcap + ".zst.part")->kind, FileKind::kPart);
}

TEST(ParseName, RefusesWhatIsNotExactlyOurs) {
  for (const char* name : {"",
                           ".",
                           ".pcap",
                           "eth0",
                           "eth0.pcap",
                           "20261123_2110.pcap",
                           ".20261123_2110.pcap",
                           "eth0.20261123_2110",
                           "eth0.20261123_2110.pcapng",
                           "eth0.20261123_2110.pcap.gz",
                           "eth0.20261123_2110.pcap.json.zst",
                           "eth0.20261123_2110.pcap.part.zst",
                           "eth0.20261123_2110.zst.pcap",
                           "eth0.20261123_2110.pcap.part.json",
                           "eth0.20261123_2110.pcap.part.part",
                           "eth0.20261123_2110.pcap.json.json",
                           "eth0.20261123_2110.pcap.json.sha256",
                           "eth0.20261123_2110.pcap.sha256.json",
                           "eth0.20261123_2110.pcap.part.sha256",
                           "eth0.20261123_2110.pcap.sha256.new",
                           "eth0.20261123_2110.pcap.zst.zst",
                           "eth0.20261123_2110.pcap ",
                           "eth0.20261123_2110.pcap~",
                           "eth0.20261123_2110.PCAP",
                           "eth0.20261123_211.pcap",
                           "eth0.20261123_21103.pcap",
                           "eth0.20261123_2110300.pcap",
                           "eth0.20261123-2110.pcap",
                           "eth0.2026112_2110.pcap",
                           "eth0.20261131_2110.pcap",
                           "eth0.20260229_2110.pcap",
                           "eth0.20261323_2110.pcap",
                           "eth0.20260023_2110.pcap",
                           "eth0.20261100_2110.pcap",
                           "eth0.20261123_2410.pcap",
                           "eth0.20261123_2160.pcap",
                           "eth0.20261123_211060.pcap",
                           "eth0.20261123_2110-.pcap",
                           "eth0.20261123_2110-0.pcap",
                           "eth0.20261123_2110-01.pcap",
                           "eth0.20261123_2110--1.pcap",
                           "eth0.20261123_2110+1.pcap",
                           "eth0.20261123_2110-1a.pcap",
                           "eth0.20261123_2110-1234567890.pcap",
                           "eth0.2026112a_2110.pcap",
                           "eth0. 20261123_2110.pcap",
                           "eth 0.20261123_2110.pcap",
                           "a/eth0.20261123_2110.pcap",
                           "a:b.20261123_2110.pcap",
                           "..20261123_2110.pcap",
                           "eth0.20261123_2110.x.pcap",
                           "eth0..pcap",
                           ".eth0.lock"}) {
    EXPECT_FALSE(ParseName(name)) << name;
  }
  EXPECT_FALSE(ParseName(absl::string_view("eth0\0.20261123_2110.pcap", 24)));
}

TEST(ParseName, NeverMixesAnInterfaceWithItsVlans) {
  EXPECT_EQ(ParseName("eth0.20261123_2110.pcap")->segment.interface, "eth0");
  EXPECT_EQ(ParseName("eth0.100.20261123_2110.pcap")->segment.interface, "eth0.100");
  EXPECT_EQ(ParseName("eth0.20261123_2110.20261124_0000.pcap")->segment.interface,
            "eth0.20261123_2110");
}

TEST(HiddenNames, AreOfAnInterface) {
  EXPECT_EQ(LockName("eth0.100"), ".eth0.100.lock");
  EXPECT_EQ(RemovalsName("eth0.100"), ".eth0.100.removed");
}

}  // namespace
}  // namespace dns_monitor
