#include "dns_monitor/seal/seal.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "dns_monitor/ledger/digest.h"

namespace dns_monitor {
namespace {

constexpr char kFile[] = "eth0.20261123_2110.pcap";
// Of "abc" (FIPS 180-4).
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Seal, StandsBesideItsSegment) {
  const SegmentName name = {"eth0", absl::CivilSecond(2026, 11, 23, 21, 10, 0), false, 2};
  EXPECT_EQ(SealName(name), "eth0.20261123_2110-2.pcap.sha256");
  EXPECT_EQ(ParseName(SealName(name))->kind, FileKind::kSeal);
}

TEST(Seal, IsALineOfSha256sum) {
  EXPECT_EQ(FormatSeal(kFile, Digest("abc")), absl::StrCat(kAbc, "  ", kFile, "\n"));
  EXPECT_EQ(FormatSeal("a\\b.pcap", Digest("abc")), absl::StrCat("\\", kAbc, "  a\\\\b.pcap\n"));
}

TEST(Seal, HoldsOnlyForItsFileAndDigest) {
  for (const std::string file : {kFile, "a\\b.pcap", "\\.pcap"}) {
    const std::string seal = FormatSeal(file, Digest("abc"));
    EXPECT_FALSE(CheckSeal(seal, file, Digest("abc"))) << seal;
    EXPECT_EQ(CheckSeal(seal, file, Digest("abd")),
              absl::StrCat("does not hold: the file has SHA-256 ",
                           FormatSeal(kFile, Digest("abd")).substr(0, 64)));
    for (const std::string& wrong :
         {seal + "\n", seal.substr(1), seal.substr(0, seal.size() - 1), std::string()}) {
      EXPECT_TRUE(CheckSeal(wrong, file, Digest("abc"))) << wrong;
    }
    EXPECT_TRUE(CheckSeal(seal, "other.pcap", Digest("abc")));
  }
}

// By the program itself, also with names that it escapes.
TEST(Seal, IsAcceptedBySha256sum) {
  std::string pattern = testing::TempDir() + "/seal.XXXXXX";
  const std::filesystem::path directory = mkdtemp(pattern.data());
  for (const std::string file : {kFile, "a\\b.20261123_2110.pcap"}) {
    std::ofstream(directory / file) << "abc";
    std::ofstream(directory / "seal") << FormatSeal(file, Digest("abc"));
    const std::string check =
        absl::StrCat("cd ", directory.string(), " && sha256sum --strict --status -c seal");
    EXPECT_EQ(system(check.c_str()), 0) << file;
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace dns_monitor
