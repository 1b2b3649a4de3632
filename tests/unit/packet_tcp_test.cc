#include <gtest/gtest.h>

#include "dns_monitor/packet/tcp.h"
#include "support/tcp_maker.h"

namespace dns_monitor {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr SegmentFields kSyn = {.flags = kTcpSyn};
constexpr SegmentFields kFin = {.flags = kTcpFin | kTcpAck};
constexpr SegmentFields kRst = {.flags = kTcpRst};
constexpr SegmentFields kFromServer = {.from_server = true};

// The client's data begins at 1001, the server's at 5001.
class TcpTest : public ::testing::Test {
 protected:
  void Open(uint16_t port = 40000) {
    EXPECT_EQ(tcp_.Add(1000, {}, {.flags = kTcpSyn, .client_port = port}), "");
    EXPECT_EQ(
        tcp_.Add(
            5000, {},
            {.from_server = true, .flags = kTcpSyn | kTcpAck, .client_port = port, .ack = 1001}),
        "");
  }
  void Use(const TcpOptions& options) { tcp_ = TcpListener(options); }
  const TcpCounters& counters() const { return tcp_.counters(); }
  const TcpListener::Heard& last() const { return tcp_.heard().back(); }

  TcpListener tcp_;
};

TEST_F(TcpTest, GivesMessagesOfBothDirections) {
  Open();
  EXPECT_EQ(tcp_.Add(1001, FramedMessage(7)), "7");
  EXPECT_EQ(last().bytes, DnsMessage(7));
  EXPECT_EQ(last().segments, 1u);
  EXPECT_EQ(last().stream, 1u);
  EXPECT_EQ(tcp_.Add(5001, FramedMessage(7, 3000), kFromServer), "7");
  EXPECT_EQ(last().bytes, DnsMessage(7, 3000));
  EXPECT_EQ(last().stream, 1u);
  EXPECT_TRUE(last().from_server);
  EXPECT_EQ(counters().messages, 2u);
  EXPECT_EQ(counters().streams, 1u);
}

TEST_F(TcpTest, GivesThePacketAndItsTime) {
  Bytes storage;
  TcpReassembler tcp;
  const Packet packet = SegmentOf(1001, FramedMessage(7), {.client_port = 41000}, &storage);
  int messages = 0;
  tcp.Add(packet, 77, [&](const TcpMessage& message) {
    ++messages;
    EXPECT_EQ(message.packet, &packet);
    EXPECT_EQ(message.time_ns, 77);
    EXPECT_EQ(message.bytes.data(), packet.payload.data() + 2) << "a copy";
  });
  EXPECT_EQ(messages, 1);
}

TEST_F(TcpTest, GivesAllMessagesOfASegment) {
  Open();
  EXPECT_EQ(tcp_.Add(1001, Joined({FramedMessage(7), FramedMessage(8, 12), FramedMessage(9, 500)})),
            "7 8 9");
  EXPECT_EQ(last().segments, 1u);
}

TEST_F(TcpTest, GivesAMessageOfManySegments) {
  Open();
  const Bytes data = Joined({FramedMessage(7), FramedMessage(8, 500), FramedMessage(9)});
  for (size_t i = 0; i + 1 < data.size(); ++i) {
    const std::string expected = i + 1 == 42 ? "7" : i + 1 == 42 + 502 ? "8" : "";
    EXPECT_EQ(tcp_.Add(static_cast<uint32_t>(1001 + i), Part(data, i, i + 1)), expected) << i;
  }
  EXPECT_EQ(tcp_.Add(static_cast<uint32_t>(1000 + data.size()), {data.back()}), "9");
  EXPECT_EQ(tcp_.heard()[1].bytes, DnsMessage(8, 500));
  EXPECT_EQ(tcp_.heard()[1].segments, 502u);
  EXPECT_EQ(counters().keepalives, 0u);
}

TEST_F(TcpTest, GivesTheLargestMessage) {
  Open();
  const Bytes data = FramedMessage(7, 65535);
  uint32_t at = 0;
  for (; at + 1400 < data.size(); at += 1400) {
    EXPECT_EQ(tcp_.Add(1001 + at, Part(data, at, at + 1400)), "");
  }
  EXPECT_EQ(tcp_.Add(1001 + at, Joined({Part(data, at), FramedMessage(8)})), "7 8");
  EXPECT_EQ(tcp_.heard()[0].bytes, DnsMessage(7, 65535));
  EXPECT_EQ(tcp_.heard()[0].segments, 47u);
}

TEST_F(TcpTest, SkipsMessagesOfLengthZero) {
  Open();
  EXPECT_EQ(tcp_.Add(1001, Joined({{0, 0}, FramedMessage(7), {0, 0, 0}})), "7");
  EXPECT_EQ(tcp_.Add(1001 + 2 + 42 + 3, Joined({{0}, FramedMessage(8)})), "8");
  EXPECT_EQ(counters().empty_messages, 3u);
}

TEST_F(TcpTest, BringsSegmentsInOrder) {
  Open();
  EXPECT_EQ(tcp_.Add(1001 + 84, FramedMessage(9)), "");
  tcp_.Sleep(kSecond);
  EXPECT_EQ(tcp_.Add(1001 + 42, FramedMessage(8)), "");
  tcp_.Sleep(kSecond);
  EXPECT_EQ(tcp_.Add(1001, FramedMessage(7)), "7 8 9");
  EXPECT_EQ(last().time_ns, 2 * kSecond);
  EXPECT_EQ(counters().out_of_order, 2u);
  EXPECT_EQ(counters().gaps, 0u);
}

TEST_F(TcpTest, LeavesOutWhatComesAgain) {
  Open();
  const Bytes data = Joined({FramedMessage(7), FramedMessage(8), FramedMessage(9)});
  EXPECT_EQ(tcp_.Add(1001, Part(data, 0, 50)), "7");
  EXPECT_EQ(tcp_.Add(1001, Part(data, 0, 50)), "");
  EXPECT_EQ(tcp_.Add(1011, Part(data, 10, 40)), "");
  EXPECT_EQ(tcp_.Add(1011, Part(data, 10, 100)), "8");
  EXPECT_EQ(tcp_.Add(1001, data), "9");
  EXPECT_EQ(tcp_.Add(1001, data), "");
  EXPECT_EQ(counters().retransmitted, 3u);
  EXPECT_EQ(counters().conflicts, 0u);
}

TEST_F(TcpTest, BelievesWhatCameFirst) {
  Open();
  const Bytes data = FramedMessage(7);
  const Bytes other = FramedMessage(9);
  EXPECT_EQ(tcp_.Add(1001, Part(data, 0, 30)), "");
  EXPECT_EQ(tcp_.Add(1001, other), "7");
  EXPECT_EQ(counters().conflicts, 1u);
  // Also behind a gap, on both sides of what is there.
  const Bytes two = Joined({FramedMessage(1), FramedMessage(2), FramedMessage(3)});
  const Bytes three = Joined({FramedMessage(4), FramedMessage(5), FramedMessage(6)});
  const uint32_t at = 1001 + 42;
  EXPECT_EQ(tcp_.Add(at + 50, Part(two, 50, 60)), "");
  EXPECT_EQ(tcp_.Add(at + 70, Part(two, 70, 80)), "");
  EXPECT_EQ(tcp_.Add(at + 40, Part(three, 40)), "");
  EXPECT_EQ(counters().conflicts, 2u);
  EXPECT_EQ(tcp_.Add(at, Part(two, 0, 45)), "1 5 6");
  Bytes mixed = DnsMessage(5);
  const Bytes first = DnsMessage(2);
  std::copy_n(first.begin() + 6, 10, mixed.begin() + 6);
  std::copy_n(first.begin() + 26, 10, mixed.begin() + 26);
  EXPECT_EQ(tcp_.heard()[2].bytes, mixed);
}

TEST_F(TcpTest, KnowsKeepAlives) {
  Open();
  EXPECT_EQ(tcp_.Add(1001, FramedMessage(7)), "7");
  EXPECT_EQ(tcp_.Add(1001 + 41, {0}), "");
  EXPECT_EQ(tcp_.Add(1001 + 42, {0}), "") << "a window probe: the next byte";
  EXPECT_EQ(tcp_.Add(1001 + 42, {0}), "");
  EXPECT_EQ(tcp_.Add(1001 + 42, FramedMessage(8)), "8");
  EXPECT_EQ(counters().keepalives, 2u);
  EXPECT_EQ(counters().conflicts, 0u);
}

TEST_F(TcpTest, KnowsDataOnASyn) {
  EXPECT_EQ(tcp_.Add(1000, FramedMessage(7), kSyn), "7");
  EXPECT_EQ(tcp_.Add(5000, {}, {.from_server = true, .flags = kTcpSyn | kTcpAck, .ack = 1001}), "");
  EXPECT_EQ(tcp_.Add(1001, FramedMessage(7)), "") << "the server did not take it";
  EXPECT_EQ(tcp_.Add(1001 + 42, FramedMessage(8)), "8");
}

TEST_F(TcpTest, BearsTheWrapOfSequenceNumbers) {
  for (uint32_t initial = 0xffffffff - 90; initial != 7; initial += 7) {
    TcpListener tcp;
    EXPECT_EQ(tcp.Add(initial, {}, kSyn), "");
    EXPECT_EQ(tcp.Add(initial + 1 + 42, FramedMessage(8)), "");
    EXPECT_EQ(tcp.Add(initial + 1, FramedMessage(7)), "7 8");
    EXPECT_EQ(tcp.Add(initial + 1, Joined({FramedMessage(7), FramedMessage(8), FramedMessage(9)})),
              "9");
  }
}

TEST_F(TcpTest, KnowsAnotherConnectionOfTheSamePorts) {
  Open();
  EXPECT_EQ(tcp_.Add(1001, FramedMessage(7)), "7");
  EXPECT_EQ(tcp_.Add(1001 + 42, Part(FramedMessage(8), 0, 20)), "");
  EXPECT_EQ(tcp_.Add(9000, {}, kSyn), "");
  EXPECT_EQ(counters().broken_messages, 1u);
  EXPECT_EQ(tcp_.Add(2000, {}, {.from_server = true, .flags = kTcpSyn | kTcpAck, .ack = 9001}), "");
  EXPECT_EQ(tcp_.Add(9000, {}, kSyn), "") << "again";
  EXPECT_EQ(tcp_.Add(9001, FramedMessage(9)), "9");
  EXPECT_EQ(last().stream, 2u);
  EXPECT_EQ(tcp_.Add(2001, FramedMessage(9), kFromServer), "9");
  EXPECT_EQ(last().stream, 2u);
  EXPECT_EQ(counters().streams, 2u);
}

TEST_F(TcpTest, TakesTheAnswerForALostSyn) {
  EXPECT_EQ(tcp_.Add(5000, {}, {.from_server = true, .flags = kTcpSyn | kTcpAck, .ack = 1001}), "");
  EXPECT_EQ(tcp_.Add(1000, {}, kSyn), "") << "late";
  EXPECT_EQ(tcp_.Add(1001 + 42, FramedMessage(8)), "");
  EXPECT_EQ(tcp_.Add(1001, FramedMessage(7)), "7 8");
  EXPECT_EQ(counters().streams, 1u);
  EXPECT_EQ(counters().resyncs, 0u);
}

TEST_F(TcpTest, BearsASynBehindItsData) {
  EXPECT_EQ(tcp_.Add(1001, FramedMessage(7)), "7");
  EXPECT_EQ(tcp_.Add(1000, {}, kSyn), "");
  EXPECT_EQ(tcp_.Add(1001 + 42, FramedMessage(8)), "8");
  EXPECT_EQ(counters().streams, 1u);
}

TEST_F(TcpTest, EndsWithFinOrReset) {
  Open();
  EXPECT_EQ(tcp_.Add(1001, FramedMessage(7), kFin), "7");
  EXPECT_EQ(tcp_.Add(5001, Part(FramedMessage(7), 0, 20), {.from_server = true}), "");
  EXPECT_EQ(tcp_.Add(5021, {}, {.from_server = true, .flags = kTcpFin | kTcpAck}), "");
  EXPECT_EQ(counters().broken_messages, 1u);
  EXPECT_EQ(tcp_.Add(1001, FramedMessage(7), kFin), "");
  EXPECT_EQ(tcp_.Finish(), "");
  EXPECT_EQ(counters().broken_messages, 1u);

  Open();
  EXPECT_EQ(tcp_.Add(1001, Part(FramedMessage(7), 0, 20)), "");
  EXPECT_EQ(tcp_.Add(90'000'000, {}, kRst), "") << "from somewhere else";
  EXPECT_EQ(counters().strays, 1u);
  EXPECT_EQ(tcp_.Add(1021, Part(FramedMessage(7), 20)), "7");
  EXPECT_EQ(tcp_.Add(5001, FramedMessage(7), {.from_server = true}), "7");
  EXPECT_EQ(tcp_.Add(5001 + 84, FramedMessage(9), {.from_server = true}), "");
  EXPECT_EQ(tcp_.Add(1001 + 42, {}, kRst), "9") << "what was behind a gap";
  EXPECT_TRUE(last().from_server);
  EXPECT_EQ(tcp_.Add(5001, FramedMessage(7), {.from_server = true}), "") << "again";
}

// Segments of no connection do not begin any.
TEST_F(TcpTest, BeginsNoneWithAnEnd) {
  for (const uint8_t flags : {kTcpFin, kTcpRst, kTcpAck}) tcp_.Add(1001, {}, {.flags = flags});
  EXPECT_EQ(counters().streams, 0u);
  EXPECT_EQ(counters().segments, 3u);
  const Dissected udp(PacketBuilder().Ethernet().Ipv4().Udp(1, 53).Data(8));
  EXPECT_EQ(tcp_.AddPacket(*udp), "");
  EXPECT_EQ(counters().segments, 3u);
}

TEST_F(TcpTest, TellsConnectionsApart) {
  for (uint16_t port = 40000; port < 40050; ++port) Open(port);
  const Bytes data = FramedMessage(7);
  for (uint16_t port = 40000; port < 40050; ++port) {
    EXPECT_EQ(tcp_.Add(1001, Part(data, 0, 20), {.client_port = port}), "");
  }
  for (uint16_t port = 40000; port < 40050; ++port) {
    EXPECT_EQ(tcp_.Add(1021, Part(data, 20), {.client_port = port}), "7");
    EXPECT_EQ(last().stream, port - 39999u);
  }
}

TEST_F(TcpTest, ForgetsWhatIsIdle) {
  Use({.idle_timeout_ns = 60 * kSecond});
  Open();
  EXPECT_EQ(tcp_.Add(1001 + 42, FramedMessage(8)), "");
  EXPECT_EQ(tcp_.Add(5001, Part(FramedMessage(8), 0, 20), kFromServer), "");
  tcp_.Sleep(61 * kSecond);
  EXPECT_EQ(tcp_.Add(1, {}, {.flags = kTcpSyn, .client_port = 9}), "8");
  EXPECT_EQ(last().time_ns, 0) << "when it came";
  EXPECT_EQ(counters().timed_out, 1u);
  EXPECT_EQ(counters().broken_messages, 1u);
}

TEST_F(TcpTest, KeepsItsMemoryWithinBounds) {
  constexpr size_t kBytes = 1 << 20;
  Use({.memory_bytes = kBytes, .reorder_bytes = 64 << 10});
  const Bytes data = FramedMessage(7, 60'000);
  for (uint16_t port = 1000; port < 3000; ++port) {
    Open(port);
    EXPECT_EQ(tcp_.Add(1001, Part(data, 0, 1000), {.client_port = port}), "");
    EXPECT_EQ(tcp_.Add(1001 + 30'000, Part(data, 30'000, 31'000), {.client_port = port}), "");
    EXPECT_LE(tcp_.memory_bytes(), kBytes);
  }
  EXPECT_GT(counters().evicted, 1000u);
  EXPECT_GT(tcp_.memory_bytes(), kBytes / 2);
  EXPECT_EQ(tcp_.Finish(), "");
  EXPECT_EQ(tcp_.memory_bytes(), 0u);
  EXPECT_EQ(counters().broken_messages, 2000u);
}

TEST_F(TcpTest, BearsTimesThatGoBackOrFar) {
  Open();
  tcp_.Sleep(INT64_MIN);
  EXPECT_EQ(tcp_.Add(1001 + 42, FramedMessage(8)), "");
  tcp_.Sleep(INT64_MAX);
  EXPECT_EQ(tcp_.Add(1001, FramedMessage(7)), "8 7");
}

}  // namespace
}  // namespace dns_monitor
