#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "dns_monitor/ledger/chain.h"
#include "dns_monitor/ledger/json.h"
#include "dns_monitor/ledger/keeper.h"
#include "support/fake_disk.h"
#include "support/ledger_samples.h"
#include "support/log_capture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kHour = 3'600'000'000'000;

SegmentName Name(int hour) {
  return {.interface = "eth0", .start = absl::CivilSecond(2026, 11, 25, hour, 0, 0)};
}

// What the segment of that hour says itself.
Ledger OfHour(int hour) {
  Ledger ledger;
  ledger.length_bytes = 24;
  ledger.from_ns = kSampleNs + hour * kHour;
  ledger.to_ns = ledger.from_ns + kHour;
  ledger.index = {{.offset = 0}};
  return ledger;
}

class LedgerKeeperTest : public testing::Test {
 protected:
  LedgerKeeperTest() { Restart(); }

  // As a new process would begin.
  void Restart(std::optional<int64_t> taken_over_ns = std::nullopt) {
    KeeperOptions options;
    options.common = SmallLedger();
    options.gaps = &gaps_;
    options.mode = 0604;
    options.group = 42;
    keeper_ = std::make_unique<LedgerKeeper>(&disk_, std::move(options));
    if (taken_over_ns) keeper_->TakesOver(*taken_over_ns);
  }

  void Make(int hour) {
    Ledger ledger = OfHour(hour);
    keeper_->Prepare(&ledger);
    const absl::Status written = keeper_->Write(ledger, Name(hour));
    ASSERT_TRUE(written.ok()) << written;
    keeper_->Keep();
  }
  Ledger Read(int hour) const {
    const absl::StatusOr<Ledger> ledger = ParseLedger(disk_.Content(LedgerName(Name(hour))));
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    return ledger.value_or(Ledger{});
  }
  // Follows the ledger of hour `before`, whatever that says.
  void ExpectFollows(int hour, int before) const {
    const std::string name = LedgerName(Name(before));
    EXPECT_EQ(Read(hour).previous, LinkTo(name, disk_.Content(name)));
    EXPECT_EQ(Read(hour).sequence, Read(before).sequence + 1);
  }

  LogCapture log_;
  FakeDisk disk_;
  GapLog gaps_;
  std::unique_ptr<LedgerKeeper> keeper_;
};

TEST_F(LedgerKeeperTest, BeginsTheChain) {
  Make(10);
  const Ledger ledger = Read(10);
  EXPECT_EQ(ledger.sequence, 1u);
  EXPECT_EQ(ledger.previous, std::nullopt);
  EXPECT_EQ(ledger.file_name, "eth0.20261125_1000.pcap");
  EXPECT_EQ(ledger.host, "ns1.example");
  EXPECT_THAT(ledger.gaps, ElementsAre(Gap{.from_ns = ledger.from_ns,
                                           .to_ns = ledger.from_ns,
                                           .reason = GapReason::kStarted}));
  EXPECT_EQ(disk_.Mode(LedgerName(Name(10))), 0604u);
  EXPECT_EQ(disk_.Group(LedgerName(Name(10))), 42);
  EXPECT_EQ(disk_.CountCalls("SyncFile eth0.20261125_1000.pcap.json"), 1);
}

TEST_F(LedgerKeeperTest, LinksEachToTheOneBefore) {
  for (const int hour : {10, 11, 12}) Make(hour);
  ExpectFollows(11, 10);
  ExpectFollows(12, 11);
  EXPECT_THAT(Read(12).gaps, IsEmpty());
}

TEST_F(LedgerKeeperTest, GoesOnWhereTheProcessBeforeEnded) {
  Make(10);
  Make(11);
  Restart();
  Make(15);
  ExpectFollows(15, 11);
  EXPECT_THAT(Read(15).gaps, ElementsAre(Gap{.from_ns = OfHour(11).to_ns,
                                             .to_ns = OfHour(15).from_ns,
                                             .reason = GapReason::kStarted}));
}

// The filter went on: nothing is missing, but no process ran until then.
TEST_F(LedgerKeeperTest, TellsSinceWhenItHasTakenOver) {
  Make(10);
  const int64_t taken_over_ns = OfHour(11).from_ns + 7;
  Restart(taken_over_ns);
  Make(11);
  Make(12);
  ExpectFollows(11, 10);
  EXPECT_THAT(Read(11).gaps, ElementsAre(Gap{.from_ns = OfHour(11).from_ns,
                                             .to_ns = taken_over_ns,
                                             .reason = GapReason::kTakenOver}));
  EXPECT_THAT(Read(12).gaps, IsEmpty());
}

TEST_F(LedgerKeeperTest, EndsNoTakeoverBeforeItsSegmentBegins) {
  Restart(OfHour(10).from_ns - 1);  // the clock was set back
  Make(10);
  EXPECT_THAT(Read(10).gaps, ElementsAre(Gap{.from_ns = OfHour(10).from_ns,
                                             .to_ns = OfHour(10).from_ns,
                                             .reason = GapReason::kTakenOver}));
}

TEST_F(LedgerKeeperTest, FollowsTheHighestNumberThoughTheClockWasSetBack) {
  Make(10);
  Make(8);
  Restart();
  Make(5);
  ExpectFollows(5, 8);
  EXPECT_EQ(Read(5).gaps[0].from_ns, Read(5).gaps[0].to_ns) << "no gap ends before it begins";
}

TEST_F(LedgerKeeperTest, TellsWhatItCannotRead) {
  Make(10);
  disk_.AddContent(LedgerName(Name(11)), "{");
  Restart();
  Make(12);
  ExpectFollows(12, 10);
  EXPECT_EQ(log_.Count("not a ledger: eth0.20261125_1100.pcap.json"), 1);
}

TEST_F(LedgerKeeperTest, BeginsAnewWhereNothingCanBeListed) {
  Make(10);
  Restart();
  disk_.Fail(DiskOp::kList, "", absl::DataLossError("Input/output error"));
  Make(11);
  EXPECT_EQ(Read(11).previous, std::nullopt);
  EXPECT_EQ(log_.Count("a new chain: Input/output error"), 1);
}

TEST_F(LedgerKeeperTest, LeavesTheLedgerOfAnotherSegmentAlone) {
  disk_.AddContent(LedgerName(Name(10)), "theirs");
  Ledger ledger = OfHour(10);
  keeper_->Prepare(&ledger);
  EXPECT_TRUE(absl::IsAlreadyExists(keeper_->Write(ledger, Name(10))));
  EXPECT_EQ(disk_.Content(LedgerName(Name(10))), "theirs");
}

TEST_F(LedgerKeeperTest, DropsWhatWasWrittenForANameThatWasTaken) {
  Ledger ledger = OfHour(10);
  keeper_->Prepare(&ledger);
  EXPECT_TRUE(keeper_->Write(ledger, Name(10)).ok());
  keeper_->Drop();
  EXPECT_THAT(disk_.Names(), IsEmpty());
  EXPECT_TRUE(keeper_->Write(ledger, Name(11)).ok());
  keeper_->Keep();
  EXPECT_EQ(Read(11).sequence, 1u);
  Make(12);
  ExpectFollows(12, 11);
}

// On a disk that fails, this is where it is told.
TEST_F(LedgerKeeperTest, StaysWhereItCannotBeSynced) {
  disk_.Fail(DiskOp::kSyncFile, "", absl::DataLossError("Input/output error"));
  Make(10);
  EXPECT_EQ(Read(10).sequence, 1u);
  EXPECT_EQ(log_.Count("may not survive a crash: Input/output error"), 1);
}

TEST_F(LedgerKeeperTest, StaysWhereAccessIsUnknown) {
  disk_.Fail(DiskOp::kSetAccess, "", absl::UnimplementedError("Operation not supported"));
  Make(10);
  Make(11);
  EXPECT_EQ(Read(11).sequence, 2u);
  EXPECT_EQ(log_.Count("do not have the access that was asked for"), 1);
}

// Or each attempt at a name would leave one.
TEST_F(LedgerKeeperTest, RemovesBeforeTheNextWhatItCouldNotDrop) {
  Ledger ledger = OfHour(10);
  keeper_->Prepare(&ledger);
  ASSERT_TRUE(keeper_->Write(ledger, Name(10)).ok());
  disk_.Fail(DiskOp::kRemove, "", absl::PermissionDeniedError("Operation not permitted"), 2);
  keeper_->Drop();
  EXPECT_TRUE(absl::IsPermissionDenied(keeper_->Write(ledger, Name(10))));
  EXPECT_TRUE(keeper_->Write(ledger, Name(10)).ok());
  EXPECT_EQ(Read(10).sequence, 1u);
}

// Nothing is left of it, and what it was to tell is told by the next one.
TEST_F(LedgerKeeperTest, FailsWhole) {
  gaps_.Add({.from_ns = OfHour(10).from_ns + 1,
             .to_ns = OfHour(10).from_ns + 2,
             .reason = GapReason::kInterfaceDown});
  disk_.Fail(DiskOp::kWriteAt, "", absl::ResourceExhaustedError("No space left on device"));
  Ledger ledger = OfHour(10);
  keeper_->Prepare(&ledger);
  EXPECT_TRUE(absl::IsResourceExhausted(keeper_->Write(ledger, Name(10))));
  EXPECT_THAT(disk_.Names(), IsEmpty());
  disk_.ClearFailures();
  Make(11);
  EXPECT_EQ(Read(11).sequence, 1u);
  ASSERT_EQ(Read(11).gaps.size(), 2u);
  EXPECT_EQ(Read(11).gaps[1].reason, GapReason::kInterfaceDown);
  Make(12);
  EXPECT_THAT(Read(12).gaps, IsEmpty());
}

// The ledgers of what a crash left come first, whoever is faster.
TEST_F(LedgerKeeperTest, FollowsWhatWasRecovered) {
  Make(10);
  KeeperOptions options;
  options.common = SmallLedger();
  options.await_recovery = [this] {
    for (const int hour : {11, 12}) {
      Ledger recovered = OfHour(hour);
      recovered.file_name = Name(hour).Pcap();
      recovered.interface = "eth0";
      EXPECT_TRUE(keeper_->WriteRecovered(recovered).ok());
      // Its segment could not be called so.
      EXPECT_TRUE(disk_.Remove(Name(hour).Pcap() + ".json").ok());
      EXPECT_TRUE(keeper_->WriteRecovered(recovered).ok());
      keeper_->KeepRecovered();
    }
  };
  keeper_ = std::make_unique<LedgerKeeper>(&disk_, std::move(options));
  Make(15);
  Make(16);
  ExpectFollows(11, 10);
  ExpectFollows(12, 11);
  ExpectFollows(15, 12);
  ExpectFollows(16, 15);
  EXPECT_THAT(Read(15).gaps, ElementsAre(Gap{.from_ns = OfHour(12).to_ns,
                                             .to_ns = OfHour(15).from_ns,
                                             .reason = GapReason::kStarted}));
}

TEST_F(LedgerKeeperTest, TellsEachRemovalOnce) {
  Make(10);
  RemovalJournal journal(disk_, "eth0");
  const RemovedSegment removed{.file_name = "eth0.20261124_1000.pcap", .reason = "age"};
  ASSERT_TRUE(journal.Append({removed}).ok());
  Make(11);
  EXPECT_THAT(Read(11).removed, ElementsAre(removed));
  Make(12);
  EXPECT_THAT(Read(12).removed, IsEmpty());
}

// One that no ledger could tell is told by the next.
TEST_F(LedgerKeeperTest, KeepsRemovalsUntilALedgerIsWritten) {
  Make(10);
  RemovalJournal journal(disk_, "eth0");
  const RemovedSegment removed{.file_name = "eth0.20261124_1000.pcap", .reason = "age"};
  ASSERT_TRUE(journal.Append({removed}).ok());
  disk_.Fail(DiskOp::kCreate, "", absl::ResourceExhaustedError("No space left on device"));
  Ledger ledger = OfHour(11);
  keeper_->Prepare(&ledger);
  EXPECT_FALSE(keeper_->Write(ledger, Name(11)).ok());
  disk_.ClearFailures();
  Make(12);
  EXPECT_THAT(Read(12).removed, ElementsAre(removed));
}

TEST_F(LedgerKeeperTest, SaysWhichIndexTheInterfaceHadLast) {
  for (const uint32_t index : {7, 0}) {
    Ledger ledger = OfHour(10);
    ledger.ifindex = index;
    keeper_->Prepare(&ledger);
    EXPECT_EQ(ledger.ifindex, index != 0 ? index : SmallLedger().ifindex) << "that of the start";
  }
}

}  // namespace
}  // namespace dns_monitor
