#include <gtest/gtest.h>

#include <string>

#include "dns_monitor/query/message_row.h"
#include "support/dns.h"

namespace dns_monitor {
namespace {

class MessageRowTest : public ::testing::Test {
 protected:
  // Of a message of these bytes.
  MessageRow& Row(const std::string& bytes, bool clipped = false) {
    bytes_ = ToBytes(bytes);
    item_.message = bytes_;
    item_.clipped = clipped;
    row_.Set(item_, 1);
    return row_;
  }

 private:
  ByteVector bytes_;
  ScanItem item_;
  MessageRow row_{RowSettings{}};
};

const std::string kName = WireName("www.e2e");

TEST_F(MessageRowTest, AQuestionThatIsThere) {
  const NamedEntry& question = Row(Header(0x0100, 1, 0, 0, 0) + Question(kName, 28, 3)).question();
  EXPECT_TRUE(question.is_whole);
  EXPECT_EQ(question.name, "www.e2e.");
  EXPECT_EQ(question.type, 28);
  EXPECT_EQ(question.rclass, 3);
}

TEST_F(MessageRowTest, AQuestionThatIsCutHasNoType) {
  const NamedEntry& question = Row(Header(0x0100, 1, 0, 0, 0) + kName + U16(28)).question();
  EXPECT_FALSE(question.is_whole);
  EXPECT_EQ(question.name, "www.e2e.");
}

TEST_F(MessageRowTest, ANameThatLoopsHasNoType) {
  const std::string loop = Label("a") + Pointer(12);
  const NamedEntry& question = Row(Header(0x0100, 1, 0, 0, 0) + Question(loop, 1)).question();
  EXPECT_FALSE(question.is_whole);
  EXPECT_EQ(question.name, "a.");
}

TEST_F(MessageRowTest, NothingIsAsked) {
  EXPECT_FALSE(Row(Header(0x8181, 0, 0, 0, 0)).question().is_whole);
  EXPECT_FALSE(Row("abc").question().is_whole);
}

TEST_F(MessageRowTest, NothingIsWrong) {
  EXPECT_EQ(Row(SampleAnswer()).malformed(), Malformed::kNone);
}

TEST_F(MessageRowTest, WhatTheSnapLengthTookIsNotTheMessagesFault) {
  const std::string whole = SampleAnswer();
  for (const size_t size : {size_t{5}, size_t{14}, size_t{40}, whole.size() - 1, whole.size()}) {
    EXPECT_EQ(Row(whole.substr(0, size), true).malformed(), Malformed::kClipped) << size;
  }
  const std::string begin = Header(0x8180, 1, 1, 0, 0) + Question(kName, 1);
  EXPECT_EQ(Row(begin + Record(kName, 1, "abc"), true).malformed(), Malformed::kRdataShort);
}

TEST_F(MessageRowTest, DataThatDoesNotFitItsType) {
  const std::string begin = Header(0x8180, 1, 1, 0, 1) + Question(kName, 1);
  const std::string cookie = Opt(Option(10, "abc"));
  const std::string fine = Record(Pointer(12), 1, FromHex("c0000201"));
  const std::string shorter = Record(Pointer(12), 1, FromHex("c00002"));
  const std::string longer = Record(Pointer(12), 1, FromHex("c000020100"));
  EXPECT_EQ(Row(begin + fine + Opt("")).malformed(), Malformed::kNone);
  EXPECT_EQ(Row(begin + shorter + Opt("")).malformed(), Malformed::kRdataShort);
  EXPECT_EQ(Row(begin + longer + Opt("")).malformed(), Malformed::kRdataLong);
  // What is wrong with the message as a whole comes first, and options last.
  EXPECT_EQ(Row(begin + longer + cookie + "x").malformed(), Malformed::kTrailingBytes);
  EXPECT_EQ(Row(begin + longer + cookie).malformed(), Malformed::kRdataLong);
  EXPECT_EQ(Row(begin + fine + cookie).malformed(), Malformed::kCookie);
}

}  // namespace
}  // namespace dns_monitor
