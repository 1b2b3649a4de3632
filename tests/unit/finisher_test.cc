#include "dns_monitor/writer/finisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/finisher_fixture.h"

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

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

TEST_F(FinisherTest, GivesAPartTheAccessOfSegmentsAndItsOwnerWriting) {
  FinisherOptions options = Options();
  options.mode = 0444;
  finisher_ = std::make_unique<Finisher>(&disk_, std::move(options));
  finisher_->Start();
  const auto segment = Open();
  EXPECT_EQ(disk_.Mode(Part()), 0644u);
  EXPECT_EQ(disk_.Group(Part()), 42);
  Finish(segment.get());
  EXPECT_EQ(disk_.Mode(Pcap()), 0444u);
}

TEST_F(FinisherTest, WritesWhereAccessIsRefusedWithOneLineAtTheEnd) {
  disk_.Fail(DiskOp::kSetAccess, "", absl::UnimplementedError("Operation not supported"));
  Start();
  const auto segment = Open();
  EXPECT_THAT(log_.Lines(), IsEmpty());
  segment->facts.length_bytes = 0;
  Finish(segment.get());
  EXPECT_EQ(log_.Count("Operation not supported"), 1);
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
