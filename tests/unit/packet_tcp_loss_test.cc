// Of connections that the capture has only in parts.
#include <gtest/gtest.h>

#include "support/tcp_maker.h"

namespace dns_monitor {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr SegmentFields kSyn = {.flags = kTcpSyn};

class TcpLossTest : public ::testing::Test {
 protected:
  void Use(const TcpOptions& options) { tcp_ = TcpListener(options); }
  const TcpCounters& counters() const { return tcp_.counters(); }

  TcpListener tcp_;
};

TEST_F(TcpLossTest, FindsMessagesWithoutASyn) {
  EXPECT_EQ(tcp_.Add(1001, Joined({FramedMessage(7), Part(FramedMessage(8), 0, 20)})), "7");
  EXPECT_EQ(tcp_.Add(1001 + 62, Part(FramedMessage(8), 20)), "8");
  EXPECT_EQ(counters().resyncs, 1u);
  EXPECT_EQ(counters().streams, 1u);
}

TEST_F(TcpLossTest, WaitsForABorderToBegin) {
  const Bytes data = FramedMessage(7, 4000);
  EXPECT_EQ(tcp_.Add(1001 + 1000, Part(data, 1000, 2500)), "") << "the middle of a message";
  EXPECT_EQ(tcp_.Add(1001 + 2500, Part(data, 2500)), "");
  EXPECT_EQ(tcp_.Add(1001 + 4002, FramedMessage(8)), "8");
  EXPECT_EQ(counters().unframed, 2u);
  EXPECT_EQ(counters().resyncs, 1u);
}

// Some send the length first; a keep-alive may come first, too.
TEST_F(TcpLossTest, FindsABorderInShortSegments) {
  const Bytes data = FramedMessage(7);
  EXPECT_EQ(tcp_.Add(1001, Part(data, 0, 2)), "");
  EXPECT_EQ(tcp_.Add(1003, Part(data, 2)), "7");
  EXPECT_EQ(counters().unframed, 0u);

  tcp_ = TcpListener();
  for (uint32_t i = 0; i < 41; ++i) EXPECT_EQ(tcp_.Add(1001 + i, {data[i]}), "");
  EXPECT_EQ(tcp_.Add(1001 + 41, {data[41]}), "7");
  EXPECT_EQ(tcp_.heard()[0].segments, 42u);

  tcp_ = TcpListener();
  EXPECT_EQ(tcp_.Add(1000, {0}), "");
  EXPECT_EQ(tcp_.Add(1001, data), "7");
  EXPECT_EQ(counters().unframed, 1u);
}

TEST_F(TcpLossTest, FindsNothingInWhatIsNotDns) {
  const Bytes handshake = {0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0x9a, 0x41, 0x77, 0x13, 0x08};
  EXPECT_EQ(tcp_.Add(1001, handshake), "");
  EXPECT_EQ(tcp_.Add(1001 + 16, Bytes(1000, 'a')), "");
  EXPECT_EQ(counters().unframed, 2u);
  EXPECT_EQ(tcp_.Finish(), "");
  EXPECT_EQ(counters().messages, 0u);
}

TEST_F(TcpLossTest, GivesAGapUpAfterAWhile) {
  tcp_.Add(1000, {}, kSyn);
  EXPECT_EQ(tcp_.Add(1001, FramedMessage(7)), "7");
  EXPECT_EQ(tcp_.Add(1001 + 84, FramedMessage(9)), "");
  tcp_.Sleep(4 * kSecond);
  EXPECT_EQ(tcp_.Add(1001 + 126, FramedMessage(10)), "");
  tcp_.Sleep(2 * kSecond);
  EXPECT_EQ(tcp_.Add(1001 + 168, FramedMessage(11)), "9 10 11");
  EXPECT_EQ(counters().gaps, 1u);
  EXPECT_EQ(counters().gap_bytes, 42u);
  EXPECT_EQ(counters().resyncs, 1u);
  EXPECT_EQ(counters().broken_messages, 0u);
  EXPECT_EQ(tcp_.heard()[1].time_ns, 4 * kSecond) << "of the last segment behind the gap";
}

// Known by what the other direction shows.
TEST_F(TcpLossTest, GivesAGapUpWhileTheOtherSideSpeaks) {
  tcp_.Add(1000, {}, kSyn);
  EXPECT_EQ(tcp_.Add(1001 + 42, FramedMessage(8)), "");
  tcp_.Sleep(6 * kSecond);
  EXPECT_EQ(tcp_.Add(5001, FramedMessage(9), {.from_server = true}), "8 9");
  EXPECT_FALSE(tcp_.heard()[0].from_server);
  EXPECT_TRUE(tcp_.heard()[1].from_server);
}

TEST_F(TcpLossTest, GivesAGapUpBehindTooMuch) {
  Use({.reorder_bytes = 2000});
  tcp_.Add(1000, {}, kSyn);
  uint32_t at = 1001 + 42;
  for (uint16_t id = 0; id < 3; ++id, at += 502) {
    EXPECT_EQ(tcp_.Add(at, FramedMessage(id, 500)), "");
  }
  EXPECT_EQ(tcp_.Add(at, FramedMessage(3, 500)), "0 1 2 3");
  EXPECT_EQ(counters().gaps, 1u);
}

TEST_F(TcpLossTest, GivesAGapUpAtTheEnd) {
  tcp_.Add(1000, {}, kSyn);
  EXPECT_EQ(tcp_.Add(1001 + 42, FramedMessage(8)), "");
  EXPECT_EQ(tcp_.Add(1001 + 126, FramedMessage(10)), "");
  EXPECT_EQ(tcp_.Finish(), "8 10");
  EXPECT_EQ(counters().gaps, 2u);
  EXPECT_EQ(tcp_.memory_bytes(), 0u);
}

// The length that is known says where the next message begins, in the middle of a segment, too.
TEST_F(TcpLossTest, BelievesALengthAcrossAGap) {
  tcp_.Add(1000, {}, kSyn);
  const Bytes data = Joined({FramedMessage(7, 1000), FramedMessage(8), FramedMessage(9)});
  EXPECT_EQ(tcp_.Add(1001, Part(data, 0, 400)), "");
  EXPECT_EQ(tcp_.Add(1001 + 800, Part(data, 800)), "");
  EXPECT_EQ(tcp_.Finish(), "8 9");
  EXPECT_EQ(counters().broken_messages, 1u);
  EXPECT_EQ(counters().resyncs, 0u);
}

TEST_F(TcpLossTest, LosesTheBordersBehindALargerGap) {
  tcp_.Add(1000, {}, kSyn);
  const Bytes data = Joined({FramedMessage(7, 1000), FramedMessage(8, 1000), FramedMessage(9)});
  EXPECT_EQ(tcp_.Add(1001, Part(data, 0, 400)), "");
  EXPECT_EQ(tcp_.Add(1001 + 1500, Part(data, 1500, 2004)), "");
  EXPECT_EQ(tcp_.Add(1001 + 2004, Part(data, 2004)), "");
  EXPECT_EQ(tcp_.Finish(), "9");
  EXPECT_EQ(counters().broken_messages, 1u);
  EXPECT_EQ(counters().unframed, 1u);
  EXPECT_EQ(counters().resyncs, 1u);
}

TEST_F(TcpLossTest, GoesOnBehindWhatTheSnapLengthClips) {
  tcp_.Add(1000, {}, kSyn);
  const Bytes data = FramedMessage(7, 500);
  EXPECT_EQ(tcp_.AddClipped(1001, data, 60), "7") << "as far as it is there";
  EXPECT_TRUE(tcp_.heard().back().clipped);
  EXPECT_EQ(tcp_.heard().back().bytes, Part(data, 2, 60));
  EXPECT_EQ(tcp_.Add(1001 + 502, FramedMessage(8)), "8");
  EXPECT_FALSE(tcp_.heard().back().clipped);
  EXPECT_EQ(tcp_.AddClipped(1001 + 502 + 42, data, 0), "") << "not even the length";
  EXPECT_EQ(tcp_.Add(1001 + 502 + 42 + 502, FramedMessage(9)), "9");
  EXPECT_EQ(counters().clipped, 2u);
  EXPECT_EQ(counters().resyncs, 1u);
  EXPECT_EQ(counters().broken_messages, 0u);
  // Behind a gap as well, and when it is old already.
  const uint32_t at = 1001 + 502 + 42 + 502 + 42;
  EXPECT_EQ(tcp_.AddClipped(at + 42, data, 60), "");
  EXPECT_EQ(tcp_.Add(at + 42 + 502, FramedMessage(11)), "");
  EXPECT_EQ(tcp_.Add(at, FramedMessage(10)), "10 7 11");
  EXPECT_EQ(tcp_.AddClipped(at + 42, data, 60), "");
}

// What is there of a message is given out once, however many of its segments are clipped.
TEST_F(TcpLossTest, GivesTheBeginningOfWhatIsClipped) {
  tcp_.Add(1000, {}, kSyn);
  const Bytes data = FramedMessage(7, 1500);
  EXPECT_EQ(tcp_.AddClipped(1001, Part(data, 0, 500), 2), "") << "a length only";
  EXPECT_EQ(tcp_.AddClipped(1501, Part(data, 500, 1000), 60), "");
  EXPECT_EQ(tcp_.Add(2001, Part(data, 1000)), "");
  EXPECT_EQ(counters().broken_messages, 1u);
  EXPECT_EQ(tcp_.Add(2503, Part(data, 0, 500)), "");
  EXPECT_EQ(tcp_.AddClipped(3003, Part(data, 500, 1000), 60), "7");
  EXPECT_EQ(tcp_.heard().back().bytes, Part(data, 2, 560));
  EXPECT_EQ(tcp_.AddClipped(3503, Part(data, 1000), 60), "");
  EXPECT_EQ(tcp_.Add(4005, FramedMessage(8)), "8");
}

TEST_F(TcpLossTest, NoticesAnotherConnectionWithoutItsSyn) {
  tcp_.Add(1000, {}, kSyn);
  EXPECT_EQ(tcp_.Add(1001, FramedMessage(7)), "7");
  EXPECT_EQ(tcp_.Add(3'000'000'000, FramedMessage(66)), "") << "might be anyone's";
  EXPECT_EQ(tcp_.Add(1001 + 42, FramedMessage(8)), "8");
  uint32_t at = 3'000'000'000;
  for (uint16_t id = 20; id < 23; ++id, at += 42) EXPECT_EQ(tcp_.Add(at, FramedMessage(id)), "");
  EXPECT_EQ(tcp_.Add(at, FramedMessage(23)), "23");
  EXPECT_EQ(counters().strays, 4u);
}

}  // namespace
}  // namespace dns_monitor
