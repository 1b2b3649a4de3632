// What ParseLedger refuses, and with which words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "dns_monitor/ledger/json.h"
#include "support/ledger_samples.h"

namespace dns_monitor {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string Message(absl::string_view text) {
  const absl::Status status = ParseLedger(text).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(status.message());
}

// The full ledger with its first `from` replaced.
std::string With(absl::string_view from, absl::string_view to) {
  std::string text = *FormatLedger(FullLedger());
  const size_t place = text.find(std::string(from));
  if (place == std::string::npos) {
    ADD_FAILURE() << "there is no " << from;
    return text;
  }
  return text.replace(place, from.size(), std::string(to));
}

TEST(ParseLedger, RefusesWhatIsNoJson) {
  EXPECT_THAT(Message(""), StartsWith("line 1, column 1: "));
  EXPECT_THAT(Message("{"), StartsWith("line 1, column 2: "));
  EXPECT_THAT(Message(*FormatLedger(SmallLedger()) + "{}"), HasSubstr("expected end of input"));
  EXPECT_THAT(Message(With("not host", "\xff")), HasSubstr("ill-formed UTF-8 byte"));
  EXPECT_LE(Message(absl::StrCat("{\"", std::string(100000, 'x'))).size(), 200);
  EXPECT_THAT(Message(With("1500", "1e999")), HasSubstr("1e999"));
  EXPECT_EQ(Message("[]"), "/: must be an object");
  EXPECT_EQ(Message("null"), "/: must be an object");
}

TEST(ParseLedger, RefusesOtherVersionsFirst) {
  EXPECT_EQ(Message("{\"format_version\": 2}"), "/format_version: is 2, but only 1 is known here");
  EXPECT_EQ(Message("{}"), "/format_version: is missing");
  EXPECT_EQ(Message("{\"format_version\": \"1\"}"),
            "/format_version: must be an integer from 0 to 4294967295");
}

TEST(ParseLedger, RefusesMissingFields) {
  EXPECT_EQ(Message(With("\"host\"", "\"guest\"")), "/host: is missing");
  EXPECT_EQ(Message(With("\"snaplen\"", "\"x\"")), "/settings/snaplen: is missing");
  EXPECT_EQ(Message(With("\"lost\"", "\"x\"")), "/balance/lost: is missing");
  EXPECT_EQ(Message(With("\"xxh3\"", "\"x\"")), "/index/0/xxh3: is missing");
}

TEST(ParseLedger, RefusesOtherTypes) {
  EXPECT_EQ(Message(With("\"host\": \"ns1.example\"", "\"host\": 1")),
            "/host: must be a string of UTF-8");
  EXPECT_EQ(Message(With("\"damaged\": true", "\"damaged\": 1")),
            "/damaged: must be true or false");
  EXPECT_EQ(Message(With("\"seen\": 1966", "\"seen\": 1966.0")),
            "/balance/seen: must be an integer from 0 to 18446744073709551615");
  EXPECT_EQ(Message(With("\"lost\": {", "\"lost\": [], \"x\": {")),
            "/balance/lost: must be an object");
  EXPECT_EQ(Message(With("\"losses\": [", "\"losses\": {}, \"x\": [")), "/losses: must be a list");
  EXPECT_EQ(Message(With("\"gaps\": [", "\"gaps\": [null,")), "/gaps/0: must be an object");
  EXPECT_EQ(Message(With("\"in\"", "\"sideways\"")),
            "/settings/direction: must be one of inout, in, out");
  EXPECT_EQ(Message(With("\"cpu\": 3", "\"cpu\": null")),
            "/losses/0/cpu: must be an integer from 0 to 4294967295");
}

TEST(ParseLedger, RefusesNumbersOutOfRange) {
  EXPECT_EQ(Message(With("\"matched\": 1280", "\"matched\": -1")),
            "/balance/matched: must be an integer from 0 to 18446744073709551615");
  EXPECT_EQ(Message(With("18446744073709551615", "18446744073709551616")),
            "/sequence: must be an integer from 0 to 18446744073709551615");
  EXPECT_EQ(Message(With("113000024", "9223372036854775808")),
            "/length_bytes: must be an integer from 0 to 9223372036854775807");
  EXPECT_EQ(Message(With("-3600000000000", "9223372036854775808")),
            "/gaps/7/step_ns: must be an integer of 64 bits");
  EXPECT_EQ(Message(With("65535", "65536")),
            "/settings/ports: must be a list of integers from 0 to 65535");
  EXPECT_EQ(Message(With("\"other\": 70", "\"other\": 18446744073709551615, \"new\": 1")),
            "/balance/lost: is more than a counter holds");
}

TEST(ParseLedger, RefusesTimesOfAnotherForm) {
  for (const char* time : {"2026-11-25T03:20:39Z", "2026-11-25T03:20:39.123456789+00:00",
                           "2026-11-25 03:20:39.123456789Z", "2026-11-31T03:20:39.123456789Z",
                           "2026-11-25T24:20:39.123456789Z", "2026-11-25T03:20:60.123456789Z",
                           "2026-11-25T03:20:39.12345678xZ", "2262-04-11T23:47:16.854775808Z",
                           "1677-09-21T00:12:43.145224191Z", "9999-11-25T03:20:39.123456789Z"}) {
    EXPECT_THAT(Message(With("2026-11-25T03:20:39.123456789Z", time)),
                StartsWith("/from: must be a time in UTC with nine decimals"))
        << time;
  }
}

TEST(ParseLedger, RefusesDigestsOfAnotherForm) {
  EXPECT_EQ(Message(With("\"xxh3\": \"0", "\"xxh3\": \"")),
            "/index/0/xxh3: must be 16 hexadecimal digits in lower case");
  EXPECT_EQ(Message(With("ffffffffffffffff", "FFFFFFFFFFFFFFFF")),
            "/index/1/xxh3: must be 16 hexadecimal digits in lower case");
  EXPECT_EQ(Message(With("\"sha256\": \"06", "\"sha256\": \"0x06")),
            "/previous/sha256: must be 64 hexadecimal digits in lower case");
}

TEST(ParseLedger, LeadsNobodyOutOfItsDirectory) {
  for (const char* name : {"/etc/passwd", "../x", "..", ".", "", "a\\u0000b"}) {
    EXPECT_EQ(Message(With("eth0.20261124_0000.pcap.json", name)),
              "/previous/file_name: must be the name of a file, without a path")
        << name;
  }
}

TEST(ParseLedger, RefusesKeysThatStandTwice) {
  EXPECT_EQ(Message(With("\"host\"", "\"host\": \"other\", \"host\"")), "/host: stands twice");
  EXPECT_EQ(Message(With("\"cause\": \"no_ring\"", "\"count\": 1, \"cause\": \"no_ring\"")),
            "/losses/1/count: stands twice");
  EXPECT_EQ(Message("{\"later\": [1, {\"a/b~\": 1, \"a/b~\": 1}]}"),
            "/later/1/a~1b~0: stands twice");
  EXPECT_EQ(Message("{\"\": 1, \"\": 1}"), "/: stands twice");
}

TEST(ParseLedger, RefusesManyLevels) {
  EXPECT_EQ(Message(std::string(33, '[')), absl::StrCat(
                                               [] {
                                                 std::string path;
                                                 for (int i = 0; i < 32; ++i) path += "/0";
                                                 return path;
                                               }(),
                                               ": more than 32 levels"));
  EXPECT_THAT(Message(std::string(1 << 20, '[')), HasSubstr("more than 32 levels"));
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  EXPECT_THAT(Message(objects), HasSubstr("/a/a: more than 32 levels"));
}

TEST(ParseLedger, PassesOverWhatLaterVersionsAdd) {
  Ledger expected = FullLedger();
  EXPECT_TRUE(*ParseLedger(With("\"host\"", "\"later\": {\"a\": [1, null]}, \"host\"")) ==
              expected);
  EXPECT_TRUE(*ParseLedger(With("\"cpu\": 3", "\"later\": 1, \"cpu\": 3")) == expected);
}

TEST(ParseLedger, CountsUnknownCausesAsOther) {
  Ledger expected = FullLedger();
  expected.balance.lost.back() += 5;
  EXPECT_TRUE(*ParseLedger(With("\"ring_full\": 10", "\"ring_full\": 10, \"later\": 5")) ==
              expected);
  expected = FullLedger();
  expected.losses[0].cause = LossCause::kOther;
  EXPECT_TRUE(*ParseLedger(With("\"cause\": \"ring_full\"", "\"cause\": \"later\"")) == expected);
}

TEST(ParseLedger, TakesCausesThatEarlierVersionsDidNotKnowForNone) {
  Ledger expected = FullLedger();
  expected.balance.lost[static_cast<size_t>(LossCause::kDiskFull)] = 0;
  std::string text = *FormatLedger(FullLedger());
  EXPECT_TRUE(*ParseLedger(absl::StrReplaceAll(text, {{"      \"disk_full\": 40,\n", ""}})) ==
              expected);
}

}  // namespace
}  // namespace dns_monitor
