// What the disk refuses, for a while or for good: ledgers, names, lengths, syncs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "dns_monitor/writer/finisher.h"
#include "support/finisher_fixture.h"

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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

// What a capture has taken from the rings once more, as a file was not to be written any further:
// left under its name, its packets would be in two segments after the next start.
class DiscardTest : public FinisherTest {
 protected:
  DiscardTest() { Start(); }

  void Refuse(int times = -1) {
    disk_.Fail(DiskOp::kRemove, "", absl::PermissionDeniedError("Operation not permitted"), times);
    disk_.Fail(DiskOp::kTruncate, "", absl::PermissionDeniedError("Operation not permitted"),
               times);
  }
};

TEST_F(DiscardTest, IsTriedAgainUntilTheDiskTakesIt) {
  const auto segment = OpenAndFill("content");
  Refuse(3);
  finisher_->Discard(segment.get());
  EXPECT_EQ(AwaitFinished(), segment.get());
  EXPECT_THAT(disk_.Names(), IsEmpty());
  EXPECT_THAT(log_.Lines(), ElementsAre(HasSubstr("cannot discard " + Part() +
                                                  ": Operation not permitted; trying again")));
  EXPECT_THAT(ToldFinished(), IsEmpty());
  EXPECT_TRUE(finisher_->Stop().ok());
}

TEST_F(DiscardTest, MakesEmptyWhatCannotBeRemoved) {
  const auto segment = OpenAndFill("content");
  disk_.Fail(DiskOp::kRemove, "", absl::PermissionDeniedError("Operation not permitted"));
  finisher_->Discard(segment.get());
  EXPECT_EQ(AwaitFinished(), segment.get());
  EXPECT_EQ(disk_.Content(Part()), "");
  EXPECT_TRUE(finisher_->Stop().ok()) << "the next start removes it";
}

TEST_F(DiscardTest, LeavesAnEmptyOneToTheNextStart) {
  const auto segment = Open();
  Refuse();
  finisher_->Discard(segment.get());
  EXPECT_EQ(AwaitFinished(), segment.get());
  EXPECT_THAT(log_.Lines(), IsEmpty());
  EXPECT_TRUE(finisher_->Stop().ok());
}

TEST_F(DiscardTest, KeepsNoOtherWaiting) {
  const auto stays = OpenAndFill("content");
  Refuse();
  finisher_->Discard(stays.get());
  const auto empty = Open(11);
  finisher_->Discard(empty.get());
  EXPECT_EQ(AwaitFinished(), empty.get());
  EXPECT_EQ(finisher_->NextFinished(), nullptr);
  disk_.ClearFailures();
  EXPECT_EQ(AwaitFinished(), stays.get());
  EXPECT_THAT(disk_.Names(), ElementsAre(empty->facts.name.Part()));
}

TEST_F(DiscardTest, IsGivenUpWhenTheWriterNeedsTheSegment) {
  const auto first = OpenAndFill("content");
  const auto second = Open(11);
  EXPECT_EQ(pwrite(second->buffered.get(), "more", 4, 0), 4);
  Refuse();
  finisher_->Discard(first.get());
  finisher_->Discard(second.get());
  EXPECT_EQ(AwaitFinished(), first.get());
  EXPECT_EQ(log_.Count("giving up on discarding " + Part()), 1);
  EXPECT_EQ(finisher_->NextFinished(), nullptr);
  disk_.ClearFailures();
  EXPECT_EQ(AwaitFinished(), second.get());
  EXPECT_EQ(finisher_->Stop().code(), StatusCode::kPermissionDenied);
}

TEST_F(DiscardTest, IsGivenUpAtTheEnd) {
  const auto segment = OpenAndFill("content");
  Refuse();
  finisher_->Discard(segment.get());
  EXPECT_EQ(finisher_->Stop().code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(finisher_->NextFinished(), segment.get());
  EXPECT_FALSE(segment->buffered.valid());
  EXPECT_THAT(disk_.Names(), ElementsAre(Part()));
}

TEST_F(DiscardTest, IsLeftToASuccessor) {
  const auto segment = OpenAndFill("content");
  Refuse();
  finisher_->Discard(segment.get());
  EXPECT_EQ(finisher_->Stop(/*has_successor=*/true).code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(finisher_->NextFinished(), nullptr) << "not gone: a successor removes it";
}

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

}  // namespace
}  // namespace dns_monitor
