#include "dns_monitor/base/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace dns_monitor {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
using ::testing::HasSubstr;

TEST(ParseDuration, TakesEachUnit) {
  EXPECT_EQ(*ParseDuration("500ms"), kSecond / 2);
  EXPECT_EQ(*ParseDuration("30s"), 30 * kSecond);
  EXPECT_EQ(*ParseDuration("5m"), 300 * kSecond);
  EXPECT_EQ(*ParseDuration("1h"), 3600 * kSecond);
  EXPECT_EQ(*ParseDuration("2d"), 2 * 86400 * kSecond);
  EXPECT_EQ(*ParseDuration("1w"), 7 * 86400 * kSecond);
}

TEST(ParseDuration, CountsSecondsWithoutUnit) {
  EXPECT_EQ(*ParseDuration("86400"), 86400 * kSecond);
}

TEST(ParseDuration, AddsWhatFollows) {
  EXPECT_EQ(*ParseDuration("1h30m"), 5400 * kSecond);
  EXPECT_EQ(*ParseDuration("1d1h1m1s1ms"), (86400 + 3600 + 60 + 1) * kSecond + 1'000'000);
  EXPECT_EQ(*ParseDuration("0h30m"), 1800 * kSecond);
}

TEST(ParseDuration, RefusesJunkAndSaysWhatItAccepts) {
  for (const char* text :
       {"",     "0",    "0s",     "0h0m", "-5",  "-5s", "+5s",    "s",    "h1",  "5x",  "5M",
        "1h30", "1.5h", "1h-30m", " 5s",  "5s ", "5 s", "1h 30m", "5mss", "1e3", "0x10"}) {
    const auto parsed = ParseDuration(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("accepted are")) << text;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(std::string("'") + text + "'"));
  }
}

TEST(ParseDuration, RefusesOverflow) {
  EXPECT_TRUE(ParseDuration("9223372036").ok());
  for (const char* text : {"9223372037", "99999999999999999999s", "106752d", "15251w",
                           "9223372036854775808ms", "9223372036s855ms", "18446744073709551617"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(ParseSize, TakesEachUnit) {
  EXPECT_EQ(*ParseSize("1"), 1);
  EXPECT_EQ(*ParseSize("512B"), 512);
  EXPECT_EQ(*ParseSize("64K"), 64 << 10);
  EXPECT_EQ(*ParseSize("64k"), 64 << 10);
  EXPECT_EQ(*ParseSize("64M"), 64 << 20);
  for (const char* text : {"1G", "1g", "1GB", "1GiB", "1gb", "1gib"}) {
    EXPECT_EQ(*ParseSize(text), 1 << 30) << text;
  }
  EXPECT_EQ(*ParseSize("1T"), int64_t{1} << 40);
  EXPECT_EQ(*ParseSize("8191P"), int64_t{8191} << 50);
}

TEST(ParseSize, TakesFractionsOfAUnit) {
  EXPECT_EQ(*ParseSize("1.5G"), int64_t{3} << 29);
  EXPECT_EQ(*ParseSize("0.25M"), 1 << 18);
  EXPECT_EQ(*ParseSize("0.1K"), 102);
  EXPECT_EQ(*ParseSize("1.00000000000000000000000000000000001K"), 1024);
  EXPECT_EQ(*ParseSize("0.999999999999999999999P"), (int64_t{1} << 50) - 1);
}

TEST(ParseSize, RefusesJunkAndSaysWhatItAccepts) {
  for (const char* text :
       {"",   "0",   "0G",    "0.0001K", "-1G", "+1G", "G",      ".5G", "1.G",  "1.5", "1.5B",
        "1X", "1GG", "1GiBs", "1 G",     " 1G", "1G ", "1.5.5G", "1e9", "0x10", "1i"}) {
    const auto parsed = ParseSize(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("accepted is")) << text;
  }
}

TEST(ParseSize, RefusesOverflow) {
  EXPECT_EQ(*ParseSize("9223372036854775807"), std::numeric_limits<int64_t>::max());
  for (const char* text : {"9223372036854775808", "8192P", "8388608T", "99999999999999999999G"}) {
    EXPECT_FALSE(ParseSize(text).ok()) << text;
  }
}

TEST(FormatSize, HasThreeDigits) {
  EXPECT_EQ(FormatSize(0), "0 B");
  EXPECT_EQ(FormatSize(512), "512 B");
  EXPECT_EQ(FormatSize(1023), "1023 B");
  EXPECT_EQ(FormatSize(1024), "1.00 KiB");
  EXPECT_EQ(FormatSize(3 << 19), "1.50 MiB");
  EXPECT_EQ(FormatSize(64 << 20), "64.0 MiB");
  EXPECT_EQ(FormatSize(512 << 20), "512 MiB");
  EXPECT_EQ(FormatSize(-(3 << 19)), "-1.50 MiB");
}

TEST(FormatSize, RoundsIntoTheNextUnit) {
  EXPECT_EQ(FormatSize((1 << 20) - 1), "1.00 MiB");
  EXPECT_EQ(FormatSize(10 * 1024 - 1), "10.0 KiB");
  EXPECT_EQ(FormatSize(100 * 1024 - 1), "100 KiB");
  EXPECT_EQ(FormatSize(std::numeric_limits<int64_t>::max()), "8.00 EiB");
  EXPECT_EQ(FormatSize(std::numeric_limits<int64_t>::min()), "-8.00 EiB");
}

TEST(FormatDuration, ShowsTheTwoLargestUnits) {
  EXPECT_EQ(FormatDuration(0), "0 s");
  EXPECT_EQ(FormatDuration(999), "999 ns");
  EXPECT_EQ(FormatDuration(850'000), "850 us");
  EXPECT_EQ(FormatDuration(850'000'000), "850 ms");
  EXPECT_EQ(FormatDuration(12 * kSecond), "12 s");
  EXPECT_EQ(FormatDuration(303 * kSecond), "5m 3s");
  EXPECT_EQ(FormatDuration(3600 * kSecond), "1h");
  EXPECT_EQ(FormatDuration(7800 * kSecond), "2h 10m");
  EXPECT_EQ(FormatDuration((3 * 24 + 4) * 3600 * kSecond), "3d 4h");
  EXPECT_EQ(FormatDuration(-303 * kSecond), "-5m 3s");
  EXPECT_EQ(FormatDuration(std::numeric_limits<int64_t>::min()), "-106751d 23h");
}

TEST(FormatCount, GroupsDigits) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1 000");
  EXPECT_EQ(FormatCount(1234567), "1 234 567");
  EXPECT_EQ(FormatCount(std::numeric_limits<uint64_t>::max()), "18 446 744 073 709 551 615");
}

}  // namespace
}  // namespace dns_monitor
