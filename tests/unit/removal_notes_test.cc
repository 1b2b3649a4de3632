// What retention notes of what it removes, and that a journal which fails holds it up nowhere.
#include "dns_monitor/retention/removal_notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns_monitor/ledger/chain.h"
#include "dns_monitor/ledger/json.h"
#include "support/ledger_samples.h"
#include "support/retention_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RemovalNotesTest : public RetentionTest {
 protected:
  // What the next ledger of `interface` would tell.
  std::vector<RemovedSegment> Noted(FakeDisk& disk, const std::string& interface = "eth0") {
    return RemovalJournal(disk, interface).Read().value();
  }
  // The names of it.
  std::vector<std::string> NotedNames() {
    std::vector<std::string> names;
    for (const RemovedSegment& removal : Noted(disk_)) names.push_back(removal.file_name);
    return names;
  }
  std::string AddLedger(FakeDisk& disk, const std::string& segment) {
    Ledger ledger = FullLedger();
    ledger.file_name = segment;
    std::string bytes = *FormatLedger(ledger);
    disk.AddContent(segment + ".json", bytes);
    disk.SetModified(segment + ".json", begin_ns_ - 29 * kHour);
    return bytes;
  }
  void FailAppends(int times = -1) {
    disk_.Fail(DiskOp::kWriteAt, kJournal, absl::ResourceExhaustedError("No space left on device"),
               times);
  }

  static constexpr char kJournal[] = ".eth0.removed";
};

TEST_F(RemovalNotesTest, TellWhatTheLedgerSaidAndWhy) {
  AddSegment(30);
  const std::string bytes = AddLedger(disk_, Pcap(30));
  Make(Age(24)).Enforce();
  EXPECT_THAT(Files(), IsEmpty());
  const std::vector<RemovedSegment> noted = Noted(disk_);
  ASSERT_THAT(noted, SizeIs(1));
  EXPECT_EQ(noted[0].file_name, Pcap(30));
  EXPECT_EQ(noted[0].sequence, FullLedger().sequence);
  EXPECT_EQ(noted[0].ledger_sha256, Digest(bytes));
  EXPECT_EQ(noted[0].packets, FullLedger().balance.written);
  EXPECT_EQ(noted[0].last_packet_ns, FullLedger().last_packet_ns);
  EXPECT_EQ(noted[0].reason, "age 1d 5h, limit 1d");
}

TEST_F(RemovalNotesTest, AreOnTheDiskBeforeTheRemoval) {
  AddSegment(30);
  AddLedger(disk_, Pcap(30));
  disk_.SetHook([&](DiskOp op, const std::string& name) {
    if (op != DiskOp::kRemove || name != Pcap(30)) return;
    const std::vector<std::string> calls = disk_.Calls();
    ASSERT_GE(calls.size(), 2u);
    EXPECT_EQ(calls[calls.size() - 2], std::string("WriteAt ") + kJournal);
    EXPECT_EQ(calls.back(), std::string("SyncFile ") + kJournal);
    EXPECT_THAT(Noted(disk_), IsEmpty()) << "it is still there";
  });
  Make(Age(24)).Enforce();
  EXPECT_EQ(disk_.CountCalls("Remove " + Pcap(30)), 1);
  EXPECT_THAT(Noted(disk_), SizeIs(1));
}

TEST_F(RemovalNotesTest, GoToTheJournalOfAForeignSegment) {
  const auto other = std::make_shared<FakeDisk>();
  registry_.live = {{"/a", "eth0"}, {"/b", "eth2"}};
  registry_.disks["/b"] = other;
  SetFree(99 * kMiB);
  AddFile(*other, Pcap(9, "eth2"), 9);
  Retention eth0 = Make(Free(100 * kMiB));
  for (int pass = 0; pass < 4; ++pass) EnforceLater(eth0);
  const std::vector<RemovedSegment> noted = Noted(*other, "eth2");
  ASSERT_THAT(noted, SizeIs(1));
  EXPECT_EQ(noted[0].file_name, Pcap(9, "eth2"));
  EXPECT_THAT(Noted(disk_), IsEmpty());
}

TEST_F(RemovalNotesTest, MakeTheJournalAtOnce) {
  Make(Age(24)).Enforce();
  EXPECT_THAT(disk_.Names(), ElementsAre(kJournal));
}

TEST_F(RemovalNotesTest, AreTakenBackWhenNothingWasRemoved) {
  AddSegment(31);
  AddSegment(30);
  disk_.Fail(DiskOp::kRemove, Pcap(31), absl::PermissionDeniedError("immutable"));
  Retention retention = Make(Age(24));
  for (int pass = 0; pass < 5; ++pass) EnforceLater(retention);
  disk_.DropFile(Pcap(31));  // somebody else, later
  EXPECT_THAT(NotedNames(), ElementsAre(Pcap(30)));
}

TEST_F(RemovalNotesTest, SayNothingOfWhatSomebodyElseRemoved) {
  AddSegment(31);
  AddSegment(30);
  Retention retention = Make(Age(48));
  retention.Enforce();
  disk_.DropFile(Pcap(31));
  disk_.SetHook([&](DiskOp op, const std::string& name) {
    if (op == DiskOp::kRemove && name == Pcap(30)) disk_.DropFile(name);  // at the last moment
  });
  clock_.Advance(48 * kHour);
  retention.Enforce();
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_THAT(Noted(disk_), IsEmpty());
}

// --- Where the journal fails ---

TEST_F(RemovalNotesTest, HoldUpNoRemovalWithoutSpaceAndAreMadeUpFor) {
  for (int hours = 33; hours >= 31; --hours) AddSegment(hours);
  FailAppends();
  Retention retention = Make(Age(24));
  for (int pass = 0; pass < 3; ++pass) EnforceLater(retention);
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_EQ(log_.Count("cannot be noted in /a/.eth0.removed for the next ledger: No space"), 1);
  EXPECT_THAT(Noted(disk_), IsEmpty());
  disk_.ClearFailures();
  EnforceLater(retention);
  EXPECT_THAT(NotedNames(), ElementsAre(Pcap(33), Pcap(32), Pcap(31)));
}

TEST_F(RemovalNotesTest, AreAppendedWithTheNextOne) {
  AddSegment(31);
  AddSegment(30);
  FailAppends(1);
  Retention retention = Make(Age(24));
  retention.Enforce();
  EXPECT_THAT(NotedNames(), ElementsAre(Pcap(31), Pcap(30)));
  FailAppends(1);  // is said anew
  AddSegment(29);
  retention.Add({Name(29), kMiB, begin_ns_ - 28 * kHour});
  retention.Enforce();
  EXPECT_EQ(log_.Count("cannot be noted"), 2);
}

TEST_F(RemovalNotesTest, ForgetWhatIsKeptOfAnAttemptThatFailed) {
  AddSegment(30);
  FailAppends();
  disk_.Fail(DiskOp::kRemove, Pcap(30), absl::PermissionDeniedError("immutable"));
  Retention retention = Make(Age(24));
  retention.Enforce();
  disk_.ClearFailures();
  disk_.DropFile(Pcap(30));  // somebody else
  EnforceLater(retention);
  EXPECT_THAT(Noted(disk_), IsEmpty());
}

TEST_F(RemovalNotesTest, WaitForALockOnceAndNotWithEachRemoval) {
  int waits = 0;
  RemovalNotes notes({.attempts = 3, .wait = [&] { ++waits; }});
  notes.Save(disk_, "/a", "eth0");
  disk_.HoldLock(kJournal);
  for (int hours = 30; hours >= 28; --hours) {
    notes.Add(disk_, "/a", "eth0", {.file_name = Pcap(hours), .reason = "age"});
  }
  EXPECT_EQ(waits, 2);
  disk_.HoldLock(kJournal, 0);
  notes.Save(disk_, "/a", "eth0");
  EXPECT_THAT(NotedNames(), ElementsAre(Pcap(30), Pcap(29), Pcap(28)));
}

TEST_F(RemovalNotesTest, AreKeptInBounds) {
  RemovalNotes notes;
  FailAppends();
  RemovedSegment removal{.file_name = Pcap(30), .sequence = 0, .reason = "age"};
  for (; removal.sequence < RemovalNotes::kMostKept + 2; ++*removal.sequence) {
    notes.Add(disk_, "/a", "eth0", removal);
  }
  disk_.ClearFailures();
  notes.Save(disk_, "/a", "eth0");
  const std::vector<RemovedSegment> noted = Noted(disk_);
  ASSERT_THAT(noted, SizeIs(RemovalNotes::kMostKept));
  EXPECT_EQ(noted[0].sequence, 2u);
}

TEST_F(RemovalNotesTest, AreNotHeldUpByOneThatNoLedgerMaySay) {
  RemovalNotes notes;
  notes.Add(disk_, "/a", "eth0", {.file_name = Pcap(30), .reason = "\xff"});
  notes.Add(disk_, "/a", "eth0", {.file_name = Pcap(29), .reason = "age"});
  EXPECT_THAT(NotedNames(), ElementsAre(Pcap(29)));
  EXPECT_EQ(log_.Count("/reason: must be a string of UTF-8"), 1);
}

}  // namespace
}  // namespace dns_monitor
