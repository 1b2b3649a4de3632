#include "dns_monitor/writer/write_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "support/write_queue_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- What a disk in good health gets ---

TEST_F(WriteQueueTest, WritesBlocksDirectlyAndTheTailThroughTheCache) {
  Target* target = BeginSegment();
  Append(300'000);
  EndSegment();
  Settle();
  ExpectAllWritten();
  const std::vector<IoRequest> writes = disk_.Writes();
  ASSERT_THAT(writes, SizeIs(2));
  EXPECT_TRUE(disk_.IsDirect(writes[0]));
  EXPECT_EQ(writes[0].length, 300'000 / kBlock * kBlock);
  EXPECT_FALSE(disk_.IsDirect(writes[1]));
  EXPECT_EQ(writes[1].length, 300'000 % kBlock);
  EXPECT_THAT(written_, ElementsAre(&target->segment));
  EXPECT_EQ(last_checkpoint(), 300'000u);
}

TEST_F(WriteQueueTest, WritesAFullBufferWithOneRequest) {
  BeginSegment();
  Append(3 * kBufferBytes);
  EndSegment();
  Settle();
  ExpectAllWritten();
  EXPECT_THAT(disk_.Writes(), SizeIs(3));
  for (const IoRequest& write : disk_.Writes()) EXPECT_EQ(write.length, kBufferBytes);
}

TEST_F(WriteQueueTest, WritesThroughTheCacheWhereThereIsNoDirect) {
  BeginSegment(/*direct=*/false);
  Append(kBufferBytes + 5000);
  EndSegment();
  Settle();
  ExpectAllWritten();
  EXPECT_THAT(disk_.requests(), SizeIs(2));
}

TEST_F(WriteQueueTest, NamesTheRegisteredBufferOfEachRequest) {
  BeginSegment();
  disk_.Hold();
  const int first_index = buffer_->index;
  const std::byte* first_data = buffer_->data;
  Append(2 * kBufferBytes);
  EndSegment();
  Settle();
  const std::vector<IoRequest> writes = disk_.Writes();
  ASSERT_THAT(writes, SizeIs(2));
  EXPECT_EQ(writes[0].buffer_index, first_index);
  EXPECT_EQ(writes[0].data, first_data);
  EXPECT_NE(writes[1].buffer_index, first_index);
}

TEST_F(WriteQueueTest, AllocatesAheadOfDirectWritesOnly) {
  Target* cached = BeginSegment(/*direct=*/false);
  Append(kBufferBytes);
  EndSegment();
  Settle();
  EXPECT_EQ(cached->file->allocated_bytes, 0);
  Target* direct = BeginSegment();
  for (int count = 0; count < 35; ++count) {  // more than two steps
    Append(kBufferBytes);
    Settle();
    ASSERT_GE(direct->file->allocated_bytes, static_cast<int64_t>(direct->file->bytes.size()));
  }
  EndSegment();
  Settle();
  ExpectAllWritten();
  EXPECT_LT(disk_.requests().size(), disk_.Writes().size() + 20) << "in large steps";
}

// Whoever reads meanwhile would see a page of the cache that is older than the file's length.
TEST_F(WriteQueueTest, WritesNoBlockDirectlyThatTheCacheHolds) {
  BeginSegment();
  Append(5000);
  EXPECT_TRUE(Flush());
  Append(kBufferBytes);
  EndSegment();
  Settle();
  ExpectAllWritten();
  const std::vector<IoRequest> writes = disk_.Writes();
  ASSERT_GE(writes.size(), 3u);
  EXPECT_FALSE(disk_.IsDirect(writes[0]));
  EXPECT_FALSE(disk_.IsDirect(writes[1]));
  EXPECT_EQ(writes[1].offset, 5000);
  EXPECT_EQ(writes[1].length, 2 * kBlock - 5000) << "to the block's end";
  EXPECT_TRUE(disk_.IsDirect(writes[2]));
  EXPECT_EQ(writes[2].offset, static_cast<int64_t>(2 * kBlock));
}

TEST_F(WriteQueueTest, WritesOnWhenNothingCanBeAllocated) {
  for (const int answer : {-ENOSPC, -EOPNOTSUPP, -EIO, -EINTR}) {
    disk_.AllocateAnswer(answer);
    BeginSegment();
    Append(2 * kBufferBytes);
    EndSegment();
    Settle();
    ExpectAllWritten();
  }
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(WriteQueueTest, WaitsForTheSegmentToBeOpened) {
  Target* target = BeginSegment(/*direct=*/true, /*opened=*/false);
  Append(2 * kBufferBytes + 10);
  EXPECT_TRUE(Flush());
  queue_.Pump();
  EXPECT_THAT(disk_.requests(), IsEmpty());
  EXPECT_FALSE(queue_.idle());
  EXPECT_EQ(queue_.retry_at_ns(), 0) << "whoever opens it calls Pump";
  target->segment.opened = true;
  Settle();
  ExpectAllWritten();
}

TEST_F(WriteQueueTest, FinishesSegmentsInTheirOrder) {
  Target* first = BeginSegment();
  Append(kBufferBytes + 1);
  disk_.Hold();
  EndSegment();
  Target* second = BeginSegment(/*direct=*/true, /*opened=*/false);
  Append(100);
  EndSegment();
  Target* third = BeginSegment();
  Append(200'000);
  EndSegment();
  EXPECT_THAT(written_, IsEmpty());
  disk_.StopHolding();
  queue_.Pump();
  EXPECT_THAT(written_, ElementsAre(&first->segment));
  EXPECT_THAT(third->file->bytes, IsEmpty()) << "overtakes the one that is not open yet";
  second->segment.opened = true;
  Settle();
  EXPECT_THAT(written_, ElementsAre(&first->segment, &second->segment, &third->segment));
  ExpectAllWritten();
}

// --- Short writes ---

TEST_F(WriteQueueTest, GoesOnBehindShortWrites) {
  for (const bool direct : {true, false}) {
    BeginSegment(direct);
    disk_.Answer({1, 2, 510, 511, 512, 513, 4095, 4096, 4097, 65'535, 65'536, 65'537, 300'001});
    Append(3 * kBufferBytes + 77);
    EndSegment();
    Settle();
    ExpectAllWritten();
  }
}

TEST_F(WriteQueueTest, GoesOnBehindEachShortLength) {
  for (int64_t length = 1; length <= 9000; length += length < 20 ? 1 : 251) {
    BeginSegment();
    disk_.Answer({length, length, kBufferBytes - 20'000, length});
    Append(kBufferBytes);
    EndSegment();
    Settle();
    ExpectAllWritten();
    targets_.pop_back();  // memory
    total_ = 0;
    checkpoints_.clear();
  }
}

TEST_F(WriteQueueTest, TakesWritesOfOneByteThroughTheCache) {
  BeginSegment(/*direct=*/false);
  disk_.AnswerAlways(1);
  Append(3000);
  EndSegment();
  Settle();
  ExpectAllWritten();
}

TEST_F(WriteQueueTest, TellsNothingOfAShortWrite) {
  BeginSegment();
  disk_.Answer({kBufferBytes - 1});
  disk_.AnswerBy([](const IoRequest&) { return int64_t{-EIO}; });
  Append(kBufferBytes);
  EndSegment();
  EXPECT_THAT(checkpoints_, IsEmpty());
  EXPECT_THAT(written_, IsEmpty());
  disk_.AnswerAlways(FakeIoBackend::kAll);
  Settle();
  EXPECT_THAT(checkpoints_, SizeIs(1));
  ExpectAllWritten();
}

// --- Latency ---

TEST_F(WriteQueueTest, NeverWaitsForASlowDisk) {
  BeginSegment();
  disk_.Hold();
  Append(3 * kBufferBytes);
  EndSegment();
  for (int count = 0; count < 5; ++count) {
    queue_.Pump();
    clock_.Advance(kNanosecondsPerSecond);
  }
  EXPECT_THAT(disk_.requests(), SizeIs(1));
  EXPECT_TRUE(disk_.under_way());
  EXPECT_THAT(checkpoints_, IsEmpty());
  EXPECT_EQ(queue_.retry_at_ns(), 0) << "the backend's answer wakes";
  size_t completed = 0;
  while (!queue_.idle() && completed < 10) {
    disk_.Complete();
    queue_.Pump();
    ++completed;
  }
  EXPECT_EQ(completed, disk_.requests().size()) << "one answer, one request more";
  ExpectAllWritten();
}

TEST_F(WriteQueueTest, KeepsABufferThatIsUnderWay) {
  BeginSegment();
  disk_.Hold();
  Append(100);
  EndSegment();
  EXPECT_EQ(pool_.available(), kBufferCount - 1);
  disk_.Complete();
  EXPECT_EQ(pool_.available(), kBufferCount - 1) << "not before the queue has seen the answer";
  queue_.Pump();
  EXPECT_EQ(pool_.available(), kBufferCount);
}

// --- Flush ---

TEST_F(WriteQueueTest, FlushesWhatIsThere) {
  Target* target = BeginSegment();
  Append(100);
  EXPECT_TRUE(Flush());
  EXPECT_EQ(target->file->bytes, target->appended);
  ASSERT_THAT(checkpoints_, SizeIs(1));
  EXPECT_EQ(checkpoints_[0].packets, 100u);
  EXPECT_EQ(checkpoints_[0].length_bytes, 100);
  EXPECT_TRUE(queue_.idle());
  EXPECT_EQ(pool_.available(), kBufferCount - 1) << "the buffer stays the assembler's";
}

TEST_F(WriteQueueTest, FlushesLittleWithOneWriteThroughTheCache) {
  BeginSegment();
  Append(20'000);
  EXPECT_TRUE(Flush());
  ASSERT_THAT(disk_.requests(), SizeIs(1));
  EXPECT_FALSE(disk_.IsDirect(disk_.requests()[0]));
}

TEST_F(WriteQueueTest, FlushesMuchDirectlyButForItsTail) {
  BeginSegment();
  Append(500'001);
  EXPECT_TRUE(Flush());
  const std::vector<IoRequest> writes = disk_.Writes();
  ASSERT_THAT(writes, SizeIs(2));
  EXPECT_TRUE(disk_.IsDirect(writes[0]));
  EXPECT_FALSE(disk_.IsDirect(writes[1]));
  ExpectAllWritten();
}

TEST_F(WriteQueueTest, HasNothingToDoForAFlushOfNothingNew) {
  BeginSegment();
  Append(100);
  EXPECT_TRUE(Flush());
  const size_t requests = disk_.requests().size();
  EXPECT_TRUE(Flush());
  EXPECT_EQ(disk_.requests().size(), requests);
}

TEST_F(WriteQueueTest, TakesOneFlushAtATime) {
  Target* target = BeginSegment();
  disk_.Hold();
  Append(100);
  EXPECT_TRUE(Flush());
  Append(50);
  EXPECT_FALSE(Flush());
  disk_.Complete();
  queue_.Pump();
  EXPECT_EQ(target->file->bytes.size(), 100u) << "what was asked for, not what came since";
  EXPECT_EQ(last_checkpoint(), 100u);
  EXPECT_TRUE(Flush());
  Settle();
  ExpectAllWritten();
}

TEST_F(WriteQueueTest, FlushesAgainAndAgainWithoutAHole) {
  BeginSegment();
  std::mt19937 random(1);
  while (total_ < 3 * kBufferBytes) {
    Append(1 + random() % 70'000);
    ASSERT_TRUE(Flush());
    ASSERT_EQ(last_checkpoint(), total_);
  }
  EndSegment();
  Settle();
  ExpectAllWritten();
}

TEST_F(WriteQueueTest, SealsBehindAFlush) {
  BeginSegment();
  Append(100);
  EXPECT_TRUE(Flush());
  Append(200'000);
  EndSegment();
  Settle();
  EXPECT_EQ(last_checkpoint(), 200'100u);
  EXPECT_THAT(written_, SizeIs(1));
  ExpectAllWritten();
}

TEST_F(WriteQueueTest, SealsWhenTheFlushHasCoveredAll) {
  BeginSegment();
  Append(100);
  EXPECT_TRUE(Flush());
  const size_t requests = disk_.requests().size();
  EndSegment();
  EXPECT_TRUE(queue_.idle());
  EXPECT_EQ(disk_.requests().size(), requests);
  EXPECT_THAT(written_, SizeIs(1));
  EXPECT_EQ(pool_.available(), kBufferCount);
}

TEST_F(WriteQueueTest, SealsWhileTheFlushIsUnderWay) {
  for (const size_t more : {size_t{0}, size_t{1}, size_t{200'000}}) {
    disk_.Hold();
    BeginSegment();
    Append(100);
    EXPECT_TRUE(Flush());
    const uint64_t flushed = total_;
    Append(more);
    EndSegment();
    disk_.Complete();
    queue_.Pump();
    EXPECT_GE(last_checkpoint(), flushed);
    Settle();
    ExpectAllWritten();
  }
  EXPECT_THAT(written_, SizeIs(3));
}

TEST_F(WriteQueueTest, SealsTwoBuffersWhileTheFlushIsUnderWay) {
  BeginSegment();
  disk_.Hold();
  Append(100);
  EXPECT_TRUE(Flush());
  Append(2 * kBufferBytes);
  EndSegment();
  Settle();
  ExpectAllWritten();
}

TEST_F(WriteQueueTest, FlushesBehindWhatIsSealed) {
  BeginSegment();
  disk_.Hold();
  Append(kBufferBytes + 100);
  EXPECT_TRUE(Flush());
  EXPECT_THAT(checkpoints_, IsEmpty());
  Settle();
  ASSERT_THAT(checkpoints_, SizeIs(2));
  EXPECT_EQ(checkpoints_[0].packets, kBufferBytes);
  EXPECT_EQ(checkpoints_[1].packets, kBufferBytes + 100);
  ExpectAllWritten();
}

TEST_F(WriteQueueTest, FlushesWhenTheDiskIsBack) {
  BeginSegment();
  disk_.Answer({-EIO, 30, -EIO});
  Append(100);
  EXPECT_TRUE(Flush());
  EXPECT_THAT(checkpoints_, IsEmpty());
  EXPECT_FALSE(queue_.idle());
  Settle();
  EXPECT_EQ(last_checkpoint(), 100u);
  ExpectAllWritten();
}

}  // namespace
}  // namespace dns_monitor
