// Which segments get seals, in which order, and what becomes of a seal whose segment goes
// meanwhile.
#include "dns_monitor/seal/sealer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "dns_monitor/ledger/digest.h"
#include "dns_monitor/seal/seal.h"
#include "support/fake_clock.h"
#include "support/fake_disk.h"
#include "support/log_capture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SegmentName Name(int minute, const std::string& interface = "eth0") {
  return {interface, absl::CivilSecond(2026, 11, 23, 21, minute, 0), false, 0};
}

// Segments of eth0, a minute each, whose content is their name.
class SealerTest : public testing::Test {
 protected:
  SealerTest() {
    options_.interface = "eth0";
    options_.mode = 0604;
    options_.group = 42;
    options_.on_done = [this](const SegmentName& name) {
      const std::lock_guard lock(mutex_);
      done_.push_back(name);
      changed_.notify_all();
    };
    SetHook([](DiskOp, const std::string&) {});
  }
  ~SealerTest() override {
    if (sealer_ != nullptr) sealer_->Stop();
  }

  SegmentName Put(int minute) {
    disk_.AddContent(Name(minute).Pcap(), Name(minute).Pcap());
    return Name(minute);
  }
  void Make() { sealer_ = std::make_unique<Sealer>(disk_, options_, clock_); }
  void Start() {
    Make();
    sealer_->Start();
  }
  void SetHook(std::function<void(DiskOp, const std::string&)> hook) {
    disk_.SetHook([this, hook = std::move(hook)](DiskOp op, const std::string& name) {
      hook(op, name);
      if (op != DiskOp::kSyncDirectory) return;
      const std::lock_guard lock(mutex_);
      ++sealed_;
      changed_.notify_all();
    });
  }
  // Until so many seals have come, also of segments that it was not told of.
  void AwaitSealed(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return sealed_ >= count; });
  }
  void AwaitDone(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_.size() >= count; });
  }
  // Blocks the sealer's first operation of this kind until the promise is kept.
  void BlockFirst(DiskOp op, std::promise<void>* reached, std::promise<void>* release) {
    SetHook([op, reached, released = std::shared_future<void>(release->get_future()),
             first = std::make_shared<std::atomic<bool>>(true)](DiskOp now, const std::string&) {
      if (now != op || !first->exchange(false)) return;
      reached->set_value();
      released.wait();
    });
  }
  bool IsSealed(int minute) const {
    const std::string pcap = Name(minute).Pcap();
    return disk_.Content(SealName(Name(minute))) == FormatSeal(pcap, Digest(pcap));
  }
  std::vector<std::string> Seals() const {
    std::vector<std::string> seals;
    for (const std::string& name : disk_.Names()) {
      if (absl::StrContains(name, ".sha256")) seals.push_back(name);
    }
    return seals;
  }
  // In the order in which they came.
  std::vector<std::string> Sealed() const {
    std::vector<std::string> sealed;
    for (const std::string& call : disk_.Calls()) {
      absl::string_view name = call;
      if (absl::ConsumePrefix(&name, "Replace ") && absl::ConsumeSuffix(&name, ".new")) {
        sealed.emplace_back(name);
      }
    }
    return sealed;
  }

  FakeClock clock_;
  FakeDisk disk_;
  LogCapture log_;
  SealerOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<SegmentName> done_;  // under mutex_
  size_t sealed_ = 0;              // under mutex_
  std::unique_ptr<Sealer> sealer_;
};

TEST_F(SealerTest, SealsWhatItIsTold) {
  Make();
  sealer_->Add(Put(1));  // before it looks by itself, and might find this as well
  sealer_->Start();
  AwaitDone(1);
  EXPECT_TRUE(IsSealed(1));
  EXPECT_EQ(disk_.Mode(SealName(Name(1))), 0604u);
  EXPECT_EQ(disk_.Group(SealName(Name(1))), 42);
  EXPECT_EQ(disk_.CountCalls("SyncFile " + SealName(Name(1)) + ".new"), 1);
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(SealerTest, ReadsLongFilesInPieces) {
  std::string content;
  for (int number = 0; content.size() < 3'000'000; ++number) content += std::to_string(number);
  disk_.AddContent(Name(1).Pcap(), content);
  Start();
  sealer_->Add(Name(1));
  AwaitDone(1);
  EXPECT_EQ(disk_.Content(SealName(Name(1))), FormatSeal(Name(1).Pcap(), Digest(content)));
}

TEST_F(SealerTest, RunsWhenNobodyElseWantsTo) {
  std::promise<int> policy;
  SetHook([&, first = std::make_shared<std::atomic<bool>>(true)](DiskOp, const std::string&) {
    if (first->exchange(false)) policy.set_value(sched_getscheduler(0));
  });
  Start();
  EXPECT_EQ(policy.get_future().get(), SCHED_IDLE);
  EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
}

TEST_F(SealerTest, SealsWhatIsThereNewestFirst) {
  for (const int minute : {1, 2, 3}) Put(minute);
  disk_.AddContent(SealName(Name(2)), "as it is");
  disk_.AddContent(SealName(Name(1)) + ".new", "of a crash");
  disk_.AddContent(SealName(Name(9)) + ".new", "of a crash, and its segment has gone");
  disk_.AddContent(Name(4).Part(), "being written");
  disk_.AddContent(Name(5, "eth1").Pcap(), "another's");
  disk_.AddContent(SealName(Name(6, "eth1")) + ".new", "another's");
  disk_.AddContent("notes.txt", "nobody's");
  Make();
  sealer_->Add(Put(7));
  sealer_->Start();
  AwaitSealed(3);
  sealer_->Stop();
  EXPECT_THAT(Sealed(), ElementsAre(SealName(Name(7)), SealName(Name(3)), SealName(Name(1))));
  EXPECT_EQ(disk_.Content(SealName(Name(2))), "as it is");
  EXPECT_THAT(Seals(), ElementsAre(SealName(Name(1)), SealName(Name(2)), SealName(Name(3)),
                                   SealName(Name(7)), SealName(Name(6, "eth1")) + ".new"));
  EXPECT_THAT(done_, testing::SizeIs(1));
}

TEST_F(SealerTest, PutsWhatItIsToldBeforeWhatItFinds) {
  for (const int minute : {1, 2, 3}) Put(minute);
  std::promise<void> reached, release;
  BlockFirst(DiskOp::kReadAt, &reached, &release);
  Start();
  reached.get_future().wait();
  sealer_->Add(Put(7));
  release.set_value();
  AwaitSealed(4);
  EXPECT_THAT(Sealed(), ElementsAre(SealName(Name(3)), SealName(Name(7)), SealName(Name(2)),
                                    SealName(Name(1))));
}

TEST_F(SealerTest, LeavesNoSealOfASegmentThatGoesMeanwhile) {
  // At each step of the way, by whoever does not look for a seal.
  for (const DiskOp op : {DiskOp::kOpenForReading, DiskOp::kReadAt, DiskOp::kCreate,
                          DiskOp::kSyncFile, DiskOp::kReplace, DiskOp::kSyncDirectory}) {
    SetHook([this, op](DiskOp now, const std::string&) {
      if (now == op) disk_.DropFile(Name(1).Pcap());
    });
    done_.clear();
    Start();
    sealer_->Add(Put(1));
    AwaitDone(1);
    sealer_->Stop();
    EXPECT_THAT(Seals(), IsEmpty()) << static_cast<int>(op);
  }
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(SealerTest, LeavesNoSealOfAFileThatWasReplaced) {
  SetHook([this](DiskOp now, const std::string&) {
    if (now == DiskOp::kSyncFile) disk_.AddContent(Name(1).Pcap(), "another file");
  });
  Start();
  sealer_->Add(Put(1));
  AwaitDone(1);
  EXPECT_THAT(Seals(), IsEmpty());
}

TEST_F(SealerTest, SaysWhatItCannotSealAndGoesOn) {
  disk_.Fail(DiskOp::kReadAt, Name(1).Pcap(), absl::DataLossError("Input/output error"));
  disk_.Fail(DiskOp::kWriteAt, SealName(Name(2)) + ".new", absl::ResourceExhaustedError("full"));
  Put(0);
  Start();
  AwaitSealed(1);  // it has looked, and will not find the others
  for (const int minute : {1, 2, 3}) sealer_->Add(Put(minute));
  AwaitDone(3);
  sealer_->Stop();
  EXPECT_THAT(Seals(), ElementsAre(SealName(Name(0)), SealName(Name(3))));
  EXPECT_THAT(log_.Lines(), ElementsAre("the seal of " + Name(1).Pcap() + ": Input/output error",
                                        "the seal of " + Name(2).Pcap() + ": full"));
}

TEST_F(SealerTest, SaysThatItCannotLook) {
  disk_.Fail(DiskOp::kList, "", absl::InternalError("Input/output error"));
  std::promise<void> looking;
  SetHook([&](DiskOp op, const std::string&) {
    if (op == DiskOp::kList) looking.set_value();
  });
  Start();
  looking.get_future().wait();
  sealer_->Add(Put(1));
  sealer_->Stop();
  EXPECT_TRUE(IsSealed(1));
  EXPECT_THAT(log_.Lines(), ElementsAre("segments from before are not sealed: Input/output error"));
}

TEST_F(SealerTest, SealsAtTheEndWhatItWasTold) {
  std::promise<void> reached, release;
  BlockFirst(DiskOp::kReadAt, &reached, &release);
  Start();
  sealer_->Add(Put(1));
  reached.get_future().wait();
  sealer_->Add(Put(2));
  std::thread stopper([this] { sealer_->Stop(); });
  release.set_value();
  stopper.join();
  EXPECT_TRUE(IsSealed(1));
  EXPECT_TRUE(IsSealed(2));
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(SealerTest, LeavesToTheNextStartWhatTakesTooLong) {
  std::promise<void> reading;
  SetHook([&, first = std::make_shared<std::atomic<bool>>(true)](DiskOp op, const std::string&) {
    if (op != DiskOp::kReadAt) return;
    clock_.Advance(Sealer::kStopPatienceNs);
    if (first->exchange(false)) reading.set_value();
  });
  Make();
  for (const int minute : {1, 2, 3}) {
    disk_.AddFile(Name(minute).Pcap(), int64_t{1} << 40);
    sealer_->Add(Name(minute));
  }
  sealer_->Start();
  reading.get_future().wait();
  sealer_->Stop();
  EXPECT_THAT(Seals(), IsEmpty());
  EXPECT_THAT(done_, testing::SizeIs(3));  // whoever waits for them waits no longer
  EXPECT_THAT(log_.Lines(), ElementsAre("3 segments have no seal yet: the next start seals them"));
}

TEST_F(SealerTest, FindsInTheDirectoryWhatItsQueueCannotTake) {
  Make();
  std::vector<SegmentName> names;
  for (int number = 0; number < static_cast<int>(Sealer::kMostWaiting) + 3; ++number) {
    SegmentName name = Name(0);
    name.ordinal = number;
    disk_.AddContent(name.Pcap(), name.Pcap());
    names.push_back(name);
    sealer_->Add(name);
  }
  EXPECT_THAT(done_, testing::SizeIs(3));  // at once, without a seal
  sealer_->Start();
  AwaitDone(names.size());
  AwaitSealed(names.size());
  EXPECT_THAT(Seals(), testing::SizeIs(names.size()));
}

TEST_F(SealerTest, StopsTwiceAndUnstarted) {
  Make();
  sealer_->Stop();
  sealer_->Start();
  sealer_->Stop();
  sealer_->Stop();
}

}  // namespace
}  // namespace dns_monitor
