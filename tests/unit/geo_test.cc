#include "dns_monitor/enrich/geo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

#include "support/capture_directory.h"
#include "support/geo_file.h"

namespace dns_monitor {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class GeoTest : public ::testing::Test {
 protected:
  GeoTest() {
    for (const char* variable : kVariables) unsetenv(variable);
  }
  ~GeoTest() override {
    for (const char* variable : kVariables) unsetenv(variable);
  }

  std::string Write(const std::string& name, const std::string& content) const {
    std::string path = directory_.path() + "/" + name;
    std::ofstream(path) << content;
    return path;
  }
  std::string WriteCountries(const std::string& name) const {
    GeoFile file;
    file.Add("192.0.2.0", 24, CountryRecord("SE"));
    file.Add("198.51.100.7", 32, CountryRecord("DE"));
    file.Add("2001:db8::", 32, CountryRecord("FR"));
    return Write(name, file.Content());
  }
  std::string WriteAsNumbers(const std::string& name) const {
    GeoFile file;
    file.Add("192.0.2.0", 24, AsNumberRecord(65536));
    file.Add("2001:db8::", 32, AsNumberRecord(4294967295));
    return Write(name, file.Content());
  }

  static constexpr const char* kVariables[] = {"PACKETQ_MAXMIND_CC_DB", "PACKETQ_MAXMIND_ASN_DB",
                                               "PACKETQ_MAXMIND_PATH"};
  CaptureDirectory directory_;
};

TEST_F(GeoTest, FindsCountries) {
  const auto database = GeoDatabase::Open(WriteCountries("a.mmdb"));
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_EQ(database->CountryCode("192.0.2.1"), "SE");
  EXPECT_EQ(database->CountryCode("192.0.2.255"), "SE");
  EXPECT_EQ(database->CountryCode("192.0.3.0"), "");
  EXPECT_EQ(database->CountryCode("198.51.100.7"), "DE");
  EXPECT_EQ(database->CountryCode("198.51.100.8"), "");
  EXPECT_EQ(database->CountryCode("2001:db8:ffff::1"), "FR");
  EXPECT_EQ(database->CountryCode("2001:db9::1"), "");
}

TEST_F(GeoTest, FindsAsNumbersOf32Bits) {
  const auto database = GeoDatabase::Open(WriteAsNumbers("a.mmdb"));
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_EQ(database->AsNumber("192.0.2.1"), 65536);
  EXPECT_EQ(database->AsNumber("2001:db8::"), 4294967295);
  EXPECT_EQ(database->AsNumber("203.0.113.1"), -1);
}

TEST_F(GeoTest, HasNothingForWhatIsNoAddress) {
  const auto database = GeoDatabase::Open(WriteCountries("a.mmdb"));
  ASSERT_TRUE(database.ok()) << database.status();
  for (const char* text : {"", "192.0.2", "192.0.2.1 ", "example.com.", "192.0.2.1/24",
                           "2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"}) {
    EXPECT_EQ(database->CountryCode(text), "") << text;
    EXPECT_EQ(database->AsNumber(text), -1) << text;
  }
}

TEST_F(GeoTest, HasNothingInADatabaseOfAnotherKind) {
  const auto database = GeoDatabase::Open(WriteAsNumbers("a.mmdb"));
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_EQ(database->CountryCode("192.0.2.1"), "");
}

TEST_F(GeoTest, SaysWhatIsWrongWithAFile) {
  const auto missing = GeoDatabase::Open(directory_.path() + "/missing.mmdb");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(missing.status().message(), HasSubstr("missing.mmdb"));
  const auto other = GeoDatabase::Open(Write("other.mmdb", "This is text."));
  EXPECT_EQ(other.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(other.status().message(), HasSubstr("other.mmdb is no MaxMind database"));
  EXPECT_FALSE(GeoDatabase::Open(Write("empty.mmdb", "")).ok());
  EXPECT_FALSE(GeoDatabase::Open(directory_.path()).ok());
}

TEST_F(GeoTest, LooksWhereTheEnvironmentSays) {
  WriteCountries("GeoLite2-Country.mmdb");
  WriteAsNumbers("GeoLite2-ASN.mmdb");
  setenv("PACKETQ_MAXMIND_PATH", directory_.path().c_str(), 1);
  auto countries = OpenUsualGeoDatabase(GeoKind::kCountry);
  ASSERT_TRUE(countries.ok()) << countries.status();
  EXPECT_EQ(countries->CountryCode("192.0.2.1"), "SE");
  auto numbers = OpenUsualGeoDatabase(GeoKind::kAsNumber);
  ASSERT_TRUE(numbers.ok()) << numbers.status();
  EXPECT_EQ(numbers->AsNumber("192.0.2.1"), 65536);

  GeoFile own;
  own.Add("192.0.2.0", 24, CountryRecord("NO"));
  setenv("PACKETQ_MAXMIND_CC_DB", Write("own.mmdb", own.Content()).c_str(), 1);
  countries = OpenUsualGeoDatabase(GeoKind::kCountry);
  ASSERT_TRUE(countries.ok()) << countries.status();
  EXPECT_EQ(countries->CountryCode("192.0.2.1"), "NO");
}

TEST_F(GeoTest, NamesTheVariableOfAFileThatCannotBeOpened) {
  setenv("PACKETQ_MAXMIND_ASN_DB", "/nonexistent/asn.mmdb", 1);
  const auto database = OpenUsualGeoDatabase(GeoKind::kAsNumber);
  EXPECT_EQ(database.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(database.status().message(),
              AllOf(HasSubstr("PACKETQ_MAXMIND_ASN_DB"), HasSubstr("/nonexistent/asn.mmdb")));
}

TEST_F(GeoTest, NamesTheVariablesWhereThereIsNone) {
  const auto database = OpenUsualGeoDatabase(GeoKind::kCountry);
  if (database.ok()) GTEST_SKIP() << "this machine has a database of its own";
  EXPECT_EQ(database.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(database.status().message(),
              AllOf(HasSubstr("PACKETQ_MAXMIND_CC_DB"), HasSubstr("GeoLite2-Country.mmdb"),
                    HasSubstr("PACKETQ_MAXMIND_PATH")));
}

TEST_F(GeoTest, OpensTheUsualOneOnce) {
  setenv("PACKETQ_MAXMIND_CC_DB", WriteCountries("a.mmdb").c_str(), 1);
  std::vector<const GeoDatabase*> found(8);
  std::vector<std::thread> threads;
  for (const GeoDatabase*& database : found) {
    threads.emplace_back([&database] {
      database = UsualGeoDatabase(GeoKind::kCountry).value_or(nullptr);
      for (int i = 0; i < 1000; ++i) EXPECT_EQ(database->CountryCode("192.0.2.1"), "SE");
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const GeoDatabase* database : found) EXPECT_EQ(database, found[0]);
}

}  // namespace
}  // namespace dns_monitor
