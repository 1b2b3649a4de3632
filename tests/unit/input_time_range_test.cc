#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dns_monitor/input/time_range.h"

namespace dns_monitor {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kNow = 1'795'576'839 * kSecond + 123;

int64_t At(const std::string& rfc3339) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, rfc3339, &time, &error)) << error;
  return absl::ToUnixNanos(time);
}

absl::TimeZone Berlin() {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone("Europe/Berlin", &zone));
  return zone;
}

TEST(ParseTimeTest, TakesWhatPeopleType) {
  struct Case {
    std::string text;
    int64_t time_ns;
  };
  const Case cases[] = {
      {"now", kNow},
      {"24h", kNow - 86'400 * kSecond},
      {"90m", kNow - 5400 * kSecond},
      {"7d", kNow - 7 * 86'400 * kSecond},
      {"1d12h", kNow - 36 * 3600 * kSecond},
      {"500ms", kNow - kSecond / 2},
      {"@1700000000", 1'700'000'000 * kSecond},
      {"@1700000000.5", 1'700'000'000 * kSecond + kSecond / 2},
      {"@0", 0},
      {"2026-11-20", At("2026-11-20T00:00:00+01:00")},
      {"2026-11-20 13:45", At("2026-11-20T13:45:00+01:00")},
      {"2026-11-20T13:45", At("2026-11-20T13:45:00+01:00")},
      {"2026-07-20 13:45:59", At("2026-07-20T13:45:59+02:00")},
      {"2026-11-20 13:45:59.25", At("2026-11-20T13:45:59.25+01:00")},
      {"2026-11-20T13:45:59.123456789Z", At("2026-11-20T13:45:59.123456789Z")},
      {"2026-11-20T13:45z", At("2026-11-20T13:45:00Z")},
      {"2026-11-20 13:45 Z", At("2026-11-20T13:45:00Z")},
      {"2026-11-20T13:45+05:30", At("2026-11-20T13:45:00+05:30")},
      {"2026-11-20T13:45:10-0800", At("2026-11-20T13:45:10-08:00")},
      {"2026-11-20T13:45-08", At("2026-11-20T13:45:00-08:00")},
      {"1969-12-31T23:59:59Z", -kSecond},
      // Twice, and not at all, in that zone.
      {"2026-10-25 02:30", At("2026-10-25T02:30:00+02:00")},
      {"2026-03-29 02:30", At("2026-03-29T03:00:00+02:00")},
      {"2028-02-29", At("2028-02-29T00:00:00+01:00")},
  };
  for (const Case& test : cases) {
    const auto time_ns = ParseTime(test.text, kNow, Berlin());
    ASSERT_TRUE(time_ns.ok()) << time_ns.status();
    EXPECT_EQ(*time_ns, test.time_ns) << test.text;
  }
}

TEST(ParseTimeTest, SaysWhatIsWrong) {
  struct Case {
    std::string text;
    std::string why;
  };
  const Case cases[] = {
      {"", "it is empty"},
      {"2026", "a bare number can be a year"},
      {"yesterday", "it is neither a date nor a duration"},
      {"24x", "it is neither a date nor a duration"},
      {"-24h", "it is neither a date nor a duration"},
      {"2026-11", "it is neither a date nor a duration"},
      {"26-11-20", "it is neither a date nor a duration"},
      {"2026-1-2", "it is neither a date nor a duration"},
      {"2026-11-31", "there is no such day"},
      {"2026-02-29", "there is no such day"},
      {"2026-13-01", "there is no such day"},
      {"2026-00-01", "there is no such day"},
      {"2026-11-20x", "behind the date stands something else"},
      {"2026-11-20Z", "behind the date stands something else"},
      {"2026-11-20 ", "behind the date stands no HH:MM"},
      {"2026-11-20 13", "behind the date stands no HH:MM"},
      {"2026-11-20 13:4", "behind the date stands no HH:MM"},
      {"2026-11-20 13:45:", "the seconds are not SS"},
      {"2026-11-20 13:45:1", "the seconds are not SS"},
      {"2026-11-20 13:45:10.", "the seconds are not SS"},
      {"2026-11-20 13:45:10.1234567890", "the seconds are not SS"},
      {"2026-11-20 24:00", "no day has that time"},
      {"2026-11-20 13:60", "no day has that time"},
      {"2026-11-20 13:45:60", "no day has that time"},
      {"2026-11-20 13:45 CET", "behind the time stands no zone"},
      {"2026-11-20 13:45+1", "behind the time stands no zone"},
      {"2026-11-20 13:45+24:00", "behind the time stands no zone"},
      {"2026-11-20 13:45+01:00x", "behind the time stands no zone"},
      {"9999-01-01", "it is out of reach"},
      {"1066-10-14", "it is out of reach"},
      {"@", "behind @ stands no number"},
      {"@x", "behind @ stands no number"},
      {"@-5", "behind @ stands no number"},
      {"@5.", "behind @ stands no number"},
      {"@5s", "behind @ stands no number"},
      {"@99999999999999999999", "behind @ stands no number"},
      {"@9999999999999", "it is too late"},
  };
  for (const Case& test : cases) {
    const auto time_ns = ParseTime(test.text, kNow, Berlin());
    ASSERT_TRUE(absl::IsInvalidArgument(time_ns.status())) << test.text;
    EXPECT_THAT(std::string(time_ns.status().message()),
                StartsWith("'" + test.text + "' is not a time: " + test.why));
    EXPECT_THAT(std::string(time_ns.status().message()), HasSubstr("; accepted are 2026-11-20,"));
  }
}

TEST(TimeRangeTest, IsOpenUnlessAnEndIsSet) {
  EXPECT_TRUE(TimeRange().IsOpen());
  EXPECT_TRUE(TimeRange().Contains(INT64_MIN));
  const TimeRange range{.from_ns = 10, .to_ns = 20};
  EXPECT_FALSE(range.IsOpen());
  EXPECT_FALSE(range.Contains(9));
  EXPECT_TRUE(range.Contains(10));
  EXPECT_TRUE(range.Contains(19));
  EXPECT_FALSE(range.Contains(20));
  EXPECT_TRUE(range.Meets(0, 10));
  EXPECT_FALSE(range.Meets(0, 9));
  EXPECT_TRUE(range.Meets(19, 30));
  EXPECT_FALSE(range.Meets(20, 30));
}

}  // namespace
}  // namespace dns_monitor
