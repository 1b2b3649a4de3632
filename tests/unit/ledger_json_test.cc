#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "absl/strings/match.h"
#include "dns_monitor/ledger/json.h"
#include "support/ledger_samples.h"

namespace dns_monitor {
namespace {

using testing::HasSubstr;

void ExpectRoundTrip(const Ledger& ledger) {
  const absl::StatusOr<std::string> text = FormatLedger(ledger);
  ASSERT_TRUE(text.ok()) << text.status();
  const absl::StatusOr<Ledger> again = ParseLedger(*text);
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << *text;
  EXPECT_TRUE(*again == ledger) << *text;
  EXPECT_EQ(*FormatLedger(*again), *text);
}

TEST(LedgerJson, ComesBackExactly) {
  ExpectRoundTrip(SmallLedger());
  ExpectRoundTrip(FullLedger());
}

TEST(LedgerJson, ComesBackAtTheLimitsOfItsNumbers) {
  Ledger ledger = FullLedger();
  ledger.length_bytes = std::numeric_limits<int64_t>::max();
  ledger.ifindex = std::numeric_limits<uint32_t>::max();
  ledger.balance.seen = std::numeric_limits<uint64_t>::max();
  ledger.gaps[0].step_ns = std::numeric_limits<int64_t>::min();
  ledger.gaps[1].step_ns = std::numeric_limits<int64_t>::max();
  for (const int64_t time_ns :
       {std::numeric_limits<int64_t>::min(), int64_t{-1}, int64_t{0}, int64_t{1},
        int64_t{951'782'400'000'000'000}, std::numeric_limits<int64_t>::max()}) {
    ledger.from_ns = time_ns;
    ledger.index[0].first_ns = time_ns;
    ExpectRoundTrip(ledger);
  }
}

TEST(LedgerJson, IsForPeopleToo) {
  const std::string text = *FormatLedger(FullLedger());
  EXPECT_TRUE(absl::StartsWith(text,
                               "{\n"
                               "  \"format_version\": 1,\n"
                               "  \"sequence\": 18446744073709551615,\n"
                               "  \"previous\": {\n"
                               "    \"file_name\": \"eth0.20261124_0000.pcap.json\",\n"
                               "    \"sha256\": \"06"))
      << text;
  EXPECT_THAT(text, HasSubstr("  \"from\": \"2026-11-25T03:20:39.123456789Z\",\n"));
  EXPECT_THAT(text, HasSubstr("    \"lost\": {\n      \"ring_full\": 10,\n"));
  EXPECT_THAT(text, HasSubstr("\n    {\"from\": \"2026-11-25T03:20:39.123456784Z\", "
                              "\"to\": \"2026-11-25T03:20:39.123456789Z\", "
                              "\"reason\": \"clock_step\", \"step_ns\": -3600000000000},\n"));
  EXPECT_TRUE(absl::EndsWith(text,
                             "    {\"offset\": 16777216, \"packets\": 0, "
                             "\"xxh3\": \"ffffffffffffffff\"}\n"
                             "  ]\n"
                             "}\n"))
      << text;
}

TEST(LedgerJson, LeavesOutWhatThereIsNot) {
  const std::string text = *FormatLedger(SmallLedger());
  for (const char* key : {"previous", "first_packet", "last_packet", "interface_begin", "other"}) {
    EXPECT_THAT(text, testing::Not(HasSubstr(key)));
  }
  EXPECT_THAT(text, HasSubstr("\"losses\": [],\n"));
}

TEST(LedgerJson, RefusesToWriteWhatCouldNotBeRead) {
  const auto message = [](const Ledger& ledger) {
    const absl::Status status = FormatLedger(ledger).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  Ledger ledger = SmallLedger();
  ledger.interface = "eth\xff";
  EXPECT_EQ(message(ledger), "/interface: must be a string of UTF-8");
  ledger = SmallLedger();
  ledger.length_bytes = -1;
  EXPECT_EQ(message(ledger), "/length_bytes: must be an integer from 0 to 9223372036854775807");
  ledger = FullLedger();
  ledger.removed[1].file_name = "../x.pcap";
  EXPECT_EQ(message(ledger), "/removed/1/file_name: must be the name of a file, without a path");
}

}  // namespace
}  // namespace dns_monitor
