#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

#include "dns_monitor/base/fd.h"
#include "support/compressed.h"
#include "support/input_rig.h"

namespace dns_monitor {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Standard input reads from there, for as long as this lives.
class StandardInput {
 public:
  explicit StandardInput(int fd) : before_(dup(STDIN_FILENO)) { dup2(fd, STDIN_FILENO); }
  ~StandardInput() {
    dup2(before_, STDIN_FILENO);
    close(before_);
  }
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;

 private:
  const int before_;
};

struct Pipe {
  Fd out, in;

  Pipe() {
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
    out = Fd(fds[0]);
    in = Fd(fds[1]);
  }
};

std::string Segment(uint32_t seconds, uint32_t count) {
  const PcapMaker maker;
  std::string bytes = maker.FileHeader();
  for (uint32_t i = 0; i < count; ++i) {
    bytes += maker.Make({.seconds = seconds + i, .payload = absl::StrCat(seconds + i)});
  }
  return bytes;
}

std::vector<std::string> Payloads(const InputReading& reading) {
  std::vector<std::string> payloads;
  for (const SeenRecord& record : reading.records) payloads.push_back(record.payload);
  return payloads;
}

TEST(InputSourceTest, ReadsFilesOneBehindTheOther) {
  const InputRig rig;
  rig.Write("b.pcap", Segment(100, 3));
  rig.Write("a.pcap.gz", Gzip(Segment(200, 2)));
  rig.Write("c.pcap.zst", Seekable(Segment(300, 3), 30));
  for (const int threads : {1, 4}) {
    for (const size_t block_bytes : {1, 40, 1 << 20}) {
      const InputReading reading =
          rig.Read({.paths = {rig.path()}}, {.block_bytes = block_bytes}, threads);
      EXPECT_THAT(Payloads(reading),
                  ElementsAre("100", "101", "102", "200", "201", "300", "301", "302"));
      EXPECT_EQ(reading.bytes_done, reading.bytes_total);
    }
  }
}

// Whoever learns that there are no more blocks learns how many there were, even while another
// thread has yet to make what it has claimed.
TEST(InputSourceTest, AtTheEndAllBlocksAreCounted) {
  const InputRig rig;
  rig.Write("a.pcap.zst", Seekable(Segment(100, 16), 60));
  const InputPlan plan = *PlanInput({.paths = {rig.path()}});
  for (int round = 0; round < 200; ++round) {
    const auto source = *BlockSource::Open(plan, {.block_bytes = 1});
    std::atomic<uint64_t> blocks = 0;
    std::vector<uint64_t> told(4);
    std::vector<std::thread> threads;
    for (uint64_t& mine : told) {
      threads.emplace_back([&] {
        for (RecordBlock block; *source->Next(&block); ++blocks) {
        }
        mine = source->stats().blocks;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_GT(blocks, 4);
    EXPECT_THAT(told, Each(blocks.load()));
  }
}

TEST(InputSourceTest, ReadsStandardInputByWhatItIs) {
  const InputRig rig;
  const PcapSample sample = MakeSample(PcapMaker(), 3000);
  for (const std::string& stored : {sample.bytes, Gzip(sample.bytes), Seekable(sample.bytes, 9999),
                                    Xz(sample.bytes), Lz4(sample.bytes)}) {
    Pipe pipe;
    const StandardInput redirected(pipe.out.get());
    std::thread writer([&] {
      size_t done = 0;
      while (done < stored.size()) {
        const size_t part = std::min<size_t>(stored.size() - done, 1 + done % 7777);
        const ssize_t written = write(pipe.in.get(), stored.data() + done, part);
        ASSERT_GT(written, 0);
        done += static_cast<size_t>(written);
      }
      pipe.in.Reset();
    });
    const InputReading reading = rig.Read({.paths = {"-"}}, {.block_bytes = 10'000}, 2);
    writer.join();
    EXPECT_EQ(reading.records, sample.records);
    EXPECT_THAT(reading.notes, IsEmpty());
  }
  const Fd file(open(rig.Write("x", sample.bytes.substr(0, sample.bytes.size() - 1)).c_str(),
                     O_RDONLY | O_CLOEXEC));
  const StandardInput redirected(file.get());
  EXPECT_THAT(rig.Read({.paths = {"-"}}).notes,
              ElementsAre(HasSubstr("standard input: ends within a record at byte ")));
}

TEST(InputSourceTest, ReadsANamedPipe) {
  const InputRig rig;
  const PcapSample sample = MakeSample(PcapMaker(), 10);
  ASSERT_EQ(mkfifo(rig.Path("pipe").c_str(), 0600), 0);
  std::thread writer([&] { rig.Write("pipe", sample.bytes); });
  const InputReading reading = rig.Read({.paths = {rig.Path("pipe")}});
  writer.join();
  EXPECT_EQ(reading.records, sample.records);
}

TEST(InputSourceTest, CancelBreaksOffTheWaitingForAPipe) {
  Pipe pipe;
  const StandardInput redirected(pipe.out.get());
  const auto plan = PlanInput({.paths = {"-"}});
  auto source = BlockSource::Open(*plan, {});
  std::atomic<int> ended = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      RecordBlock block;
      const absl::StatusOr<bool> more = (*source)->Next(&block);
      if (more.ok() && !*more) ++ended;
    });
  }
  (*source)->Cancel();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ended, 3);
}

TEST(InputSourceTest, CancelEndsTheBlocks) {
  const InputRig rig;
  const auto plan = PlanInput({.paths = {rig.Write("x", Segment(1, 100))}});
  auto source = BlockSource::Open(*plan, {.block_bytes = 1});
  RecordBlock block;
  EXPECT_TRUE(*(*source)->Next(&block));
  (*source)->Cancel();
  EXPECT_FALSE(*(*source)->Next(&block));
  EXPECT_EQ(block.bytes.size(), 0u);
}

TEST(InputSourceTest, BlocksOutliveTheSource) {
  const InputRig rig;
  const PcapSample sample = MakeSample(PcapMaker(), 100);
  for (const std::string& stored :
       {sample.bytes, Gzip(sample.bytes), Seekable(sample.bytes, 700)}) {
    const auto plan = PlanInput({.paths = {rig.Write("x", stored)}});
    std::vector<RecordBlock> blocks;
    {
      auto source = BlockSource::Open(*plan, {.block_bytes = 500});
      RecordBlock block;
      while (*(*source)->Next(&block)) blocks.push_back(block);
    }
    std::vector<SeenRecord> records;
    for (const RecordBlock& block : blocks) {
      for (SeenRecord& record : RecordsOf(block, {})) records.push_back(std::move(record));
    }
    EXPECT_EQ(records, sample.records);
  }
}

// --- Files that change or go ---

TEST(InputSourceTest, APartThatGotItsNameIsReadUnderThat) {
  const InputRig rig;
  const std::string part = rig.Write("eth0.20261120_1345.pcap.part", Segment(5, 2));
  const auto plan = PlanInput({.paths = {rig.path()}});
  ASSERT_TRUE(plan.ok());
  std::filesystem::rename(part, rig.Path("eth0.20261120_1345.pcap"));
  EXPECT_THAT(Payloads(ReadPlan(*plan, {})), ElementsAre("5", "6"));
}

TEST(InputSourceTest, AListedFileThatIsGoneIsANote) {
  const InputRig rig;
  rig.Write("a.pcap", Segment(5, 2));
  const std::string gone = rig.Write("b.pcap", Segment(7, 1));
  rig.Write("c.pcap", Segment(9, 1));
  const auto plan = PlanInput({.paths = {rig.path()}});
  const auto named = PlanInput({.paths = {rig.Path("a.pcap"), gone}});
  std::filesystem::remove(gone);
  const InputReading reading = ReadPlan(*plan, {});
  EXPECT_THAT(Payloads(reading), ElementsAre("5", "6", "9"));
  EXPECT_THAT(reading.notes,
              ElementsAre(gone + ": No such file or directory (it was there before)"));
  EXPECT_EQ(reading.bytes_done, reading.bytes_total);

  const InputReading refused = ReadPlan(*named, {});
  EXPECT_EQ(refused.status.ToString(), "NOT_FOUND: " + gone + ": No such file or directory");
  const InputReading skipped = ReadPlan(*named, {.skip_unreadable = true});
  EXPECT_TRUE(skipped.status.ok());
  EXPECT_THAT(skipped.notes, ElementsAre(gone + ": No such file or directory"));
}

TEST(InputSourceTest, APartThatIsCutWhileItIsReadIsReadToTheCut) {
  const InputRig rig;
  const PcapSample sample = MakeSample(PcapMaker(), 1000);
  const std::string part = rig.Write("eth0.20261120_1345.pcap.part", sample.bytes);
  const auto plan = PlanInput({.paths = {part}});
  auto source = BlockSource::Open(*plan, {.block_bytes = 10'000});
  RecordBlock block;
  ASSERT_TRUE(*(*source)->Next(&block));
  ASSERT_EQ(truncate(part.c_str(), 100), 0);
  EXPECT_GT(RecordsOf(block, {}).size(), 50u);
  while (*(*source)->Next(&block)) {
  }
}

}  // namespace
}  // namespace dns_monitor
