#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/dns/message.h"
#include "support/dns.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string NameAt(const ByteVector& message, size_t offset) {
  char text[kMostNameText];
  const NameRead name = ReadName(message, offset, NameEscapes::kRfc4343, text);
  EXPECT_EQ(name.error, Malformed::kNone);
  return {text, name.text_bytes};
}

// What a message holds, and what is wrong with it.
struct Walked {
  std::vector<std::string> questions;
  std::vector<std::string> records;
  Malformed error = Malformed::kNone;
  size_t trailing_bytes = 0;
};

Walked Walk(const std::string& message) {
  const ByteVector bytes = ToBytes(message);
  MessageWalker walker(bytes);
  Walked walked;
  for (DnsQuestion question; walker.NextQuestion(&question);) {
    walked.questions.push_back(
        absl::StrCat(NameAt(bytes, question.name), " ", question.qclass, " ", question.type));
  }
  Section section;
  for (DnsRecord record; walker.NextRecord(&section, &record);) {
    EXPECT_EQ(record.end, record.rdata + record.rdata_bytes);
    EXPECT_LE(record.end, bytes.size());
    walked.records.push_back(absl::StrCat(static_cast<int>(section), " ",
                                          NameAt(bytes, record.name), " ", record.ttl, " ",
                                          record.type, " ", record.rdata_bytes));
  }
  walked.error = walker.error();
  walked.trailing_bytes = walker.trailing_bytes();
  return walked;
}

Malformed ErrorOf(const std::string& message) {
  return Walk(message).error;
}

TEST(MessageTest, Header) {
  const ByteVector bytes = ToBytes(FromHex("abcd 0000 0001 0002 0003 0104"));
  const DnsHeader header = MessageWalker(bytes).header();
  EXPECT_EQ(header.id, 0xabcd);
  EXPECT_EQ(header.qd_count, 1);
  EXPECT_EQ(header.an_count, 2);
  EXPECT_EQ(header.ns_count, 3);
  EXPECT_EQ(header.ar_count, 0x104);
}

TEST(MessageTest, HeaderBits) {
  const auto with = [](unsigned flags) {
    const ByteVector bytes = ToBytes(Header(flags, 0, 0, 0, 0));
    return MessageWalker(bytes).header();
  };
  const std::pair<unsigned, bool DnsHeader::*> bits[] = {
      {0x8000, &DnsHeader::qr}, {0x0400, &DnsHeader::aa}, {0x0200, &DnsHeader::tc},
      {0x0100, &DnsHeader::rd}, {0x0080, &DnsHeader::ra}, {0x0040, &DnsHeader::z},
      {0x0020, &DnsHeader::ad}, {0x0010, &DnsHeader::cd}};
  for (const auto& [flag, member] : bits) {
    for (const auto& [other_flag, other] : bits) {
      EXPECT_EQ(with(flag).*other, flag == other_flag) << flag << " " << other_flag;
    }
    EXPECT_EQ(with(flag).opcode, 0);
    EXPECT_EQ(with(flag).rcode, 0);
  }
  EXPECT_EQ(with(0x2800).opcode, 5);
  EXPECT_EQ(with(0x7800).opcode, 15);
  EXPECT_EQ(with(0x0003).rcode, 3);
  EXPECT_EQ(with(0x000f).rcode, 15);
}

TEST(MessageTest, ShortHeader) {
  for (size_t size = 0; size < kDnsHeaderBytes; ++size) {
    const ByteVector bytes(size, 0xff);
    MessageWalker walker(bytes);
    EXPECT_FALSE(walker.HasHeader());
    EXPECT_EQ(walker.header().id, 0);
    DnsQuestion question;
    EXPECT_FALSE(walker.NextQuestion(&question));
    Section section;
    DnsRecord record;
    EXPECT_FALSE(walker.NextRecord(&section, &record));
    EXPECT_EQ(walker.error(), Malformed::kShortHeader);
    EXPECT_EQ(walker.trailing_bytes(), 0u);
  }
}

TEST(MessageTest, AllSections) {
  const Walked walked = Walk(SampleAnswer());
  EXPECT_EQ(walked.error, Malformed::kNone);
  EXPECT_EQ(walked.trailing_bytes, 0u);
  EXPECT_THAT(walked.questions, ElementsAre("www.example.com. 1 1"));
  EXPECT_THAT(walked.records, ElementsAre("0 www.example.com. 300 5 6", "0 web.example.com. 60 1 4",
                                          "1 example.com. 86400 2 6",
                                          "2 ns1.example.com. 300 28 16", "2 . 32768 41 23"));
}

TEST(MessageTest, NothingButAHeader) {
  const Walked walked = Walk(Header(0x8001, 0, 0, 0, 0));
  EXPECT_EQ(walked.error, Malformed::kNone);
  EXPECT_THAT(walked.questions, IsEmpty());
  EXPECT_THAT(walked.records, IsEmpty());
}

TEST(MessageTest, RecordsWithoutAskingForQuestions) {
  const ByteVector bytes =
      ToBytes(Header(0, 2, 0, 0, 1) + Question(WireName("a.example"), 1) +
              Question(WireName("b.example"), 28, 3) + Record(Pointer(12), 16, Label("text")));
  MessageWalker walker(bytes);
  Section section;
  DnsRecord record;
  ASSERT_TRUE(walker.NextRecord(&section, &record));
  EXPECT_EQ(section, Section::kAdditional);
  EXPECT_EQ(record.type, 16);
  EXPECT_FALSE(walker.NextRecord(&section, &record));
  DnsQuestion question;
  EXPECT_FALSE(walker.NextQuestion(&question));
  EXPECT_EQ(walker.error(), Malformed::kNone);
}

TEST(MessageTest, QuestionWithItsName) {
  const std::string message = Header(0, 1, 0, 0, 0) + Question(WireName("www.example.com"), 15, 1);
  for (size_t size = kDnsHeaderBytes; size <= message.size(); ++size) {
    const ByteVector bytes = ToBytes(message.substr(0, size));
    MessageWalker walker(bytes);
    DnsQuestion question;
    NameRead name;
    char text[kMostNameText];
    const bool whole = size == message.size();
    EXPECT_EQ(walker.NextQuestion(&question, NameEscapes::kRfc1035, text, &name), whole);
    const absl::string_view got(text, name.text_bytes);
    EXPECT_EQ(got, absl::string_view("www.example.com.").substr(0, got.size()));
    EXPECT_EQ(got.size(), size < 16 ? 0u : size < 24 ? 4u : size < 28 ? 12u : 16u) << size;
    if (!whole) continue;
    EXPECT_EQ(question.type, 15);
    EXPECT_EQ(question.end, size);
    EXPECT_FALSE(walker.NextQuestion(&question, NameEscapes::kRfc1035, text, &name));
    EXPECT_EQ(name.labels, 3);  // left as it was
  }
}

TEST(MessageTest, CutAnywhere) {
  const std::string message = SampleAnswer();
  const Walked whole = Walk(message);
  for (size_t size = 0; size < message.size(); ++size) {
    const Walked walked = Walk(message.substr(0, size));
    const Malformed error = walked.error;
    EXPECT_TRUE(size < kDnsHeaderBytes ? error == Malformed::kShortHeader
                                       : error == Malformed::kTruncatedQuestion ||
                                             error == Malformed::kTruncatedRecord ||
                                             error == Malformed::kTruncatedName ||
                                             error == Malformed::kRdataBeyondMessage)
        << size << " " << TextOf(error);
    ASSERT_LE(walked.records.size(), whole.records.size());
    for (size_t i = 0; i < walked.records.size(); ++i) {
      EXPECT_EQ(walked.records[i], whole.records[i]);
    }
    EXPECT_EQ(walked.trailing_bytes, 0u);
  }
}

TEST(MessageTest, ErrorsTellWhatIsCut) {
  const std::string question = Question(WireName("a"), 1);
  EXPECT_EQ(ErrorOf(Header(0, 1, 0, 0, 0)), Malformed::kTruncatedQuestion);
  EXPECT_EQ(ErrorOf(Header(0, 2, 0, 0, 0) + question), Malformed::kTruncatedQuestion);
  EXPECT_EQ(ErrorOf(Header(0, 1, 0, 0, 0) + WireName("a")), Malformed::kTruncatedQuestion);
  EXPECT_EQ(ErrorOf(Header(0, 1, 0, 0, 0) + Label("a")), Malformed::kTruncatedName);
  EXPECT_EQ(ErrorOf(Header(0, 1, 0, 0, 1) + question), Malformed::kTruncatedRecord);
  EXPECT_EQ(ErrorOf(Header(0, 0, 0, 1, 0) + WireName("a") + U16(1)), Malformed::kTruncatedRecord);
  EXPECT_EQ(
      ErrorOf(Header(0, 0, 1, 0, 0) + WireName("a") + U16(1) + U16(1) + U32(1) + U16(5) + "1234"),
      Malformed::kRdataBeyondMessage);
  EXPECT_EQ(ErrorOf(Header(0, 1, 0, 0, 0) + Label("a") + Pointer(12) + U32(0)),
            Malformed::kPointerLoop);
  EXPECT_EQ(ErrorOf(Header(0, 0, 1, 0, 0) + "\x40" + std::string(99, 'a')), Malformed::kLabelType);
}

TEST(MessageTest, OwnersOfEveryForm) {
  const std::string message =
      Header(0, 1, 6, 0, 0) + Question(WireName("www.example.com"), 1) +
      Record(Pointer(12), 16, Label("a")) + Record(Pointer(12), 16, Label("b")) +
      Record(Pointer(16), 16, Label("c")) + Record(Label("x") + Pointer(24), 16, Label("d")) +
      Record(WireName("other.example"), 16, Label("e")) + Record(WireName(""), 16, Label("f"));
  const Walked walked = Walk(message);
  EXPECT_EQ(walked.error, Malformed::kNone);
  EXPECT_THAT(walked.records,
              ElementsAre("0 www.example.com. 300 16 2", "0 www.example.com. 300 16 2",
                          "0 example.com. 300 16 2", "0 x.com. 300 16 2",
                          "0 other.example. 300 16 2", "0 . 300 16 2"));
}

TEST(MessageTest, OwnersWithBadPointers) {
  for (const std::string& owner :
       {Pointer(5), Pointer(12 + 7), Pointer(0x3000), Label("a") + "\xc0"}) {
    const Walked walked =
        Walk(Header(0, 1, 2, 0, 0) + Question(WireName("a"), 1) + Record(owner, 1, "1234"));
    EXPECT_NE(walked.error, Malformed::kNone);
    EXPECT_THAT(walked.records, IsEmpty());
    EXPECT_THAT(walked.questions, ElementsAre("a. 1 1"));
  }
}

TEST(MessageTest, TrailingBytes) {
  const Walked walked = Walk(SampleAnswer() + "xyz");
  EXPECT_EQ(walked.error, Malformed::kTrailingBytes);
  EXPECT_EQ(walked.trailing_bytes, 3u);
  EXPECT_EQ(walked.records.size(), 5u);
}

TEST(MessageTest, Opt) {
  const std::string opt = Opt("");
  EXPECT_EQ(ErrorOf(Header(0, 0, 0, 0, 1) + opt), Malformed::kNone);
  const Walked twice = Walk(Header(0, 0, 0, 0, 3) + opt + opt + Record(WireName("a"), 1, "1234"));
  EXPECT_EQ(twice.error, Malformed::kSecondOpt);
  EXPECT_EQ(twice.records.size(), 3u);
  EXPECT_EQ(ErrorOf(Header(0, 0, 0, 0, 1) + Record(WireName("a"), 41, "")),
            Malformed::kOptNotAtRoot);
  EXPECT_EQ(ErrorOf(Header(0, 0, 1, 0, 0) + opt), Malformed::kOptOutsideAdditional);
  // The first one counts.
  EXPECT_EQ(ErrorOf(Header(0, 0, 0, 0, 2) + opt + opt + "trailing"), Malformed::kSecondOpt);
}

TEST(MessageTest, CountsOfALie) {
  EXPECT_EQ(ErrorOf(Header(0, 65535, 65535, 65535, 65535)), Malformed::kTruncatedQuestion);
  EXPECT_EQ(ErrorOf(Header(0, 0, 65535, 0, 0) + Record(WireName(""), 1, "1234")),
            Malformed::kTruncatedRecord);
}

}  // namespace
}  // namespace dns_monitor
