// The writer on a pipe: its reader may be slow, stand still, or go away.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "dns_monitor/base/event_fd.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/writer/writer.h"
#include "support/steady_clock.h"
#include "support/writer_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::IsEmpty;

struct Pipe {
  explicit Pipe(int write_flags) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    read_end.Reset(ends[0]);
    write_end.Reset(ends[1]);
    EXPECT_GT(fcntl(ends[1], F_SETPIPE_SZ, 4096), 0);
    EXPECT_EQ(fcntl(ends[1], F_SETFL, write_flags), 0);
  }
  Fd read_end;
  Fd write_end;
};

TEST_P(WriterTest, StreamsIntoAPipe) {
  constexpr uint32_t kPackets = 3000;
  for (const int flags : {0, O_NONBLOCK}) {
    Pipe pipe(flags);
    std::string got;
    std::thread reader([&] {
      char chunk[3000];
      for (ssize_t length = 0; (length = read(pipe.read_end.get(), chunk, sizeof(chunk))) > 0;) {
        got.append(chunk, static_cast<size_t>(length));
      }
    });
    options_.stream_fd = pipe.write_end.Release();
    MakeRings(1);
    StartOn(nullptr);
    for (uint32_t number = 0; number < kPackets; ++number) Produce(0, number, 12 + number % 900);
    ExpectStopsWell(kPackets);
    writer_.reset();  // closes the pipe
    reader.join();
    std::vector<uint32_t> next(1);
    int64_t last_ns = 0;
    ExpectNext("the stream", ParsePcap(got), &next, &last_ns);
    EXPECT_EQ(next[0], kPackets);
  }
}

TEST_P(WriterTest, EndsWhenTheReaderOfTheStreamDoes) {
  Pipe pipe(0);
  const Fd done = MakeEventFd();
  options_.done_fd = done.get();
  options_.stream_fd = pipe.write_end.Release();
  options_.flush_ns = 4 * kNanosecondsPerMillisecond;
  MakeRings(1);
  StartOn(nullptr);
  Produce(0, 0, 100);
  char chunk[200];
  EXPECT_GT(read(pipe.read_end.get(), chunk, sizeof(chunk)), 0);
  EXPECT_FALSE(IsReadable(done.get()));
  pipe.read_end.Reset();
  Produce(0, 1, 100);
  EXPECT_TRUE(Await([&] { return IsReadable(done.get()); }));
  EXPECT_TRUE(writer_->status().stream_closed.load());
  EXPECT_FALSE(writer_->status().failing.load());
  const WriterResult result = writer_->Stop();
  EXPECT_EQ(result.packets_written + result.packets_lost, 2u);
  EXPECT_LE(result.packets_written, 1u);
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

// A stream of which so many packets wait in rings and buffers, on a clock that tests move.
class SlowStreamTest : public WriterTest {
 protected:
  static constexpr size_t kLength = 1000;

  void StartWith(uint32_t packets) {
    options_.stream_fd = pipe_.write_end.Release();
    MakeRings(1, 8 * kSmallRing);
    for (uint32_t number = 0; number < packets; ++number) {
      ASSERT_TRUE(ProduceAt(clock_.BoottimeNs(), number, kLength));
    }
    StartOn(nullptr, &clock_);
  }
  // Stops the writer while time passes, in steps of `step_ns` a look. False when it does not end.
  bool StopWhileTimePasses(int64_t step_ns, WriterResult* result) {
    std::atomic<bool> stopped{false};
    std::thread stopper([&] {
      *result = writer_->Stop();
      stopped = true;
    });
    const bool ended = Await([&] {
      clock_.Advance(step_ns);
      return stopped.load();
    });
    if (!ended) pipe_.read_end.Reset();  // ends it all the same
    stopper.join();
    return ended;
  }

  SteadyFakeClock clock_;
  Pipe pipe_{0};
};

TEST_P(SlowStreamTest, IsGivenTimeAtTheEndWhileItMoves) {
  constexpr uint32_t kPackets = 3000;
  StartWith(kPackets);
  size_t got = 0;
  std::thread reader([&] {  // takes far longer than the patience for all of it
    std::string chunk(4096, '\0');
    for (ssize_t length = 0;
         (length = read(pipe_.read_end.get(), chunk.data(), chunk.size())) > 0;) {
      got += static_cast<size_t>(length);
      clock_.Advance(Writer::kPatienceNs / 500);
    }
  });
  WriterResult result;
  EXPECT_TRUE(StopWhileTimePasses(kNanosecondsPerMillisecond, &result));
  writer_.reset();  // closes the pipe
  reader.join();
  EXPECT_EQ(result.packets_lost, 0u);
  EXPECT_EQ(result.packets_written, kPackets);
  EXPECT_EQ(got, sizeof(PcapFileHeader) + kPackets * (sizeof(PcapRecordHeader) + kLength));
}

TEST_P(SlowStreamTest, IsGivenUpAtTheEndWhenItStandsStill) {
  StartWith(2000);
  WriterResult result;
  EXPECT_TRUE(StopWhileTimePasses(Writer::kPatienceNs / 10, &result));
  EXPECT_EQ(result.packets_written + result.packets_lost, 2000u);
  EXPECT_GT(result.packets_lost, 0u);
  EXPECT_EQ(log_.Count("giving up"), 1);
}

INSTANTIATE_TEST_SUITE_P(Backends, WriterTest, testing::Bool(), BackendName);

INSTANTIATE_TEST_SUITE_P(Backends, SlowStreamTest, testing::Bool(), BackendName);

}  // namespace
}  // namespace dns_monitor
