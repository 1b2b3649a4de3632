#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "dns_monitor/writer/write_queue.h"
#include "support/write_queue_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- Answers that ask for another try ---

TEST_F(WriteQueueTest, TriesAgainAfterAMomentWhenInterrupted) {
  for (const int answer : {-EAGAIN, -EINTR}) {
    BeginSegment();
    Append(100);
    disk_.AnswerAlways(answer);
    EndSegment();
    for (int count = 0; count < 20; ++count) {
      const size_t before = disk_.requests().size();
      const int64_t retry_at_ns = queue_.retry_at_ns();
      ASSERT_GT(retry_at_ns, clock_.BoottimeNs());
      ASSERT_LE(retry_at_ns, clock_.BoottimeNs() + 10 * kNanosecondsPerMillisecond);
      queue_.Pump();
      queue_.Pump();
      ASSERT_EQ(disk_.requests().size(), before) << "does not wait";
      clock_.SetBoottimeNs(retry_at_ns);
      queue_.Pump();
      ASSERT_EQ(disk_.requests().size(), before + 1) << "tries once";
    }
    EXPECT_FALSE(queue_.failing());
    disk_.AnswerAlways(FakeIoBackend::kAll);
    Settle();
    ExpectAllWritten();
    EXPECT_EQ(queue_.retry_at_ns(), 0);
  }
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(WriteQueueTest, FallsBackOnceWhereDirectWritesAreRefused) {
  disk_.AnswerBy([this](const IoRequest& request) {
    return disk_.IsDirect(request) ? int64_t{-EINVAL} : FakeIoBackend::kAll;
  });
  for (int count = 0; count < 3; ++count) {
    BeginSegment();
    Append(kBufferBytes + 100'000);
    EndSegment();
    Settle();
    ExpectAllWritten();
  }
  size_t direct = 0;
  for (const IoRequest& write : disk_.Writes()) direct += disk_.IsDirect(write) ? 1 : 0;
  EXPECT_EQ(direct, 1u) << "not tried again";
  EXPECT_THAT(log_.Lines(), SizeIs(1));
  EXPECT_EQ(log_.Count("page cache"), 1);
  EXPECT_FALSE(queue_.failing());
}

TEST_F(WriteQueueTest, FallsBackInTheMiddleOfASegment) {
  BeginSegment();
  Append(kBufferBytes);
  EXPECT_TRUE(Flush());
  disk_.Answer({5000, FakeIoBackend::kAll, -EINVAL});  // the second one goes to a block's border
  Append(2 * kBufferBytes + 50);
  EndSegment();
  Settle();
  ExpectAllWritten();
  EXPECT_THAT(log_.Lines(), SizeIs(1));
}

// --- Failures ---

TEST_F(WriteQueueTest, PausesLongerWithEachFailure) {
  BeginSegment();
  Append(kBufferBytes);
  disk_.AnswerAlways(-ENOSPC);
  EndSegment();
  std::vector<int64_t> pauses_ns;
  for (int failure = 0; failure < 20; ++failure) {
    ASSERT_TRUE(queue_.failing());
    const size_t requests = disk_.requests().size();
    const int64_t retry_at_ns = queue_.retry_at_ns();
    pauses_ns.push_back(retry_at_ns - clock_.BoottimeNs());
    clock_.SetBoottimeNs(retry_at_ns - 1);
    for (int count = 0; count < 10; ++count) queue_.Pump();
    ASSERT_EQ(disk_.requests().size(), requests) << "within the pause";
    clock_.Advance(1);
    queue_.Pump();
    ASSERT_EQ(disk_.requests().size(), requests + 1);
  }
  EXPECT_GT(pauses_ns.front(), 0);
  EXPECT_LE(pauses_ns.front(), 100 * kNanosecondsPerMillisecond);
  EXPECT_TRUE(std::is_sorted(pauses_ns.begin(), pauses_ns.end()));
  EXPECT_GE(pauses_ns.back(), 10 * pauses_ns.front());
  EXPECT_LE(pauses_ns.back(), 5 * kNanosecondsPerSecond) << "a disk that is back is soon found";
  EXPECT_THAT(checkpoints_, IsEmpty());
  EXPECT_EQ(pool_.available(), kBufferCount - 1) << "nothing is given up";
}

TEST_F(WriteQueueTest, PausesBrieflyAgainAfterARecovery) {
  BeginSegment();
  disk_.Answer({-ENOSPC, -ENOSPC, -ENOSPC, -ENOSPC, -ENOSPC, 100});
  disk_.AnswerAlways(-ENOSPC);
  Append(kBufferBytes);
  EndSegment();
  const int64_t first_pause_ns = queue_.retry_at_ns() - clock_.BoottimeNs();
  while (disk_.Writes().size() < 7) {
    clock_.SetBoottimeNs(queue_.retry_at_ns());
    queue_.Pump();
  }
  EXPECT_EQ(queue_.retry_at_ns() - clock_.BoottimeNs(), first_pause_ns);
}

TEST_F(WriteQueueTest, GivesUpAFileThatCannotBeWritten) {
  BeginSegment();
  disk_.AnswerAlways(-EIO);
  Append(kBufferBytes + 100);
  EndSegment();
  BeginSegment();
  Append(kBufferBytes + 1);
  Flush();
  EXPECT_EQ(queue_.broken(), std::nullopt) << "it may pass";
  for (int round = 0; round < 100 && !queue_.broken(); ++round) {
    clock_.SetBoottimeNs(queue_.retry_at_ns());
    queue_.Pump();
  }
  EXPECT_EQ(queue_.broken(), EIO);
  EXPECT_LE(disk_.Writes().size(), 10u);
  const size_t writes = disk_.Writes().size();
  clock_.Advance(60 * kNanosecondsPerSecond);
  queue_.Pump();
  EXPECT_EQ(disk_.Writes().size(), writes) << "nothing more is tried";
  EXPECT_THAT(queue_.GiveUp(), ElementsAre(&targets_[0].segment, &targets_[1].segment));
  EXPECT_EQ(queue_.broken(), std::nullopt);
  EXPECT_TRUE(queue_.idle());
  EXPECT_EQ(pool_.available(), kBufferCount - 1) << "the assembler's";
  EXPECT_TRUE(queue_.failing()) << "until something is written";
  EXPECT_THAT(checkpoints_, IsEmpty());
}

TEST_F(WriteQueueTest, GivesUpAtOnceWhatFollowsAFileThatCannotBeWritten) {
  BeginSegment();
  disk_.AnswerAlways(-EIO);
  Append(10);
  EndSegment();
  while (!queue_.broken()) {
    clock_.SetBoottimeNs(queue_.retry_at_ns());
    queue_.Pump();
  }
  EXPECT_THAT(queue_.GiveUp(), ElementsAre(&targets_[0].segment));
  const size_t writes = disk_.Writes().size();
  BeginSegment();
  Append(10);
  EndSegment();
  EXPECT_EQ(disk_.Writes().size(), writes) << "not before the pause is over";
  clock_.SetBoottimeNs(queue_.retry_at_ns());
  queue_.Pump();
  EXPECT_EQ(disk_.Writes().size(), writes + 1);
  EXPECT_EQ(queue_.broken(), EIO);
}

TEST_F(WriteQueueTest, GivesNothingUpForWantOfRoom) {
  BeginSegment();
  disk_.AnswerAlways(-ENOSPC);
  Append(10);
  EndSegment();
  for (int round = 0; round < 30; ++round) {
    clock_.SetBoottimeNs(queue_.retry_at_ns());
    queue_.Pump();
    EXPECT_EQ(queue_.broken(), std::nullopt);
  }
  disk_.AnswerAlways(FakeIoBackend::kAll);
  Settle();
  ExpectAllWritten();
}

TEST_F(WriteQueueTest, RecoversFromErrors) {
  for (const int error : {-EIO, -ENOSPC, -EDQUOT, -EFBIG, 0}) {
    log_.Clear();
    BeginSegment();
    disk_.Answer({FakeIoBackend::kAll, error, error, error});
    Append(2 * kBufferBytes + 300);
    EndSegment();
    EXPECT_TRUE(queue_.failing());
    clock_.Advance(7 * kNanosecondsPerSecond);
    Settle();
    ExpectAllWritten();
    EXPECT_FALSE(queue_.failing());
    EXPECT_THAT(log_.Lines(), SizeIs(2)) << "one when it fails, one when it works again";
    EXPECT_EQ(log_.Count("cannot write"), 1);
    EXPECT_EQ(log_.Count("writing again after 7 s"), 1);
  }
}

TEST_F(WriteQueueTest, NamesTheError) {
  BeginSegment();
  disk_.Answer({-ENOSPC});
  Append(10);
  EndSegment();
  EXPECT_EQ(log_.Count("No space left on device"), 1);
}

TEST_F(WriteQueueTest, TellsWhatAFullRingIsDueTo) {
  const auto trouble = [this] { return queue_.Trouble(clock_.BoottimeNs()); };
  EXPECT_EQ(trouble(), CAPTURE_LOST_RING_FULL);
  for (const auto& [error, cause] :
       {std::pair(-ENOSPC, CAPTURE_LOST_DISK_FULL), std::pair(-EDQUOT, CAPTURE_LOST_DISK_FULL),
        std::pair(-EIO, CAPTURE_LOST_DISK_ERROR)}) {
    BeginSegment();
    disk_.Answer({error});
    Append(10);
    EndSegment();
    EXPECT_EQ(trouble(), cause);
    Settle();
    EXPECT_EQ(trouble(), CAPTURE_LOST_RING_FULL);
  }
}

TEST_F(WriteQueueTest, TellsADiskThatGivesNoAnswer) {
  BeginSegment();
  disk_.Hold();
  clock_.Advance(60 * kNanosecondsPerSecond);  // nothing to write is no stall
  Append(10);
  EndSegment();
  const int64_t began_ns = clock_.BoottimeNs();
  queue_.Pump();
  EXPECT_EQ(queue_.stalled_since_ns(began_ns + WriteQueue::kStalledNs - 1), 0);
  EXPECT_EQ(queue_.stalled_since_ns(began_ns + WriteQueue::kStalledNs), began_ns);
  EXPECT_EQ(queue_.Trouble(began_ns + WriteQueue::kStalledNs), CAPTURE_LOST_DISK_STALLED);
  Settle();
  EXPECT_EQ(queue_.Trouble(began_ns + WriteQueue::kStalledNs), CAPTURE_LOST_RING_FULL);
}

TEST_F(WriteQueueTest, TakesWhatADiskTakesThatRunsFullAndIsFreed) {
  BeginSegment();
  size_t room = 2'800'000;
  disk_.AnswerBy([&room](const IoRequest& request) {
    if (room == 0) return int64_t{-ENOSPC};
    const size_t taken = std::min(room, request.length) / kBlock * kBlock;
    const size_t length = taken == 0 ? std::min(room, request.length) : taken;
    room -= length;
    return static_cast<int64_t>(length);
  });
  Append(4 * kBufferBytes);
  EndSegment();
  for (int count = 0; count < 200 && !queue_.idle(); ++count) {
    if (count % 10 == 9) room += 1'200'000;
    clock_.Advance(kNanosecondsPerSecond);
    queue_.Pump();
  }
  EXPECT_TRUE(queue_.idle());
  ExpectAllWritten();
}

// On a disk with blocks that are smaller than ours.
TEST_F(WriteQueueTest, WaitsForRoomWithinABlock) {
  BeginSegment();
  size_t room = 1024;
  disk_.AnswerBy([&room](const IoRequest& request) {
    const auto offset = static_cast<size_t>(request.offset);
    if (offset >= room) return int64_t{-ENOSPC};
    return static_cast<int64_t>(std::min(request.length, room - offset));
  });
  Append(kBufferBytes);
  EndSegment();
  EXPECT_TRUE(queue_.failing());
  EXPECT_GT(queue_.retry_at_ns(), clock_.BoottimeNs());
  EXPECT_LT(disk_.requests().size(), 5u);
  room = kBufferBytes;
  Settle();
  ExpectAllWritten();
}

TEST_F(WriteQueueTest, HoldsBuffersUntilTheDiskIsBack) {
  BeginSegment();
  disk_.AnswerAlways(-ENOSPC);
  EXPECT_TRUE(Append(kBufferCount * kBufferBytes)) << "all buffers";
  EXPECT_FALSE(Append(1)) << "no buffer is free";
  EXPECT_EQ(pool_.available(), 0u);
  disk_.AnswerAlways(FakeIoBackend::kAll);
  clock_.SetBoottimeNs(queue_.retry_at_ns());
  queue_.Pump();
  EXPECT_EQ(pool_.available(), kBufferCount - 1);
  EXPECT_TRUE(Append(1));
  EndSegment();
  Settle();
  ExpectAllWritten();
}

TEST_F(WriteQueueTest, StartsNothingNewWithinThePause) {
  BeginSegment();
  disk_.Answer({-EIO});
  Append(kBufferBytes + 1);
  const size_t requests = disk_.requests().size();
  Append(2 * kBufferBytes);
  Flush();
  EndSegment();
  EXPECT_EQ(disk_.requests().size(), requests);
  Settle();
  ExpectAllWritten();
}

// --- Streams ---

TEST_F(WriteQueueTest, StreamsEachByteOnce) {
  Target* target = BeginStream();
  disk_.Answer({1, -EAGAIN, 4095, -EINTR, 5000, 65'536, -EAGAIN, -EAGAIN, 7});
  Append(100);
  Flush();
  Settle();
  Append(2 * kBufferBytes + 17);
  Flush();
  Settle();
  EndSegment();
  Settle();
  EXPECT_TRUE(target->file->bytes == target->appended);
  size_t asked_again = 0;
  for (const IoRequest& request : disk_.requests()) {
    ASSERT_EQ(request.kind, IoRequest::Kind::kWrite);
    ASSERT_EQ(request.offset, -1);
    asked_again += request.length;
  }
  EXPECT_GT(asked_again, total_) << "the test has had short writes";
  ExpectAllWritten();
}

TEST_F(WriteQueueTest, TellsWhenTheReaderHasGone) {
  BeginStream();
  EXPECT_FALSE(queue_.stream_closed());
  disk_.Hold();
  Append(3 * kBufferBytes + 5);
  disk_.AnswerAlways(-EPIPE);
  disk_.StopHolding();
  queue_.Pump();
  EXPECT_TRUE(queue_.stream_closed());
  EXPECT_TRUE(queue_.idle());
  EXPECT_EQ(queue_.retry_at_ns(), 0);
  EXPECT_EQ(pool_.available(), kBufferCount - 1);
  EXPECT_THAT(checkpoints_, IsEmpty());
  EXPECT_FALSE(queue_.failing());
  EXPECT_THAT(log_.Lines(), IsEmpty()) << "that is how a reader ends";
}

// --- Abandon ---

TEST_F(WriteQueueTest, AbandonsWhatADeadDiskRefuses) {
  BeginSegment();
  disk_.AnswerAlways(-EIO);
  Append(5 * kBufferBytes);
  EndSegment();
  EXPECT_FALSE(queue_.idle());
  queue_.Abandon();
  EXPECT_TRUE(queue_.idle());
  EXPECT_EQ(queue_.retry_at_ns(), 0);
  EXPECT_EQ(pool_.available(), kBufferCount);
  const size_t requests = disk_.requests().size();
  clock_.Advance(10 * kNanosecondsPerSecond);
  queue_.Pump();
  EXPECT_EQ(disk_.requests().size(), requests);
  EXPECT_THAT(checkpoints_, IsEmpty());
  EXPECT_THAT(written_, IsEmpty());
}

TEST_F(WriteQueueTest, AbandonsAFlush) {
  BeginSegment();
  disk_.AnswerAlways(-EIO);
  Append(100);
  EXPECT_TRUE(Flush());
  EXPECT_FALSE(queue_.idle());
  queue_.Abandon();
  EXPECT_TRUE(queue_.idle());
  EXPECT_EQ(pool_.available(), kBufferCount - 1) << "the buffer is the assembler's";
}

TEST_F(WriteQueueTest, AbandonsWhatIsUnderWay) {
  BeginSegment();
  disk_.Hold();
  Append(kBufferBytes);
  EndSegment();
  queue_.Abandon();
  EXPECT_TRUE(queue_.idle());
  queue_.Pump();
  EXPECT_THAT(disk_.requests(), SizeIs(1));
  EXPECT_THAT(checkpoints_, IsEmpty());
}

// --- Everything at once ---

// Any order of appending, flushing, ending, passing time and answers of every kind; what holds
// always is checked by the fixture and by the backend.
class WriteQueueChaosTest : public WriteQueueTest, public testing::WithParamInterface<uint32_t> {
 protected:
  int64_t RandomAnswer(const IoRequest& request) {
    switch (random_() % 12) {
      case 0:
        return -EDQUOT;
      case 1:
        return -ENOSPC;
      case 2:
        return -EAGAIN;
      case 3:
        return -EINTR;
      case 4:
        return static_cast<int64_t>(1 + random_() % request.length);
      case 5:  // whole blocks, as disks do
        return static_cast<int64_t>(kBlock * (1 + random_() % 16));
      case 6:
        return random_() % 40 == 0 && disk_.IsDirect(request) ? -EINVAL : FakeIoBackend::kAll;
      default:
        return FakeIoBackend::kAll;
    }
  }

  void Step() {
    switch (random_() % 10) {
      case 0:
        if (random_() % 8 != 0 || pool_.available() == 0) break;
        EndSegment();
        BeginSegment(random_() % 4 != 0, random_() % 2 == 0);
        break;
      case 1:
        Flush();
        break;
      case 2:
        disk_.Complete();
        break;
      case 3:
        random_() % 2 == 0 ? disk_.Hold() : disk_.StopHolding();
        break;
      case 4:
        clock_.Advance(random_() % (200 * kNanosecondsPerMillisecond));
        break;
      case 5:
        for (Target& target : targets_) target.segment.opened = true;
        break;
      case 6:
      case 7:
        queue_.Pump();
        break;
      default:
        if (pool_.available() > 0) Append(1 + random_() % (random_() % 4 == 0 ? 300'000 : 3000));
        break;
    }
  }

  std::mt19937 random_{GetParam()};
};

TEST_P(WriteQueueChaosTest, LosesAndDoublesNothing) {
  disk_.AnswerBy([this](const IoRequest& request) { return RandomAnswer(request); });
  BeginSegment();
  for (int step = 0; step < 2500 && !HasFailure(); ++step) Step();
  EndSegment();
  for (Target& target : targets_) target.segment.opened = true;
  Settle();
  ExpectAllWritten();
  EXPECT_EQ(last_checkpoint(), total_);
  EXPECT_THAT(written_, SizeIs(targets_.size()));
}

INSTANTIATE_TEST_SUITE_P(Seeds, WriteQueueChaosTest, testing::Range(1u, 13u));

}  // namespace
}  // namespace dns_monitor
