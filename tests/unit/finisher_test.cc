#include "dns_monitor/writer/finisher.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <memory>
#include <mutex>

#include "dns_monitor/base/event_fd.h"
#include "support/fake_disk.h"
#include "support/log_capture.h"

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kWaitMs = 60'000;  // for the finisher's thread, at the most
constexpr char kName[] = "eth0.20261123_2110";

int64_t StartNs(int minute = 10) {
  return absl::ToUnixNanos(
      absl::FromCivil(absl::CivilSecond(2026, 11, 23, 21, minute, 0), absl::UTCTimeZone()));
}

class FinisherTest : public testing::Test {
 protected:
  FinisherTest() : answer_fd_(MakeEventFd()) {}

  FinisherOptions Options() {
    FinisherOptions options;
    options.interface = "eth0";
    options.zone = absl::UTCTimeZone();
    options.mode = 0604;
    options.group = 42;
    options.answer_fd = answer_fd_.get();
    options.on_opened = [this](const SegmentFacts& facts) {
      const std::lock_guard lock(mutex_);
      told_opened_.push_back(facts.name.Part());
    };
    options.on_finished = [this](const SegmentFacts& facts) {
      const std::lock_guard lock(mutex_);
      told_finished_.push_back(facts.name.Pcap());
    };
    return options;
  }
  void Start() { Start(Options()); }
  void Start(FinisherOptions options) {
    finisher_ = std::make_unique<Finisher>(&disk_, std::move(options));
    finisher_->Start();
  }

  // The next answer of that kind; nullptr, and a failure, when none comes.
  Segment* AwaitOpened() {
    return Await([this] { return finisher_->NextOpened(); });
  }
  Segment* AwaitFinished() {
    return Await([this] { return finisher_->NextFinished(); });
  }

  // A segment of that minute, asked for and opened.
  std::unique_ptr<Segment> Open(int minute = 10) {
    auto segment = std::make_unique<Segment>();
    segment->from_ns = StartNs(minute);
    finisher_->Open(segment.get());
    EXPECT_EQ(AwaitOpened(), segment.get());
    return segment;
  }
  // As Open, with content, of which all but the last `beyond` bytes are the segment's.
  std::unique_ptr<Segment> OpenAndFill(const std::string& content, size_t beyond = 0) {
    auto segment = Open();
    EXPECT_EQ(pwrite(segment->buffered.get(), content.data(), content.size(), 0),
              static_cast<ssize_t>(content.size()));
    segment->facts.length_bytes = static_cast<int64_t>(content.size() - beyond);
    return segment;
  }
  void Finish(Segment* segment) {
    finisher_->Finish(segment);
    EXPECT_EQ(AwaitFinished(), segment);
  }

  std::vector<std::string> ToldOpened() const {
    const std::lock_guard lock(mutex_);
    return told_opened_;
  }
  std::vector<std::string> ToldFinished() const {
    const std::lock_guard lock(mutex_);
    return told_finished_;
  }

  static std::string Part(const std::string& suffix = "") { return kName + suffix + ".pcap.part"; }
  static std::string Pcap(const std::string& suffix = "") { return kName + suffix + ".pcap"; }

  LogCapture log_;
  FakeDisk disk_;
  Fd answer_fd_;
  std::unique_ptr<Finisher> finisher_;

 private:
  template <typename Next>
  Segment* Await(Next next) {
    for (;;) {
      if (Segment* segment = next()) return segment;
      pollfd answer{.fd = answer_fd_.get(), .events = POLLIN, .revents = 0};
      if (poll(&answer, 1, kWaitMs) <= 0) {
        ADD_FAILURE() << "the finisher does not answer";
        return nullptr;
      }
      Clear(answer_fd_.get());
    }
  }

  mutable std::mutex mutex_;
  std::vector<std::string> told_opened_;
  std::vector<std::string> told_finished_;
};

// --- Opening ---

TEST_F(FinisherTest, OpensUnderTheNameOfItsTime) {
  Start();
  const auto segment = Open();
  EXPECT_TRUE(segment->buffered.valid());
  EXPECT_TRUE(segment->direct.valid());
  EXPECT_NE(segment->direct.get(), segment->buffered.get());
  EXPECT_EQ(segment->facts.name.Part(), Part());
  EXPECT_THAT(disk_.Names(), ElementsAre(Part()));
  EXPECT_THAT(ToldOpened(), ElementsAre(Part()));
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(FinisherTest, NamesInTheZoneOfTheCapture) {
  FinisherOptions options = Options();
  options.names_need_seconds = true;
  ASSERT_TRUE(absl::LoadTimeZone("Asia/Kathmandu", &options.zone));
  Start(std::move(options));
  EXPECT_EQ(Open()->facts.name.Pcap(), "eth0.20261124_025500.pcap");
}

TEST_F(FinisherTest, NeverOpensUnderANameThatIsTaken) {
  disk_.AddFile(Pcap(), 10);
  disk_.AddFile(Pcap("-1") + ".zst", 10);
  disk_.AddFile(Part("-2"), 10);
  disk_.AddFile(Pcap("-3"), 10);
  Start();
  EXPECT_EQ(Open()->facts.name.Pcap(), Pcap("-4"));
  EXPECT_EQ(disk_.Content(Part("-2")).size(), 10u);
}

TEST_F(FinisherTest, CountsOnWithEachSegmentOfTheMinute) {
  Start();
  const auto first = Open();
  const auto second = Open();
  first->facts.length_bytes = 0;
  Finish(first.get());
  const auto third = Open();
  EXPECT_EQ(first->facts.name.Pcap(), Pcap());
  EXPECT_EQ(second->facts.name.Pcap(), Pcap("-1"));
  EXPECT_EQ(third->facts.name.Pcap(), Pcap("-2"));
}

TEST_F(FinisherTest, FallsBackWhereDirectIsRefusedWithOneLine) {
  disk_.Fail(DiskOp::kOpen, "", absl::InvalidArgumentError("Invalid argument"));
  Start();
  for (int minute = 10; minute < 15; ++minute) {
    const auto segment = Open(minute);
    EXPECT_TRUE(segment->buffered.valid());
    EXPECT_FALSE(segment->direct.valid());
  }
  EXPECT_THAT(log_.Lines(), SizeIs(1));
  EXPECT_EQ(log_.Count("page cache"), 1);
  EXPECT_TRUE(finisher_->Stop().ok()) << "a fall-back is no error";
}

// Somebody puts another file in the place of each one that was just made.
class SwappingDisk final : public FakeDisk {
 public:
  absl::StatusOr<Fd> Open(const std::string& name, Caching caching) override {
    EXPECT_TRUE(Remove(name).ok());
    EXPECT_TRUE(Create(name, caching).ok());
    return FakeDisk::Open(name, caching);
  }
};

TEST_F(FinisherTest, LeavesAFileAloneThatHasTakenThePlaceOfItsOwn) {
  SwappingDisk disk;
  finisher_ = std::make_unique<Finisher>(&disk, Options());
  finisher_->Start();
  const auto segment = Open();
  EXPECT_TRUE(segment->buffered.valid());
  EXPECT_FALSE(segment->direct.valid());
  EXPECT_EQ(log_.Count("was replaced by another file"), 1);
  finisher_.reset();
}

TEST_F(FinisherTest, LocksBothDescriptors) {
  Start();
  Open();
  EXPECT_EQ(disk_.CountCalls("TryLock " + Part()), 2);
}

TEST_F(FinisherTest, WritesWithoutLocksWhereTheyAreRefusedWithOneLine) {
  disk_.Fail(DiskOp::kTryLock, "", absl::UnimplementedError("No locks available"));
  Start();
  for (int minute = 10; minute < 15; ++minute) Finish(Open(minute).get());
  EXPECT_THAT(log_.Lines(), SizeIs(1));
  EXPECT_EQ(log_.Count("no locks on segments here (No locks available)"), 1);
  EXPECT_TRUE(finisher_->Stop().ok());
}

TEST_F(FinisherTest, TriesAgainUntilTheFileCanBeCreated) {
  disk_.Fail(DiskOp::kCreate, "", absl::ResourceExhaustedError("No space left on device"), 2);
  Start();
  Open();
  EXPECT_EQ(disk_.CountCalls("Create " + Part()), 3);
  EXPECT_THAT(log_.Lines(), SizeIs(2)) << "one when it fails, one when it works again";
  EXPECT_EQ(log_.Count("No space left on device"), 1);
  EXPECT_EQ(log_.Count("opened " + Part()), 1);
  EXPECT_THAT(ToldOpened(), SizeIs(1));
  EXPECT_TRUE(finisher_->Stop().ok());
}

// --- Finishing ---

TEST_F(FinisherTest, FinishesInTheOrderThatSurvivesACrash) {
  Start();
  const auto segment = OpenAndFill("content and what is too much", 17);
  disk_.ClearCalls();
  Finish(segment.get());
  EXPECT_THAT(disk_.Calls(),
              ElementsAre("Truncate " + Part(), "SetAccess " + Part(), "SyncFile " + Part(),
                          "Rename " + Part(), "SyncDirectory"));
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap()));
  EXPECT_EQ(disk_.Content(Pcap()), "content and");
  EXPECT_EQ(disk_.Mode(Pcap()), 0604u);
  EXPECT_EQ(disk_.Group(Pcap()), 42);
  EXPECT_FALSE(segment->buffered.valid());
  EXPECT_FALSE(segment->direct.valid());
  EXPECT_THAT(ToldFinished(), ElementsAre(Pcap()));
  EXPECT_THAT(log_.Lines(), IsEmpty());
  EXPECT_TRUE(finisher_->Stop().ok());
}

TEST_F(FinisherTest, LeavesTheGroupAloneUnlessAsked) {
  FinisherOptions options = Options();
  options.group = -1;
  Start(std::move(options));
  Finish(OpenAndFill("x").get());
  EXPECT_EQ(disk_.Group(Pcap()), -1);
}

TEST_F(FinisherTest, OverwritesNothingThatHasTakenItsNameMeanwhile) {
  Start();
  const auto segment = OpenAndFill("ours");
  disk_.AddFile(Pcap(), 7);
  disk_.AddFile(Pcap("-1"), 8);
  Finish(segment.get());
  EXPECT_EQ(disk_.Content(Pcap()).size(), 7u);
  EXPECT_EQ(disk_.Content(Pcap("-1")).size(), 8u);
  EXPECT_EQ(disk_.Content(Pcap("-2")), "ours");
  EXPECT_THAT(ToldFinished(), ElementsAre(Pcap("-2"))) << "told as it is named";
  EXPECT_TRUE(finisher_->Stop().ok());
}

class FinisherLedgerTest : public FinisherTest {
 protected:
  FinisherLedgerTest() {
    KeeperOptions keeper;
    keeper.common.interface = "eth0";
    keeper.read_interface = [this] {
      return InterfaceReading{.ifindex = 7, .counters = {.rx_packets = received_}};
    };
    keeper_ = std::make_unique<LedgerKeeper>(&disk_, std::move(keeper));
    FinisherOptions options = Options();
    options.keeper = keeper_.get();
    Start(std::move(options));
  }

  std::atomic<uint64_t> received_{5};
  std::unique_ptr<LedgerKeeper> keeper_;
};

// Whoever sees the segment finds its ledger, after a loss of power too.
TEST_F(FinisherLedgerTest, IsThereBeforeTheSegmentHasItsName) {
  const auto segment = OpenAndFill("content");
  segment->to_ns = StartNs(11);
  disk_.ClearCalls();
  Finish(segment.get());
  EXPECT_TRUE(finisher_->Stop().ok());
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap(), Pcap() + ".json"));
  const std::vector<std::string> calls = disk_.Calls();
  const auto place = [&calls](const std::string& call) {
    return std::find(calls.begin(), calls.end(), call) - calls.begin();
  };
  const auto renamed = std::find_if(calls.begin(), calls.end(), [](const std::string& call) {
    return call.rfind("Rename", 0) == 0;
  });
  ASSERT_NE(renamed, calls.end());
  EXPECT_LT(place("SyncFile " + Part()), renamed - calls.begin());
  EXPECT_LT(place("SyncFile " + Pcap() + ".json"), renamed - calls.begin());
}

TEST_F(FinisherLedgerTest, LeavesNamesThatHaveOne) {
  const auto segment = OpenAndFill("ours");
  disk_.AddContent(Pcap() + ".json", "of a segment that is gone");
  Finish(segment.get());
  EXPECT_THAT(ToldFinished(), ElementsAre(Pcap("-1")));
  EXPECT_EQ(disk_.Content(Pcap("-1")), "ours");
  EXPECT_THAT(disk_.Content(Pcap("-1") + ".json"), HasSubstr(Pcap("-1")));
  EXPECT_EQ(disk_.Content(Pcap() + ".json"), "of a segment that is gone");
  EXPECT_TRUE(finisher_->Stop().ok());
}

TEST_F(FinisherLedgerTest, IsAwaited) {
  const auto segment = OpenAndFill("content");
  disk_.Fail(DiskOp::kCreate, "", absl::ResourceExhaustedError("No space left on device"), 2);
  Finish(segment.get());
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap(), Pcap() + ".json"));
  EXPECT_THAT(log_.Lines(), ElementsAre(HasSubstr("cannot finish " + Part() +
                                                  ": No space left on device; trying again")));
  EXPECT_TRUE(finisher_->Stop().ok()) << "nothing is missing in the end";
}

TEST_F(FinisherLedgerTest, IsMissedAtTheEndRatherThanTheSegment) {
  const auto segment = OpenAndFill("content");
  disk_.Fail(DiskOp::kCreate, "", absl::ResourceExhaustedError("No space left on device"));
  finisher_->Finish(segment.get());
  EXPECT_EQ(finisher_->Stop().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(finisher_->NextFinished(), segment.get());
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap()));
  EXPECT_EQ(log_.Count(Pcap() + " has no ledger: No space left on device"), 1);
  EXPECT_THAT(ToldFinished(), ElementsAre(Pcap()));
}

TEST_F(FinisherLedgerTest, IsLeftToASuccessorWithItsPart) {
  const auto first = OpenAndFill("content");
  const auto second = Open(11);
  disk_.Fail(DiskOp::kCreate, Pcap() + ".json", absl::ResourceExhaustedError("No space"));
  finisher_->Finish(first.get());
  finisher_->Finish(second.get());
  EXPECT_EQ(finisher_->Stop(/*has_successor=*/true).code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(finisher_->NextFinished(), nullptr) << "not gone: a successor finishes them in order";
  EXPECT_THAT(disk_.Names(), ElementsAre(Part(), second->facts.name.Part()));
}

TEST_F(FinisherLedgerTest, GoesWhenTheSegmentGetsNoName) {
  const auto segment = OpenAndFill("content");
  disk_.Fail(DiskOp::kRename, "", absl::DataLossError("Input/output error"));
  finisher_->Finish(segment.get());
  EXPECT_EQ(finisher_->Stop().code(), StatusCode::kDataLoss);
  EXPECT_THAT(disk_.Names(), ElementsAre(Part()));
}

// Not as of a later attempt: the difference of the counters is that of the segment.
TEST_F(FinisherLedgerTest, SaysWhatTheInterfaceHadCountedAtTheEnd) {
  const auto first = OpenAndFill("content");
  disk_.Fail(DiskOp::kTruncate, "", absl::PermissionDeniedError("Operation not permitted"), 2);
  disk_.SetHook([this](DiskOp op, const std::string&) {
    if (op == DiskOp::kTruncate) received_ += 100;
  });
  Finish(first.get());
  EXPECT_EQ(first->facts.ifindex, 7u);
  ASSERT_TRUE(first->facts.interface_end.has_value());
  EXPECT_EQ(first->facts.interface_end->rx_packets, 5u);
  EXPECT_THAT(disk_.Content(Pcap() + ".json"), HasSubstr("\"rx_packets\": 5,"));
}

// What the second has reserved may be what the first waits for.
TEST_F(FinisherLedgerTest, GivesBackWhatIsReservedBeforeItTriesAgain) {
  const auto first = OpenAndFill("content");
  const auto second = Open(11);
  disk_.SetHook([this, name = second->facts.name.Part()](DiskOp op, const std::string& file) {
    if (op == DiskOp::kTruncate && file == name) disk_.ClearFailures();
  });
  disk_.Fail(DiskOp::kCreate, "", absl::ResourceExhaustedError("No space left on device"));
  finisher_->Finish(first.get());
  finisher_->Finish(second.get());
  EXPECT_TRUE(finisher_->Stop().ok());
  EXPECT_EQ(finisher_->NextFinished(), first.get());
  EXPECT_EQ(finisher_->NextFinished(), second.get());
}

// The chain is in the order of time.
TEST_F(FinisherLedgerTest, KeepsTheOrderOfTheSegments) {
  const auto first = OpenAndFill("content");
  const auto second = Open(11);
  disk_.Fail(DiskOp::kTruncate, "", absl::PermissionDeniedError("Operation not permitted"), 1);
  finisher_->Finish(first.get());
  finisher_->Finish(second.get());
  EXPECT_EQ(AwaitFinished(), first.get());
  EXPECT_EQ(AwaitFinished(), second.get());
  EXPECT_THAT(disk_.Content(second->facts.name.Pcap() + ".json"), HasSubstr(Pcap() + ".json"));
}

struct RefusedStep {
  DiskOp op;
  const char* description;
  bool has_its_name;  // in the end
};

void PrintTo(const RefusedStep& step, std::ostream* out) {
  *out << step.description;
}

class FinishAgainTest : public FinisherTest, public testing::WithParamInterface<RefusedStep> {
 protected:
  std::unique_ptr<Segment> OpenRescued() {
    auto segment = OpenAndFill("content");
    segment->rescued = "content";
    return segment;
  }
};

TEST_P(FinishAgainTest, UntilTheDiskTakesIt) {
  Start();
  const auto segment = OpenRescued();
  disk_.Fail(GetParam().op, "", absl::PermissionDeniedError("Operation not permitted"), 3);
  Finish(segment.get());
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap()));
  EXPECT_EQ(disk_.Content(Pcap()), "content");
  EXPECT_THAT(log_.Lines(), ElementsAre(HasSubstr("cannot finish " + Part() +
                                                  ": Operation not permitted; trying again")));
  EXPECT_THAT(ToldFinished(), ElementsAre(Pcap()));
  EXPECT_TRUE(finisher_->Stop().ok());
}

TEST_P(FinishAgainTest, OnceMoreAtTheEnd) {
  Start();
  const auto segment = OpenRescued();
  disk_.Fail(GetParam().op, "", absl::DataLossError("Input/output error"));
  finisher_->Finish(segment.get());
  EXPECT_EQ(finisher_->Stop().code(), StatusCode::kDataLoss);
  EXPECT_EQ(finisher_->NextFinished(), segment.get());
  EXPECT_THAT(disk_.Names(), ElementsAre(GetParam().has_its_name ? Pcap() : Part()));
  EXPECT_THAT(ToldFinished(), SizeIs(GetParam().has_its_name ? 1 : 0));
  EXPECT_FALSE(segment->buffered.valid());
}

TEST_P(FinishAgainTest, UntilTheWriterNeedsTheSegment) {
  Start();
  std::vector<std::unique_ptr<Segment>> segments;
  for (size_t index = 0; index <= Finisher::kMostUnfinished; ++index) {
    segments.push_back(Open(static_cast<int>(index)));
    segments.back()->rescued = "content";
  }
  disk_.Fail(GetParam().op, "", absl::DataLossError("Input/output error"));
  for (const auto& segment : segments) finisher_->Finish(segment.get());
  EXPECT_EQ(AwaitFinished(), segments.front().get());
  EXPECT_EQ(finisher_->NextFinished(), nullptr);
  EXPECT_THAT(ToldFinished(), SizeIs(GetParam().has_its_name ? 1 : 0));

  disk_.ClearFailures();
  for (size_t index = 1; index < segments.size(); ++index) {
    EXPECT_EQ(AwaitFinished(), segments[index].get());
  }
  EXPECT_EQ(finisher_->Stop().code(), StatusCode::kDataLoss);
}

INSTANTIATE_TEST_SUITE_P(EachStep, FinishAgainTest,
                         testing::Values(RefusedStep{DiskOp::kWriteAt, "WriteAt", true},
                                         RefusedStep{DiskOp::kTruncate, "Truncate", true},
                                         RefusedStep{DiskOp::kRename, "Rename", false}),
                         [](const auto& param) { return std::string(param.param.description); });

// A step that another attempt would not mend.
class FinishFailureTest : public FinisherTest, public testing::WithParamInterface<DiskOp> {};

TEST_P(FinishFailureTest, IsLoggedAndToldAtTheEnd) {
  Start();
  const auto segment = OpenAndFill("content");
  disk_.Fail(GetParam(), "", absl::DataLossError("Input/output error"));
  disk_.ClearCalls();
  Finish(segment.get());
  EXPECT_THAT(disk_.Calls(), SizeIs(5)) << "the other steps are taken all the same";
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap()));
  EXPECT_THAT(log_.Lines(),
              ElementsAre(HasSubstr(Pcap() + " is not as it should be: Input/output error")));
  EXPECT_THAT(ToldFinished(), SizeIs(1)) << "retention must know each file that is there";
  EXPECT_FALSE(segment->buffered.valid());

  disk_.ClearFailures();
  const auto next = Open(11);
  Finish(next.get());
  EXPECT_THAT(ToldFinished(), SizeIs(2)) << "the next one is not concerned";
  EXPECT_EQ(finisher_->Stop().code(), StatusCode::kDataLoss);
}

INSTANTIATE_TEST_SUITE_P(EachStep, FinishFailureTest,
                         testing::Values(DiskOp::kSetAccess, DiskOp::kSyncFile,
                                         DiskOp::kSyncDirectory));

// What fsync(2) has told once holds, also when the next attempt succeeds.
TEST_F(FinisherTest, TellsThatItWasNotSyncedThoughItIsFinishedLater) {
  Start();
  const auto segment = OpenAndFill("content");
  disk_.Fail(DiskOp::kSyncFile, "", absl::DataLossError("Input/output error"), 1);
  disk_.Fail(DiskOp::kRename, "", absl::PermissionDeniedError("Operation not permitted"), 1);
  Finish(segment.get());
  EXPECT_EQ(segment->facts.damage, "Input/output error");
  EXPECT_EQ(log_.Count(Pcap() + " is not as it should be: Input/output error"), 1);
  EXPECT_EQ(finisher_->Stop().code(), StatusCode::kDataLoss);
}

TEST_F(FinisherTest, TellsTheFirstOfSeveralErrors) {
  disk_.Fail(DiskOp::kSyncFile, "", absl::DataLossError("first"), 1);
  disk_.Fail(DiskOp::kSyncDirectory, "", absl::InternalError("second"));
  Start();
  Finish(OpenAndFill("a").get());
  EXPECT_EQ(log_.Count("first"), 1);
  const auto next = Open(11);
  Finish(next.get());
  EXPECT_EQ(log_.Count("second"), 1);
  EXPECT_THAT(std::string(finisher_->Stop().message()), HasSubstr("first"));
}

// --- Many, and the end ---

TEST_F(FinisherTest, AnswersInTheOrderOfTheRequests) {
  Start();
  std::vector<std::unique_ptr<Segment>> segments;
  for (size_t index = 0; index < kSegmentCount; ++index) {
    segments.push_back(std::make_unique<Segment>());
    segments.back()->from_ns = StartNs(static_cast<int>(index));
    finisher_->Open(segments.back().get());
  }
  for (const auto& segment : segments) ASSERT_EQ(AwaitOpened(), segment.get());
  for (const auto& segment : segments) finisher_->Finish(segment.get());
  for (const auto& segment : segments) ASSERT_EQ(AwaitFinished(), segment.get());
  EXPECT_THAT(ToldFinished(), SizeIs(kSegmentCount));
}

TEST_F(FinisherTest, StopsWhenThereIsNothingToDo) {
  Start();
  EXPECT_TRUE(finisher_->Stop().ok());
}

TEST_F(FinisherTest, StopsByItsEnd) {
  Start();
  Finish(OpenAndFill("x").get());
  finisher_.reset();
}

TEST_F(FinisherTest, DoesBeforeItStopsWhatItWasAskedFor) {
  Start();
  const auto first = OpenAndFill("first");
  Segment second;
  second.from_ns = StartNs(11);
  finisher_->Finish(first.get());
  finisher_->Open(&second);
  EXPECT_TRUE(finisher_->Stop().ok());
  EXPECT_EQ(finisher_->NextFinished(), first.get());
  EXPECT_EQ(finisher_->NextOpened(), &second);
}

TEST_F(FinisherTest, FinishesWhileAnotherCannotBeOpened) {
  Start();
  const auto first = OpenAndFill("first");
  disk_.Fail(DiskOp::kCreate, "", absl::ResourceExhaustedError("No space left on device"));
  Segment second;
  second.from_ns = StartNs(11);
  finisher_->Open(&second);
  Finish(first.get());
  EXPECT_THAT(ToldFinished(), ElementsAre(Pcap()));
  EXPECT_FALSE(finisher_->Stop().ok());
  EXPECT_EQ(log_.Count("cannot open"), 1);
}

TEST_F(FinisherTest, GivesUpAtTheEndWhatCannotBeOpened) {
  Start();
  const auto first = OpenAndFill("first");
  disk_.Fail(DiskOp::kCreate, "", absl::ResourceExhaustedError("No space left on device"));
  Segment second;
  second.from_ns = StartNs(11);
  Segment third;
  third.from_ns = StartNs(12);
  finisher_->Open(&second);
  finisher_->Finish(first.get());
  finisher_->Open(&third);
  EXPECT_EQ(finisher_->Stop().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(finisher_->NextFinished(), first.get());
  EXPECT_EQ(finisher_->NextOpened(), nullptr);
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap()));
}

TEST_F(FinisherTest, OpensBeforeItStopsAllThatItWasAskedFor) {
  Start();
  std::vector<Segment> segments(4);
  for (Segment& segment : segments) finisher_->Open(&segment);
  EXPECT_TRUE(finisher_->Stop().ok());
  for (Segment& segment : segments) EXPECT_EQ(finisher_->NextOpened(), &segment);
}

}  // namespace
}  // namespace dns_monitor
