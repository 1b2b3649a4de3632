#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "dns_monitor/retention/worker.h"
#include "support/fake_clock.h"
#include "support/fake_disk.h"
#include "support/files_of.h"
#include "support/log_capture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kSecond = kNanosecondsPerSecond;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kMiB = 1 << 20;

class NoPeers final : public Peers {
 public:
  std::vector<PeerDirectory> Directories() override { return {}; }
};

// Time passes when the test says so.
class FakeWakeup final : public Wakeup {
 public:
  void Wait(int64_t timeout_ns) override {
    std::unique_lock lock(mutex_);
    timeout_ns_ = timeout_ns;
    ++waits_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return woken_; });
    woken_ = false;
  }
  void Wake() override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    ++wakes_;
    changed_.notify_all();
  }
  // Returns for how long the worker waits, once it does so for the `count`th time.
  int64_t AwaitWait(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waits_ >= count; });
    return timeout_ns_;
  }
  void AwaitWakes(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return wakes_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  int waits_ = 0;
  int wakes_ = 0;
  int64_t timeout_ns_ = 0;
};

class RetentionWorkerTest : public testing::Test {
 protected:
  RetentionWorkerTest() {
    RetentionLimits limits;
    limits.max_size_bytes = 2 * kMiB;
    limits.max_age_ns = 24 * kHour;
    Make(limits);
  }

  void Make(const RetentionLimits& limits) {
    auto wakeup = std::make_unique<FakeWakeup>();
    wakeup_ = wakeup.get();
    worker_.emplace(RetentionConfig{"/a", "eth0", absl::UTCTimeZone(), limits}, disk_, peers_,
                    clock_, std::move(wakeup));
  }

  // An hour long, ended so many hours ago, and is there.
  FinishedSegment Finish(int hours_ago) {
    const int64_t end_ns = clock_.RealtimeNs() - hours_ago * kHour;
    const absl::CivilMinute start =
        absl::ToCivilMinute(absl::FromUnixNanos(end_ns - kHour), absl::UTCTimeZone());
    const SegmentName name = {"eth0", absl::CivilSecond(start), false, 0};
    disk_.AddFile(name.Pcap(), kMiB, end_ns);
    return {name, kMiB, end_ns};
  }

  FakeClock clock_;
  FakeDisk disk_;
  NoPeers peers_;
  LogCapture log_;
  FakeWakeup* wakeup_ = nullptr;
  std::optional<RetentionWorker> worker_;
};

TEST_F(RetentionWorkerTest, EnforcesAtTheStart) {
  for (int hours = 5; hours >= 1; --hours) Finish(hours);
  worker_->Start();
  EXPECT_EQ(wakeup_->AwaitWait(1), 10 * kSecond);
  EXPECT_THAT(FilesOf(disk_), SizeIs(2));
}

TEST_F(RetentionWorkerTest, EnforcesWithEachFinishedSegment) {
  worker_->Start();
  wakeup_->AwaitWait(1);
  std::vector<std::string> names;
  for (int count = 1; count <= 5; ++count) {
    const FinishedSegment segment = Finish(10 - count);
    names.push_back(segment.name.Pcap());
    worker_->OnSegmentFinished(segment);
    wakeup_->AwaitWait(1 + count);
  }
  EXPECT_THAT(FilesOf(disk_), ElementsAre(names[3], names[4]));
  EXPECT_EQ(disk_.CountCalls("List"), 1);
}

TEST_F(RetentionWorkerTest, EnforcesAfterEachWait) {
  worker_->OnSegmentFinished(Finish(23));  // before Start
  worker_->Start();
  wakeup_->AwaitWait(2);  // the first wait ended at once, for that segment
  EXPECT_THAT(FilesOf(disk_), SizeIs(1));
  clock_.Advance(kHour - kSecond);
  wakeup_->Wake();
  EXPECT_EQ(wakeup_->AwaitWait(3), kSecond);  // exactly when it becomes too old
  clock_.Advance(kSecond);
  wakeup_->Wake();
  EXPECT_EQ(wakeup_->AwaitWait(4), 10 * kSecond);
  EXPECT_THAT(FilesOf(disk_), IsEmpty());
}

TEST_F(RetentionWorkerTest, LooksAtOnceWhenTheDiskIsFull) {
  for (int hours = 5; hours >= 1; --hours) Finish(hours);
  RetentionLimits limits;
  limits.min_free_bytes = 10 * kMiB;
  Make(limits);
  disk_.SetSpace({1000 * kMiB, 10 * kMiB, 1});
  worker_->Start();
  EXPECT_EQ(wakeup_->AwaitWait(1), kSecond);
  EXPECT_THAT(FilesOf(disk_), SizeIs(5));
  disk_.SetSpace({1000 * kMiB, 8 * kMiB, 1});
  disk_.SetReclaims(false);  // freed later
  worker_->OnDiskFull();
  wakeup_->AwaitWait(2);
  EXPECT_THAT(FilesOf(disk_), SizeIs(3));
  for (int wait = 3; wait < 9; ++wait) {
    worker_->OnDiskFull();
    wakeup_->AwaitWait(wait);
  }
  EXPECT_THAT(FilesOf(disk_), SizeIs(3));
}

TEST_F(RetentionWorkerTest, HoldsNobodyUpWhileTheDiskHangs) {
  std::promise<void> hanging, release;
  std::shared_future<void> released(release.get_future());
  std::atomic<bool> first{true};
  disk_.SetHook([&](DiskOp op, const std::string&) {
    if (op != DiskOp::kRemove || !first.exchange(false)) return;
    hanging.set_value();
    released.wait();
  });
  Finish(30);
  worker_->Start();
  hanging.get_future().wait();
  for (int hours = 5; hours >= 1; --hours) worker_->OnSegmentFinished(Finish(hours));
  EXPECT_THAT(FilesOf(disk_), SizeIs(6));
  release.set_value();
  wakeup_->AwaitWait(2);
  EXPECT_THAT(FilesOf(disk_), SizeIs(2));
  worker_->Stop();
}

TEST_F(RetentionWorkerTest, StopsInTheMiddleOfManyRemovals) {
  for (int hours = 99; hours >= 30; --hours) Finish(hours);
  std::promise<void> hanging, release;
  std::shared_future<void> released(release.get_future());
  std::atomic<bool> first{true};
  disk_.SetHook([&](DiskOp op, const std::string&) {
    if (op != DiskOp::kRemove) return;
    if (first.exchange(false)) {
      hanging.set_value();
      released.wait();
    } else {
      clock_.Advance(RetentionWorker::kStopPatienceNs);
    }
  });
  worker_->Start();
  hanging.get_future().wait();
  std::thread stopper([this] { worker_->Stop(); });
  wakeup_->AwaitWakes(1);
  release.set_value();
  stopper.join();
  EXPECT_THAT(FilesOf(disk_), SizeIs(69));
}

TEST_F(RetentionWorkerTest, EnforcesOnceMoreAtTheEnd) {
  worker_->Start();
  wakeup_->AwaitWait(1);
  // Told while the last pass is under way, as the last segment of a capture may be.
  std::promise<void> hanging, release;
  std::shared_future<void> released(release.get_future());
  std::atomic<bool> first{true};
  disk_.SetHook([&](DiskOp op, const std::string&) {
    if (op != DiskOp::kRemove || !first.exchange(false)) return;
    hanging.set_value();
    released.wait();
  });
  for (int hours = 9; hours >= 7; --hours) worker_->OnSegmentFinished(Finish(hours));
  hanging.get_future().wait();
  for (int hours = 5; hours >= 4; --hours) worker_->OnSegmentFinished(Finish(hours));
  std::thread stopper([this] { worker_->Stop(); });
  wakeup_->AwaitWakes(5 + 1);  // of the segments, and of Stop
  release.set_value();
  stopper.join();
  EXPECT_THAT(FilesOf(disk_), SizeIs(2));
}

TEST_F(RetentionWorkerTest, StopsBeforeItWasStartedAndTwice) {
  worker_->Stop();
  worker_->OnDiskFull();
  worker_->OnSegmentFinished(Finish(1));
  worker_->Stop();
  EXPECT_THAT(disk_.Calls(), IsEmpty());
}

TEST_F(RetentionWorkerTest, TakesNoSignals) {
  std::promise<bool> blocked;
  std::atomic<bool> first{true};
  disk_.SetHook([&](DiskOp, const std::string&) {
    if (!first.exchange(false)) return;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked.set_value(sigismember(&mask, SIGTERM) == 1);
  });
  worker_->Start();
  EXPECT_TRUE(blocked.get_future().get());
  worker_->Stop();
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGTERM), 0);
}

constexpr int64_t kForEverNs = 1000 * kHour;

TEST(Wakeup, RemembersAWakeBeforeTheWait) {
  const auto wakeup = MakeWakeup();
  wakeup->Wake();
  wakeup->Wait(kForEverNs);
}

TEST(Wakeup, EndsTheWaitOfAnotherThread) {
  const auto wakeup = MakeWakeup();
  std::thread waiter([&] { wakeup->Wait(kForEverNs); });
  wakeup->Wake();
  waiter.join();
}

TEST(Wakeup, EndsByItself) {
  const auto wakeup = MakeWakeup();
  wakeup->Wait(0);
  wakeup->Wake();
  wakeup->Wait(kForEverNs);
  wakeup->Wait(1);  // the wake was used up
}

}  // namespace
}  // namespace dns_monitor
