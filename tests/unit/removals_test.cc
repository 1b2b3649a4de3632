#include "dns_monitor/ledger/removals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dns_monitor/ledger/json.h"
#include "support/capture_directory.h"
#include "support/fake_disk.h"
#include "support/ledger_samples.h"
#include "support/log_capture.h"

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kJournal[] = ".eth0.removed";

std::string Pcap(int day) {
  return absl::StrFormat("eth0.202611%02d_0000.pcap", day);
}

RemovedSegment Removal(int day) {
  return {.file_name = Pcap(day),
          .sequence = static_cast<uint64_t>(day),
          .ledger_sha256 = SampleSha256(static_cast<uint8_t>(day)),
          .packets = 5,
          .first_packet_ns = kSampleNs,
          .last_packet_ns = kSampleNs + 1,
          .reason = "age 3d, limit 2d"};
}

class RemovalJournalTest : public testing::Test {
 protected:
  std::vector<RemovedSegment> Read() {
    auto removals = journal_.Read();
    EXPECT_TRUE(removals.ok()) << removals.status();
    return std::move(removals).value_or(std::vector<RemovedSegment>());
  }
  absl::Status Append(const RemovedSegment& removal) { return journal_.Append({removal}); }

  FakeDisk disk_;
  int waits_ = 0;
  RemovalJournal journal_{disk_, "eth0", {.attempts = 3, .wait = [this] { ++waits_; }}};
  LogCapture log_;
};

TEST_F(RemovalJournalTest, GivesBackWhatWasAppended) {
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_TRUE(journal_.Clear({}).ok());
  EXPECT_THAT(disk_.Names(), IsEmpty());
  const RemovedSegment bare{.file_name = Pcap(2) + ".zst", .reason = "total size"};
  EXPECT_TRUE(Append(Removal(1)).ok());
  EXPECT_TRUE(journal_.Append({bare, Removal(3)}).ok());
  EXPECT_THAT(Read(), ElementsAre(Removal(1), bare, Removal(3)));
  const std::string content = disk_.Content(kJournal);
  EXPECT_EQ(std::count(content.begin(), content.end(), '\n'), 3);
  EXPECT_TRUE(Append(Removal(4)).ok());
  EXPECT_TRUE(journal_.Clear({Removal(1), bare, Removal(3)}).ok());
  EXPECT_THAT(Read(), ElementsAre(Removal(4)));
  EXPECT_TRUE(journal_.Clear(Read()).ok());
  EXPECT_EQ(disk_.Content(kJournal), "");
  EXPECT_THAT(log_.Lines(), IsEmpty());
}

TEST_F(RemovalJournalTest, IsDurableWhenAppendReturns) {
  EXPECT_TRUE(Append(Removal(1)).ok());
  EXPECT_EQ(disk_.Mode(kJournal), 0600u);
  EXPECT_EQ(disk_.CountCalls("SyncDirectory"), 1);
  disk_.ClearCalls();
  EXPECT_TRUE(Append(Removal(2)).ok());
  const std::string name = kJournal;
  EXPECT_THAT(disk_.Calls(), ElementsAre("Open " + name, "TryLock " + name, "Size " + name,
                                         "ReadAt " + name, "WriteAt " + name, "SyncFile " + name));
}

TEST_F(RemovalJournalTest, MakesAnEmptyOneForNothing) {
  EXPECT_TRUE(journal_.Append({}).ok());
  EXPECT_THAT(disk_.Names(), ElementsAre(kJournal));
  EXPECT_THAT(Read(), IsEmpty());
}

TEST_F(RemovalJournalTest, KeepsForLaterWhatStillExists) {
  for (int day = 1; day <= 3; ++day) EXPECT_TRUE(Append(Removal(day)).ok());
  disk_.AddFile(Pcap(1), 1);
  disk_.AddFile(Pcap(2) + ".zst", 1);  // compressed since
  EXPECT_THAT(Read(), ElementsAre(Removal(3)));
  EXPECT_TRUE(journal_.Clear(Read()).ok());
  disk_.DropFile(Pcap(1));
  disk_.DropFile(Pcap(2) + ".zst");
  EXPECT_THAT(Read(), ElementsAre(Removal(1), Removal(2)));
}

TEST_F(RemovalJournalTest, ClearsWhatWasWrittenTwice) {
  EXPECT_TRUE(Append(Removal(1)).ok());
  EXPECT_TRUE(Append(Removal(1)).ok());
  EXPECT_THAT(Read(), SizeIs(2));
  EXPECT_TRUE(journal_.Clear(Read()).ok());
  EXPECT_THAT(Read(), IsEmpty());
}

TEST_F(RemovalJournalTest, WithdrawsOnlyTheNewest) {
  EXPECT_TRUE(Append(Removal(1)).ok());
  EXPECT_TRUE(Append(Removal(2)).ok());
  EXPECT_TRUE(journal_.Withdraw(Removal(1)).ok());
  EXPECT_THAT(Read(), SizeIs(2));
  EXPECT_TRUE(journal_.Withdraw(Removal(2)).ok());
  EXPECT_THAT(Read(), ElementsAre(Removal(1)));
  EXPECT_TRUE(journal_.Withdraw(Removal(1)).ok());
  EXPECT_TRUE(journal_.Withdraw(Removal(1)).ok());
  EXPECT_THAT(Read(), IsEmpty());
}

TEST_F(RemovalJournalTest, TellsAtMostSoManyAtOnce) {
  std::vector<RemovedSegment> removals(RemovalJournal::kMostAtOnce + 2, Removal(1));
  uint64_t sequence = 0;
  for (RemovedSegment& removal : removals) removal.sequence = ++sequence;
  EXPECT_TRUE(journal_.Append(removals).ok());
  const std::vector<RemovedSegment> first = Read();
  ASSERT_THAT(first, SizeIs(RemovalJournal::kMostAtOnce));
  EXPECT_EQ(first[0].sequence, 1u);
  EXPECT_TRUE(journal_.Clear(first).ok());
  EXPECT_THAT(Read(), ElementsAre(removals[removals.size() - 2], removals.back()));
}

// --- What is none of ours in it ---

TEST_F(RemovalJournalTest, DropsATornLineAndSaysItOnce) {
  EXPECT_TRUE(Append(Removal(1)).ok());
  EXPECT_TRUE(Append(Removal(2)).ok());
  const std::string whole = disk_.Content(kJournal);
  for (size_t torn = 1; torn + 1 < whole.size() / 2; torn += 7) {
    disk_.AddContent(kJournal, whole.substr(0, whole.size() - 1 - torn));
    EXPECT_THAT(Read(), ElementsAre(Removal(1)));
    EXPECT_TRUE(Append(Removal(3)).ok());
    EXPECT_THAT(Read(), ElementsAre(Removal(1), Removal(3)));
    log_.Clear();
    for (int pass = 0; pass < 3; ++pass) EXPECT_TRUE(journal_.Clear({}).ok());
    EXPECT_EQ(log_.Count("dropped what could not be read in .eth0.removed"), 1);
    EXPECT_THAT(Read(), ElementsAre(Removal(1), Removal(3)));
  }
  // Only the end of the line is missing.
  disk_.AddContent(kJournal, whole.substr(0, whole.size() - 1));
  EXPECT_TRUE(Append(Removal(3)).ok());
  EXPECT_THAT(Read(), ElementsAre(Removal(1), Removal(2), Removal(3)));
}

TEST_F(RemovalJournalTest, BelievesOnlyLinesOfItsInterface) {
  const RemovedSegment other{.file_name = "eth1.20261101_0000.pcap", .reason = "age"};
  const RemovedSegment ledger{.file_name = Pcap(1) + ".json", .reason = "age"};
  const RemovedSegment none{.file_name = "passwd", .reason = "age"};
  EXPECT_TRUE(journal_.Append({other, ledger, none}).ok());
  disk_.AddContent(kJournal,
                   absl::StrCat(disk_.Content(kJournal), std::string(600, '\0'),
                                "\n{}\n{\"file_name\": \"../eth0.20261101_0000.pcap\"}\n"));
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_TRUE(journal_.Clear({}).ok());
  EXPECT_EQ(disk_.Content(kJournal), "");
}

TEST_F(RemovalJournalTest, TakesWhatALaterVersionSaysBesides) {
  std::string line = *FormatRemoval(Removal(1));
  line.insert(1, "\"by\": \"someone\", ");
  disk_.AddContent(kJournal, line + "\n");
  EXPECT_THAT(Read(), ElementsAre(Removal(1)));
  EXPECT_TRUE(journal_.Clear(Read()).ok());
  EXPECT_EQ(disk_.Content(kJournal), "");
}

// --- Faults ---

class RemovalFaultTest : public RemovalJournalTest, public testing::WithParamInterface<DiskOp> {};

TEST_P(RemovalFaultTest, LeavesWhatWasThere) {
  EXPECT_TRUE(Append(Removal(1)).ok());
  EXPECT_TRUE(Append(Removal(2)).ok());
  disk_.Fail(GetParam(), "", absl::ResourceExhaustedError("No space left on device"));
  const absl::Status appended = Append(Removal(3));
  const bool reached = GetParam() != DiskOp::kCreate && GetParam() != DiskOp::kReplace;
  EXPECT_EQ(appended.code(), reached ? StatusCode::kResourceExhausted : StatusCode::kOk);
  EXPECT_EQ(journal_.Clear({Removal(1)}).code(), StatusCode::kResourceExhausted);
  disk_.ClearFailures();
  if (reached) {
    EXPECT_THAT(Read(), ElementsAre(Removal(1), Removal(2)));
  } else {
    EXPECT_THAT(Read(), ElementsAre(Removal(1), Removal(2), Removal(3)));
  }
  EXPECT_THAT(disk_.Names(), ElementsAre(kJournal));
}

INSTANTIATE_TEST_SUITE_P(EachStep, RemovalFaultTest,
                         testing::Values(DiskOp::kOpen, DiskOp::kTryLock, DiskOp::kSize,
                                         DiskOp::kReadAt, DiskOp::kWriteAt, DiskOp::kSyncFile,
                                         DiskOp::kCreate, DiskOp::kReplace));

TEST_F(RemovalJournalTest, IsClearedWithoutSpaceWhenNothingIsLeft) {
  EXPECT_TRUE(Append(Removal(1)).ok());
  disk_.Fail(DiskOp::kWriteAt, "", absl::ResourceExhaustedError("No space left on device"));
  disk_.Fail(DiskOp::kCreate, "", absl::ResourceExhaustedError("No space left on device"));
  EXPECT_TRUE(journal_.Clear({Removal(1)}).ok());
  EXPECT_THAT(Read(), IsEmpty());
}

TEST_F(RemovalJournalTest, WaitsForTheLockAndNotForEver) {
  EXPECT_TRUE(Append(Removal(1)).ok());
  disk_.HoldLock(kJournal, 2);
  EXPECT_TRUE(Append(Removal(2)).ok());
  EXPECT_EQ(waits_, 2);
  disk_.HoldLock(kJournal);
  EXPECT_EQ(Append(Removal(3)).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(journal_.Read().status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(RemovalJournalTest, AppendsToTheOneThatTookItsPlaceMeanwhile) {
  EXPECT_TRUE(journal_.Append({Removal(1), Removal(2)}).ok());
  bool replaced = false;
  disk_.SetHook([&](DiskOp op, const std::string&) {
    if (op != DiskOp::kTryLock || std::exchange(replaced, true)) return;
    RemovalJournal other(disk_, "eth0");
    EXPECT_TRUE(other.Clear({Removal(1)}).ok());
  });
  EXPECT_TRUE(Append(Removal(3)).ok());
  EXPECT_THAT(Read(), ElementsAre(Removal(2), Removal(3)));
}

TEST_F(RemovalJournalTest, RefusesWhatNoLedgerMaySay) {
  RemovedSegment removal = Removal(1);
  removal.reason = "\xff";
  EXPECT_EQ(Append(removal).code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(disk_.Names(), IsEmpty());
}

TEST_F(RemovalJournalTest, DoesNotGrowForEver) {
  disk_.AddFile(kJournal, (int64_t{64} << 20) - 10);
  EXPECT_EQ(Append(Removal(1)).code(), StatusCode::kResourceExhausted);
}

TEST(RemovalJournalOnDiskTest, LosesNothingBetweenThreads) {
  constexpr int kDays = 28;
  // Whoever has the lock may wait for the disk as long as that likes.
  constexpr int kForEver = std::numeric_limits<int>::max();
  CaptureDirectory directory;
  LogCapture log;
  const auto append = [&](int first) {
    RemovalJournal journal(*directory.disk(), "eth0",
                           {.attempts = kForEver, .wait = [] { std::this_thread::yield(); }});
    for (int day = first; day <= kDays; day += 2) EXPECT_TRUE(journal.Append({Removal(day)}).ok());
  };
  std::thread odd(append, 1);
  std::thread even(append, 2);
  RemovalJournal journal(*directory.disk(), "eth0",
                         {.attempts = kForEver, .wait = [] { std::this_thread::yield(); }});
  std::vector<RemovedSegment> told;
  while (told.size() < kDays && !testing::Test::HasFailure()) {
    std::vector<RemovedSegment> some = journal.Read().value();
    if (some.size() > 1) some.pop_back();  // so that the journal is replaced, too
    EXPECT_TRUE(journal.Clear(some).ok());
    told.insert(told.end(), some.begin(), some.end());
  }
  odd.join();
  even.join();
  std::sort(told.begin(), told.end(), [](const RemovedSegment& left, const RemovedSegment& right) {
    return left.sequence < right.sequence;
  });
  ASSERT_THAT(told, SizeIs(kDays));
  for (int day = 1; day <= kDays; ++day)
    EXPECT_EQ(told[static_cast<size_t>(day - 1)], Removal(day));
}

}  // namespace
}  // namespace dns_monitor
