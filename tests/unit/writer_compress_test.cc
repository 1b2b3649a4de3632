// The writer with a compressor between it and its files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "dns_monitor/base/event_fd.h"
#include "dns_monitor/writer/writer.h"
#include "support/frames.h"
#include "support/writer_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::Ge;
using ::testing::SizeIs;

class WriterCompressTest : public WriterTest {
 protected:
  WriterCompressTest() { options_.compression = {.level = 3, .threads = 2}; }

  // All that is in the files, finished or not, as far as a decoder gets, in their order.
  std::vector<PcapContent> Contents() const {
    std::vector<PcapContent> contents;
    for (const std::string& name : directory_.Names()) {
      const std::optional<std::string> file = directory_.Read(name);
      if (!file) continue;
      FrameReader reader(ReadFromString(*file), static_cast<int64_t>(file->size()));
      contents.push_back(ParsePcap(ReadAll(&reader)));
    }
    return contents;
  }
  size_t Readable() const {
    size_t packets = 0;
    for (const PcapContent& content : Contents()) packets += content.packets.size();
    return packets;
  }
  // As WriterTest::ExpectAllInFiles, and that frames, table and facts say the same.
  void ExpectAllInFrames(const std::vector<uint32_t>& count) {
    std::vector<uint32_t> next(count.size());
    int64_t last_ns = 0;
    for (const SegmentFacts& facts : Finished()) {
      const std::string name = facts.name.Pcap();
      SCOPED_TRACE(name);
      const std::string file = directory_.Read(name).value();
      const auto bytes = static_cast<int64_t>(file.size());
      EXPECT_EQ(facts.file_bytes(), bytes);
      FrameReader reader(ReadFromString(file), bytes);
      const std::string content = ReadAll(&reader);
      EXPECT_EQ(reader.end(), FramesEnd::kClean) << reader.damage();
      EXPECT_EQ(reader.whole_frames(), facts.frames);
      EXPECT_EQ(ReadSeekTable(ReadFromString(file), bytes).value(), facts.frames);
      EXPECT_EQ(facts.length_bytes, static_cast<int64_t>(content.size()));
      ExpectNext(name, ParsePcap(content), &next, &last_ns);
    }
    EXPECT_EQ(next, count);
  }
};

TEST_P(WriterCompressTest, BringsAllPacketsIntoFramesOnce) {
  constexpr uint32_t kPackets = 60'000;
  options_.segments.max_segment_bytes = 5 << 20;
  MakeRings(2);
  Start();
  for (uint32_t number = 0; number < kPackets; ++number) {
    Produce(0, number, 100 + number % 150);
    if (number % 3 == 0) Produce(1, number / 3, 300);
  }
  ExpectStopsWell(kPackets + kPackets / 3);
  ExpectAllInFrames({kPackets, kPackets / 3});
  EXPECT_THAT(Finished(), SizeIs(Ge(3u)));
  EXPECT_THAT(Finished(), Each(Field(&SegmentFacts::frames, SizeIs(Ge(1u)))));
}

TEST_P(WriterCompressTest, RecordsStayWholeInTheirFrames) {
  MakeRings(1, 4 << 20);
  Start();
  for (uint32_t number = 0; number < 40; ++number) Produce(0, number, 200'000);
  ExpectStopsWell(40);
  ExpectAllInFrames({40});
  const std::vector<FrameSize> frames = Finished()[0].frames;
  for (const FrameSize& frame : frames) {
    const size_t header = &frame == &frames[0] ? sizeof(PcapFileHeader) : 0;
    EXPECT_LE(frame.content_bytes, kFrameBytes);
    EXPECT_EQ((frame.content_bytes - header) % (sizeof(PcapRecordHeader) + 200'000), 0u);
  }
}

TEST_P(WriterCompressTest, PacketsCanBeReadBeforeTheirFrameEnds) {
  options_.flush_ns = 20 * kNanosecondsPerMillisecond;
  MakeRings(1);
  Start();
  for (uint32_t number = 0; number < 30; ++number) {
    Produce(0, number, 100);
    ASSERT_TRUE(Await([&] { return Readable() == number + 1; }));
  }
  EXPECT_TRUE(Await([&] { return writer_->status().packets_readable.load() == 30; }));
  EXPECT_EQ(writer_->status().packets_written.load(), 0u);
  EXPECT_EQ(LoadAcquire(&rings_->cpu(0)->tail), 0u) << "only the end of a frame is safe";
  ExpectStopsWell(30);
  ExpectAllInFrames({30});
  EXPECT_THAT(Finished()[0].frames, SizeIs(1));
}

TEST_P(WriterCompressTest, FramesEndEarlierThanRingsFill) {
  constexpr uint32_t kPackets = 30'000;
  MakeRings(1, CAPTURE_RING_MIN_BYTES);
  Start();
  for (uint32_t number = 0; number < kPackets; ++number) Produce(0, number, 100);
  ExpectStopsWell(kPackets);
  ExpectAllInFrames({kPackets});
}

TEST_P(WriterCompressTest, ASegmentWithoutPacketsHasAFrame) {
  MakeRings(1);
  Start();
  ExpectStopsWell(0);
  ExpectAllInFrames({0});
  EXPECT_THAT(Finished()[0].frames, SizeIs(1));
}

INSTANTIATE_TEST_SUITE_P(Backends, WriterCompressTest, testing::Bool(), BackendName);

// The compressor by itself, with full buffers.
class CompressorTest : public testing::Test {
 protected:
  class Observer : public WriteObserver {
   public:
    void OnCheckpoint(const Checkpoint&) override {}
    void OnSegmentWritten(Segment*) override {}
  };

  CompressorTest() {
    segment_.opened = true;
    segment_.buffered = *directory_.disk()->Create("segment", Caching::kBuffered);
  }

  // A frame that takes the worker far longer than a call of Seal.
  void Seal() {
    Buffer* buffer = frames_.Take(&segment_, 0);
    ASSERT_NE(buffer, nullptr);
    const std::string noise = Noise(kFrameBytes);
    std::memcpy(buffer->data, noise.data(), noise.size());
    buffer->used = noise.size();
    buffer->sealed.segment = &segment_;
    buffer->sealed.tails = {0};
    compressor_.Seal(buffer);
  }
  void Settle() {
    EXPECT_TRUE(Await([this] {
      compressor_.Pump();
      return compressor_.idle();
    }));
  }

  LogCapture log_;
  CaptureDirectory directory_;
  Segment segment_;
  Observer observer_;
  std::unique_ptr<IoBackend> backend_ = MakePwriteBackend();
  BufferPool frames_{1, kFrameBytes, Compressor::FrameCount(1)};
  BufferPool written_{1, kFramesBufferBytes};
  Fd wake_ = MakeEventFd();
  WriteQueue queue_{backend_.get(), &SystemClock(), &written_, &observer_};
  Compressor compressor_{
      {.level = 12, .threads = 1}, &SystemClock(), &frames_, &written_, &queue_, wake_.get()};
};

TEST_F(CompressorTest, LevelsFallAsRingsFillAndTheWorkersDoNotKeepUp) {
  // The threads are not started yet: nothing is done.
  compressor_.set_ring_fill(0.1);
  for (int frame = 0; frame < 5; ++frame) Seal();
  EXPECT_EQ(compressor_.level(), 12) << "there is room in the rings";
  compressor_.set_ring_fill(1);
  Seal();
  EXPECT_EQ(compressor_.level(), 9);
  EXPECT_EQ(log_.Count("compression at level 12 does not keep up"), 1);
  compressor_.Start();
  Settle();
  EXPECT_EQ(segment_.facts.lowest_level, 9u);
  EXPECT_EQ(segment_.facts.level, 12u);
}

TEST_F(CompressorTest, LevelsRiseAgain) {
  compressor_.set_ring_fill(1);
  for (int frame = 0; frame < 6; ++frame) Seal();
  const int fallen = compressor_.level();
  EXPECT_LT(fallen, 12);
  compressor_.Start();
  for (int frame = 0; frame < 200; ++frame) {
    Settle();
    Seal();
  }
  Settle();
  EXPECT_EQ(compressor_.level(), 12);
  EXPECT_EQ(log_.Count("compression keeps up at level 12 again"), 1);
}

TEST_F(CompressorTest, GivesUpWhatIsUnderWay) {
  compressor_.Start();
  for (int frame = 0; frame < 6; ++frame) Seal();
  EXPECT_THAT(compressor_.GiveUp(), testing::ElementsAre(&segment_));
  EXPECT_TRUE(compressor_.idle());
  EXPECT_EQ(frames_.available(), Compressor::FrameCount(1));
  EXPECT_EQ(written_.available(), kBufferCount);
  Seal();
  Settle();
}

}  // namespace
}  // namespace dns_monitor
