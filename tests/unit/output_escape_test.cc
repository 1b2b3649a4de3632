#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/utf8.h"
#include "src/output/display_width.h"
#include "src/output/escape.h"

namespace dns_monitor::output {
namespace {

template <typename Rules>
std::string Escaped(absl::string_view text) {
  // Of exactly the length, so that a sanitizer sees what is read behind it.
  const std::unique_ptr<char[]> exact(new char[text.size()]);
  std::copy(text.begin(), text.end(), exact.get());
  std::string room(kMostGrowth * text.size() + 8, '\0');
  const char* const end = Escape<Rules>({exact.get(), text.size()}, room.data());
  EXPECT_LE(end, room.data() + room.size());
  return room.substr(0, static_cast<size_t>(end - room.data()));
}

// What a text becomes when it is taken one character at a time.
template <typename Rules>
std::string EscapedSlowly(absl::string_view text) {
  std::string escaped;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const uint64_t word = static_cast<uint8_t>(*at);
    if ((Rules::Stops(word) & 0x80) == 0) {
      escaped += *at++;
      continue;
    }
    char room[32];
    escaped.append(room, static_cast<size_t>(Rules::Replace(&at, end, room) - room));
  }
  return escaped;
}

// Texts of plain characters and of those that are not, of which some are no UTF-8.
std::string RandomText(std::mt19937* random) {
  static const char* const kPieces[] = {"\"", "\\",       "\x1b",     "\x7f",         "é",
                                        "中", "😀",        "\u202e",   "\xff",         "\xc3",
                                        "<",  "\xc2\x85", "\xe4\xb8", "\xf0\x9f\x98", "|"};
  std::string text;
  const size_t length = (*random)() % 40;
  while (text.size() < length) {
    if ((*random)() % 8 == 0) {
      text += kPieces[(*random)() % std::size(kPieces)];
    } else {
      text += static_cast<char>(' ' + (*random)() % 95);
    }
  }
  return text;
}

template <typename Rules>
class EscapeTest : public ::testing::Test {};
using AllRules =
    ::testing::Types<JsonRules, XmlRules, CsvRules, TerminalRules, TerminalCsvRules, MarkdownRules>;
TYPED_TEST_SUITE(EscapeTest, AllRules);

TYPED_TEST(EscapeTest, EveryByteAtEveryPlace) {
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t length = 1; length < 20; ++length) {
      for (size_t place = 0; place < length; ++place) {
        std::string text(length, 'a');
        text[place] = static_cast<char>(byte);
        ASSERT_EQ(Escaped<TypeParam>(text), EscapedSlowly<TypeParam>(text))
            << byte << " at " << place << " of " << length;
      }
    }
  }
}

TYPED_TEST(EscapeTest, RandomTexts) {
  std::mt19937 random(1);
  for (int i = 0; i < 50'000; ++i) {
    const std::string text = RandomText(&random);
    ASSERT_EQ(Escaped<TypeParam>(text), EscapedSlowly<TypeParam>(text)) << absl::string_view(text);
  }
}

TYPED_TEST(EscapeTest, NothingGrowsTooMuch) {
  for (int byte = 0; byte < 256; ++byte) {
    Escaped<TypeParam>(std::string(1000, static_cast<char>(byte)));
  }
}

// `text` with U+FFFD for each byte that is none of a character.
std::string Repaired(const std::string& text) {
  std::string repaired;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const Rune rune = DecodeRune(at, end);
    if (rune.bytes == 0) {
      absl::StrAppend(&repaired, kReplacement);
      ++at;
    } else {
      repaired.append(at, static_cast<size_t>(rune.bytes));
      at += rune.bytes;
    }
  }
  return repaired;
}

TEST(JsonRulesTest, ReadersGetWhatWasThere) {
  std::mt19937 random(2);
  for (int i = 0; i < 50'000; ++i) {
    const std::string text = RandomText(&random);
    const std::string json = absl::StrCat("\"", Escaped<JsonRules>(text), "\"");
    ASSERT_EQ(nlohmann::json::parse(json).get<std::string>(), Repaired(text)) << json;
  }
}

TEST(JsonRulesTest, Escapes) {
  EXPECT_EQ(Escaped<JsonRules>(absl::string_view("\0\n\r\t\b\x7f\"\\/", 9)),
            R"(\u0000\n\r\t\u0008\u007f\"\\/)");
  EXPECT_EQ(Escaped<JsonRules>("\u0085\u202e\u2028é\U000e0041"),
            R"(\u0085\u202e\u2028é\udb40\udc41)");
}

TEST(Utf8Test, RefusesWhatIsNoCharacter) {
  for (const char* const bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe4\xb8", "\xc3", "\xff"}) {
    EXPECT_EQ(DecodeRune(bad, bad + strlen(bad)).bytes, 0) << bad;
  }
}

TEST(XmlRulesTest, Escapes) {
  EXPECT_EQ(Escaped<XmlRules>("<a b=\"c\">&\n\x01\xff\u202e\uffff"),
            "&lt;a b=&quot;c&quot;&gt;&amp;&#xa;\ufffd\ufffd&#x202e;\ufffd");
}

TEST(CsvRulesTest, Escapes) {
  EXPECT_EQ(Escaped<CsvRules>("a\"b\xff\n"), "a\"\"b\xff\n");
  EXPECT_EQ(Escaped<TerminalCsvRules>("a\"b\xff\n"), "a\"\"b\\xff\\x0a");
}

TEST(MarkdownRulesTest, Escapes) {
  EXPECT_EQ(Escaped<MarkdownRules>("_dmarc|*\x1b\u202e中"), R"(\_dmarc\|\*\\x1b\\u{202e}中)");
}

}  // namespace
}  // namespace dns_monitor::output
