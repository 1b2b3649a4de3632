#include "dns_monitor/base/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace dns_monitor {

bool operator==(const Setting& a, const Setting& b) {
  return a.line == b.line && a.key == b.key && a.value == b.value;
}
void PrintTo(const Setting& setting, std::ostream* out) {
  *out << setting.line << ": " << setting.key << " = " << setting.value;
}

namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::vector<Setting> Parsed(absl::string_view text) {
  const auto settings = ParseSettings(text);
  EXPECT_TRUE(settings.ok()) << settings.status();
  return settings.value_or(std::vector<Setting>());
}

TEST(Settings, AreLinesOfKeyAndValue) {
  EXPECT_THAT(Parsed("# kept for a month\n"
                     "max-age = 30d\n"
                     "\n"
                     "  port=53\r\n"
                     "\tport =\t5353 \n"
                     "filter = port 53 and tcp[13] = 2  # no comment"),
              ElementsAre(Setting{2, "max-age", "30d"}, Setting{4, "port", "53"},
                          Setting{5, "port", "5353"},
                          Setting{6, "filter", "port 53 and tcp[13] = 2  # no comment"}));
}

TEST(Settings, MayBeNone) {
  EXPECT_THAT(Parsed(""), IsEmpty());
  EXPECT_THAT(Parsed("\n # max-age = 30d\n\n"), IsEmpty());
}

TEST(Settings, NameTheLineThatIsWrong) {
  const struct {
    const char* text;
    const char* begin;
    const char* words;
  } rows[] = {
      {"utc", "1: ", "'utc' has no value"},
      {"\nutc =", "2: ", "'utc' has no value"},
      {"= 30d", "1: ", "'= 30d' is not 'key = value'"},
      {"a = 1\n[capture]\n", "2: ", "'[capture]' is not"},
      {"Max-Age = 30d", "1: ", "is not 'key = value'"},
      {"max age = 30d", "1: ", "is not 'key = value'"},
      {"--max-age 30d", "1: ", "is not 'key = value'"},
      {"filter = \"not host 192.0.2.1\"", "1: ", "needs no quotes"},
      {"filter = a\x1b[31m", "1: ", "a control character"},
  };
  for (const auto& row : rows) {
    const absl::Status status = ParseSettings(row.text).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << row.text;
    EXPECT_THAT(std::string(status.message()), StartsWith(row.begin));
    EXPECT_THAT(status.message(), HasSubstr(row.words));
  }
  EXPECT_THAT(ParseSettings(absl::string_view("a = \0", 5)).status().message(),
              HasSubstr("a control character"));
}

class SettingsFile : public testing::Test {
 protected:
  SettingsFile() {
    std::string pattern = testing::TempDir() + "/settings.XXXXXX";
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ + "/eth0.conf";
  }
  ~SettingsFile() override { std::filesystem::remove_all(directory_); }

  static std::string MessageFor(const std::string& path) {
    return std::string(ReadSettings(path).status().message());
  }
  void Write(const std::string& text) const { std::ofstream(path_) << text; }

  std::string directory_;
  std::string path_;
};

TEST_F(SettingsFile, IsRead) {
  Write("max-age = 30d\n");
  const auto settings = ReadSettings(path_);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_THAT(*settings, ElementsAre(Setting{1, "max-age", "30d"}));
}

TEST_F(SettingsFile, IsNamedInErrors) {
  Write("max-age = 30d\nutc\n");
  EXPECT_THAT(MessageFor(path_), StartsWith(path_ + ":2: "));
  std::filesystem::remove(path_);
  const absl::Status missing = ReadSettings(path_).status();
  EXPECT_EQ(missing.code(), StatusCode::kNotFound);
  EXPECT_EQ(missing.message(), path_ + ": No such file or directory");
  EXPECT_THAT(MessageFor(directory_), StartsWith(directory_ + ": "));
}

TEST_F(SettingsFile, IsShort) {
  Write(std::string(kMaxSettingsBytes, '\n'));
  EXPECT_TRUE(ReadSettings(path_).ok());
  Write(std::string(kMaxSettingsBytes + 1, '\n'));
  EXPECT_THAT(ReadSettings(path_).status().message(), HasSubstr("longer than"));
}

}  // namespace
}  // namespace dns_monitor
