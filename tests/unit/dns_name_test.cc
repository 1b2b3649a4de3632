#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dns_monitor/dns/name.h"
#include "support/dns.h"

namespace dns_monitor {
namespace {

constexpr size_t kHeader = kDnsHeaderBytes;

// What ReadName says of the name at `offset`, once SkipName has said the same.
struct Read {
  std::string text;
  NameRead name;
};

Read ReadAt(const std::string& message, size_t offset,
            NameEscapes escapes = NameEscapes::kRfc4343) {
  const ByteVector bytes = ToBytes(message);  // of its own, so that a sanitizer sees its end
  std::vector<char> text(kMostNameText);
  Read read;
  read.name = ReadName(bytes, offset, escapes, text.data());
  read.text.assign(text.data(), read.name.text_bytes);
  const NameRead skipped = SkipName(bytes, offset);
  EXPECT_EQ(skipped.error, read.name.error);
  EXPECT_EQ(skipped.end, read.name.end);
  EXPECT_EQ(skipped.labels, read.name.labels);
  EXPECT_EQ(skipped.text_bytes, 0);
  return read;
}

std::string Message(const std::string& names) {
  return std::string(kHeader, '\0') + names;
}

// Of the name behind an empty header.
std::string Text(const std::string& wire, NameEscapes escapes = NameEscapes::kRfc4343) {
  const Read read = ReadAt(Message(wire), kHeader, escapes);
  EXPECT_EQ(read.name.error, Malformed::kNone) << TextOf(read.name.error);
  EXPECT_EQ(read.name.end, kHeader + wire.size());
  return read.text;
}

Malformed Error(const std::string& wire) {
  const Read read = ReadAt(Message(wire), kHeader);
  EXPECT_TRUE(read.name.error == Malformed::kNone || read.name.end == 0);
  return read.name.error;
}

TEST(NameTest, PlainNames) {
  EXPECT_EQ(Text(WireName("")), ".");
  EXPECT_EQ(Text(WireName("com")), "com.");
  EXPECT_EQ(Text(WireName("www.Example.COM")), "www.Example.COM.");
  EXPECT_EQ(Text(WireName("_sip._udp.xn--bcher-kva.example")), "_sip._udp.xn--bcher-kva.example.");
  const Read read = ReadAt(Message(WireName("a.b.c") + "rest"), kHeader);
  EXPECT_EQ(read.name.labels, 3);
  EXPECT_EQ(read.name.end, kHeader + 7);
}

TEST(NameTest, LabelsOfEveryLengthAtEveryDistanceFromTheEnd) {
  for (size_t length = 1; length <= 63; ++length) {
    std::string label;
    for (size_t i = 0; i < length; ++i) label.push_back(static_cast<char>('a' + i % 26));
    for (const size_t behind : {0, 1, 4, 15, 16, 17, 64}) {
      const Read read = ReadAt(Message(Label(label) + '\0' + std::string(behind, '\xff')), kHeader);
      EXPECT_EQ(read.name.error, Malformed::kNone);
      EXPECT_EQ(read.text, label + ".");
    }
  }
}

TEST(NameTest, EveryOctet) {
  for (int value = 0; value < 256; ++value) {
    const auto octet = static_cast<char>(value);
    const std::string decimal = absl::StrFormat("\\%03d", value);
    const bool graphic = value > 0x20 && value < 0x7f;
    const bool special = octet == '.' || octet == '\\';
    const std::string wide =
        graphic ? special ? std::string("\\") + octet : std::string(1, octet) : decimal;
    const bool host = value < 0x80 && (std::isalnum(value) != 0 || octet == '-' || octet == '_');
    const std::string narrow = host ? std::string(1, octet) : decimal;
    // Alone, and in every place of a label of more than one block, with and without room behind it.
    for (const std::string& behind : {std::string(), std::string(40, 'x')}) {
      for (size_t place = 0; place < 20; ++place) {
        std::string label(20, 'a');
        label[place] = octet;
        const std::string wire = Message(Label(label) + '\0' + behind);
        const std::string before(place, 'a');
        const std::string after(19 - place, 'a');
        EXPECT_EQ(ReadAt(wire, kHeader).text, absl::StrCat(before, wide, after, "."));
        EXPECT_EQ(ReadAt(wire, kHeader, NameEscapes::kRfc1035).text,
                  absl::StrCat(before, narrow, after, "."));
      }
    }
  }
}

TEST(NameTest, TheLongestName) {
  const std::string label(63, '\xff');
  const std::string wire =
      Label(label) + Label(label) + Label(label) + Label(label.substr(2)) + '\0';
  ASSERT_EQ(wire.size(), kMostNameBytes);
  std::string expected;
  for (const size_t length : {63, 63, 63, 61}) {
    for (size_t i = 0; i < length; ++i) expected += "\\255";
    expected += '.';
  }
  EXPECT_EQ(Text(wire), expected);
  EXPECT_EQ(Text(wire, NameEscapes::kRfc1035), expected);
  EXPECT_LE(expected.size(), kMostNameText);

  const std::string longer = Label(label) + Label(label) + Label(label) + Label(label.substr(1));
  EXPECT_EQ(Error(longer + '\0'), Malformed::kNameTooLong);
  // Plain, so that whole blocks are written up to the end.
  const std::string plain(63, 'p');
  EXPECT_EQ(Text(Label(plain) + Label(plain) + Label(plain) + Label(plain.substr(2)) + '\0').size(),
            254u);
}

TEST(NameTest, TheMostLabels) {
  std::string wire;
  for (int i = 0; i < 127; ++i) wire += Label("a");
  const Read read = ReadAt(Message(wire + '\0'), kHeader);
  EXPECT_EQ(read.name.error, Malformed::kNone);
  EXPECT_EQ(read.name.labels, 127);
  EXPECT_EQ(read.text.size(), 254u);
  EXPECT_EQ(Error(wire + Label("a") + '\0'), Malformed::kNameTooLong);
}

TEST(NameTest, Pointers) {
  // example.com at 12, www. and a pointer at 25, mail. and a pointer to that at 31.
  const std::string message =
      Message(WireName("example.com") + Label("www") + Pointer(12) + Label("m") + Pointer(25));
  EXPECT_EQ(ReadAt(message, 25).text, "www.example.com.");
  EXPECT_EQ(ReadAt(message, 25).name.end, 31u);
  EXPECT_EQ(ReadAt(message, 31).text, "m.www.example.com.");
  EXPECT_EQ(ReadAt(message, 31).name.end, 35u);
  EXPECT_EQ(ReadAt(message, 31).name.labels, 4);
  // To a name's last labels, or to its root alone.
  EXPECT_EQ(ReadAt(message + Pointer(20), 35).text, "com.");
  EXPECT_EQ(ReadAt(message + Pointer(24), 35).text, ".");
}

TEST(NameTest, PointersThatAreNotFollowed) {
  EXPECT_EQ(Error(Pointer(12)), Malformed::kPointerLoop);
  EXPECT_EQ(Error(Label("a") + Pointer(12)), Malformed::kPointerLoop);
  EXPECT_EQ(Error(Label("a") + Label("b") + Pointer(14)), Malformed::kPointerLoop);
  EXPECT_EQ(Error(Pointer(14) + WireName("a")), Malformed::kPointerForward);
  EXPECT_EQ(Error(Label("a") + Pointer(0x3fff)), Malformed::kPointerForward);
  for (unsigned target = 0; target < 12; ++target) {
    EXPECT_EQ(Error(Label("a") + Pointer(target)), Malformed::kPointerIntoHeader);
  }
  // Two that point at each other.
  EXPECT_EQ(ReadAt(Message(Pointer(14) + Pointer(12)), 14).name.error, Malformed::kPointerForward);
  // Back, and from there into what led there.
  EXPECT_EQ(ReadAt(Message(Label("a") + Pointer(12) + Label("b") + Pointer(12)), 16).name.error,
            Malformed::kPointerLoop);
}

// So many pointers, each to the one before it, behind the root at 12.
Read ReadChain(int pointers) {
  std::string message = Message(std::string(1, '\0'));
  size_t target = 12;
  for (int i = 0; i < pointers; ++i) {
    const size_t next = message.size();
    message += Pointer(static_cast<unsigned>(target));
    target = next;
  }
  return ReadAt(message, target);
}

TEST(NameTest, ManyPointers) {
  EXPECT_EQ(ReadChain(kMostPointers).name.error, Malformed::kNone);
  EXPECT_EQ(ReadChain(kMostPointers).text, ".");
  EXPECT_EQ(ReadChain(kMostPointers + 1).name.error, Malformed::kTooManyPointers);
  EXPECT_EQ(ReadChain(5000).name.error, Malformed::kTooManyPointers);
}

TEST(NameTest, EveryLabelBehindAPointer) {
  // 127 labels, each of which is reached by a pointer: as many as a name can use.
  std::string message = Message(std::string(1, '\0'));
  size_t target = 12;
  for (int i = 0; i < 127; ++i) {
    const size_t next = message.size();
    message += Label("x") + Pointer(static_cast<unsigned>(target));
    target = next;
  }
  const Read read = ReadAt(message + Pointer(static_cast<unsigned>(target)), message.size());
  EXPECT_EQ(read.name.error, Malformed::kNone);
  EXPECT_EQ(read.name.labels, 127);
}

TEST(NameTest, LengthCountsWhatPointersLeadTo) {
  const std::string label(63, 'a');
  const std::string three = Label(label) + Label(label) + Label(label) + '\0';
  const size_t at = kHeader + three.size();
  EXPECT_EQ(ReadAt(Message(three + Label(label.substr(2)) + Pointer(12)), at).name.error,
            Malformed::kNone);
  EXPECT_EQ(ReadAt(Message(three + Label(label.substr(1)) + Pointer(12)), at).name.error,
            Malformed::kNameTooLong);
}

TEST(NameTest, OtherLabelTypes) {
  for (int length = 0x40; length < 0xc0; ++length) {
    EXPECT_EQ(Error(Label("a") + static_cast<char>(length) + std::string(200, 'x')),
              Malformed::kLabelType);
  }
}

TEST(NameTest, CutAnywhere) {
  const std::string wire = Message(WireName("www.example.com"));
  for (size_t size = 0; size < wire.size(); ++size) {
    const Read read = ReadAt(wire.substr(0, size), kHeader);
    EXPECT_EQ(read.name.error, Malformed::kTruncatedName) << size;
    EXPECT_EQ(read.name.end, 0u);
    // What there is of it stays: whole labels.
    EXPECT_EQ(read.text, size < 16   ? ""
                         : size < 24 ? "www."
                         : size < 28 ? "www.example."
                                     : "www.example.com.");
  }
  EXPECT_EQ(Error(Label("a") + '\xc0'), Malformed::kTruncatedName);
  EXPECT_EQ(ReadAt(wire, wire.size()).name.error, Malformed::kTruncatedName);
  EXPECT_EQ(ReadAt(wire, SIZE_MAX).name.error, Malformed::kTruncatedName);
  EXPECT_EQ(ReadName({}, 0, NameEscapes::kRfc4343, nullptr).error, Malformed::kTruncatedName);
}

TEST(NameTest, EveryErrorHasAText) {
  EXPECT_EQ(TextOf(Malformed::kNone), "");
  std::vector<std::string> texts;
  for (int i = 1; i <= static_cast<int>(kLastMalformed); ++i) {
    texts.emplace_back(TextOf(static_cast<Malformed>(i)));
    EXPECT_NE(texts.back(), "") << i;
  }
  std::sort(texts.begin(), texts.end());
  EXPECT_EQ(std::unique(texts.begin(), texts.end()), texts.end());
}

}  // namespace
}  // namespace dns_monitor
