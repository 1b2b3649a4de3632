#include "support/verify_fixture.h"

namespace dns_monitor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(VerifyTest, TakesWhatRetentionRemoved) {
  chain_.Remove(0);
  chain_.AppendMinutes(3, 3);
  EXPECT_THAT(Check(), IsEmpty());
  chain_.Remove(1);
  chain_.Remove(2);
  chain_.AppendMinutes(4, 5);
  EXPECT_THAT(Check(), IsEmpty());
  EXPECT_THAT(messages_, IsEmpty());
  EXPECT_EQ(totals_.segments, 3);
}

// The ledger that told of the first removal is removed, too.
TEST_F(VerifyTest, TakesWhatWasRemovedLongAgo) {
  for (int minute = 3; minute < 20; ++minute) {
    chain_.Remove(minute - 3);
    chain_.AppendMinutes(minute, minute);
    EXPECT_THAT(Check(), IsEmpty()) << minute;
    EXPECT_THAT(messages_, IsEmpty()) << minute;
  }
}

TEST_F(VerifyTest, TakesRemovalsFromTheMiddle) {
  chain_.Remove(1);
  chain_.AppendMinutes(3, 3);
  EXPECT_THAT(Check(), IsEmpty());
  EXPECT_THAT(messages_, IsEmpty());
}

TEST_F(VerifyTest, MissesWhatNobodyRemoved) {
  chain_.AppendMinutes(3, 5);
  chain_.Remove(0);
  chain_.AppendMinutes(6, 6);
  chain_.Drop(1);
  EXPECT_THAT(Check(), ElementsAre(PcapName(1) + " segment_missing"));
  EXPECT_THAT(messages_, ElementsAre(HasSubstr("number 1;")));
  chain_.Drop(3);
  chain_.Drop(4);
  EXPECT_THAT(Check(),
              ElementsAre(PcapName(1) + " segment_missing", PcapName(4) + " segment_missing"));
  EXPECT_THAT(messages_[1], HasSubstr("2 of the numbers 3 to 4"));
}

// Then it is not known whether a ledger told of the hole: the one that was removed may have.
TEST_F(VerifyTest, NotesHolesBeforeARemoval) {
  chain_.AppendMinutes(3, 4);
  chain_.Remove(3);
  chain_.AppendMinutes(5, 5);
  chain_.Drop(1);
  EXPECT_THAT(Check(), IsEmpty());
  EXPECT_THAT(Notes(), ElementsAre(PcapName(1) + " gone"));
}

// Retention removes while a segment is written, whose ledger is to tell.
TEST_F(VerifyTest, NotesTheOldestOnesGoneWhileOneIsBeingWritten) {
  chain_.Drop(0);
  EXPECT_THAT(Check(), ElementsAre(PcapName(0) + " segment_missing"));
  chain_.files[PcapName(3) + ".part"] = "x";
  EXPECT_THAT(Check(), IsEmpty());
  EXPECT_THAT(Notes(), ElementsAre(PcapName(3) + ".part being_written", PcapName(0) + " gone"));
  chain_.files.erase(PcapName(3) + ".part");
  chain_.AppendMinutes(3, 3);
  EXPECT_THAT(Check(), ElementsAre(PcapName(0) + " segment_missing"));
  // Retention takes the oldest.
  chain_.files[PcapName(4) + ".part"] = "x";
  chain_.Drop(2);
  EXPECT_THAT(Check(), ElementsAre(PcapName(2) + " segment_missing"));
}

TEST_F(VerifyTest, HoldsTheLinkAgainstWhatWasRemoved) {
  chain_.Remove(1);
  chain_.Append(chain_.Make(3), [](Ledger& ledger) { (*ledger.removed[0].ledger_sha256)[5] ^= 1; });
  EXPECT_THAT(Check(), ElementsAre(LedgerName(2) + " chain"));
}

// Of a segment without a ledger nothing but its name was known when it was removed.
TEST_F(VerifyTest, TakesRemovalsThatAreKnownByNameAlone) {
  chain_.Remove(1);
  chain_.Append(chain_.Make(3), [](Ledger& ledger) {
    ledger.removed = {{.file_name = ledger.removed[0].file_name, .reason = "older than 1d"}};
  });
  EXPECT_THAT(Check(), IsEmpty());
  EXPECT_THAT(messages_, IsEmpty());
}

// The clock went back an hour: the name is older than its place in the chain, or taken.
TEST_F(VerifyTest, FollowsNumbersAndNotNames) {
  chain_.AppendMinutes(40, 41);
  chain_.AppendMinutes(10, 10);
  chain_.Append(chain_.Make("eth0.20261125_0001-1.pcap", 1));
  chain_.Append(chain_.Make("eth0.20261125_0001-2.pcap", 1));
  chain_.AppendMinutes(11, 12);
  options_.deep = true;
  EXPECT_THAT(Check(), IsEmpty());
  chain_.files.erase("eth0.20261125_0001-1.pcap");
  chain_.files.erase("eth0.20261125_0001-1.pcap.json");
  EXPECT_THAT(Check(), ElementsAre("eth0.20261125_0001-1.pcap segment_missing"));
}

TEST_F(VerifyTest, ComparesWhatIsInTheRing) {
  const auto hold = [](uint64_t begin, uint64_t end) {
    return [begin, end](Ledger& ledger) {
      ledger.balance.in_ring_begin = begin;
      ledger.balance.in_ring_end = end;
      ledger.balance.matched += end - begin;
      ledger.balance.seen += end - begin;
    };
  };
  chain_.Append(chain_.Make(3), hold(0, 5));
  chain_.Append(chain_.Make(4), hold(5, 2));
  EXPECT_THAT(Check(), IsEmpty());
  chain_.Append(chain_.Make(5), hold(3, 0));
  EXPECT_THAT(Check(), ElementsAre(LedgerName(5) + " in_ring"));
}

// Rings end with their process.
TEST_F(VerifyTest, BeginsWithAnEmptyRingAfterAStart) {
  for (const GapReason reason : {GapReason::kStarted, GapReason::kCrashed}) {
    ChainMaker chain;
    chain.Append(chain.Make(0), [](Ledger& ledger) {
      ledger.balance.in_ring_end = 4;
      ledger.balance.matched += 4;
      ledger.balance.seen += 4;
    });
    chain.Append(chain.Make(1), [&](Ledger& ledger) {
      ledger.gaps.push_back(
          {.from_ns = ledger.from_ns - 1, .to_ns = ledger.from_ns, .reason = reason});
    });
    chain_ = chain;
    EXPECT_THAT(Check(), IsEmpty());
  }
}

// The rings went on, though the process did not.
TEST_F(VerifyTest, ComparesWhatIsInTheRingWhereAProcessTookOver) {
  const auto take_over = [](uint64_t begin) {
    return [begin](Ledger& ledger) {
      ledger.balance.in_ring_begin = begin;
      ledger.balance.matched -= begin;
      ledger.balance.seen -= begin;
      ledger.gaps.push_back({.from_ns = ledger.from_ns,
                             .to_ns = ledger.from_ns + 1,
                             .reason = GapReason::kTakenOver});
    };
  };
  for (const uint64_t begin : {3u, 4u, 5u}) {
    ChainMaker chain;
    chain.Append(chain.Make(0), [](Ledger& ledger) {
      ledger.balance.in_ring_end = 4;
      ledger.balance.matched += 4;
      ledger.balance.seen += 4;
    });
    chain.Append(chain.Make(1), take_over(begin));
    chain_ = chain;
    const std::vector<std::string> told = Check();
    if (begin == 4) {
      EXPECT_THAT(told, IsEmpty());
    } else {
      EXPECT_THAT(told, ElementsAre(LedgerName(1) + " in_ring")) << begin;
    }
  }
}

TEST_F(VerifyTest, TellsOfLedgersWithOneNumber) {
  chain_.Append(chain_.Make(3), [](Ledger& ledger) { ledger.sequence = 2; });
  EXPECT_THAT(Check(), ElementsAre(LedgerName(3) + " sequence"));
}

// One thing that is wrong is told once.
TEST_F(VerifyTest, MissesNoSegmentForALedgerThatIsTold) {
  chain_.AppendMinutes(3, 4);
  chain_.files[LedgerName(0)] = "{";
  chain_.files[LedgerName(2)] = "{";
  chain_.files.erase(LedgerName(3));
  EXPECT_THAT(Check(),
              ElementsAre(LedgerName(0) + " ledger_invalid", LedgerName(2) + " ledger_invalid",
                          PcapName(3) + " ledger_missing"));
}

// Numbers that no chain has, in ledgers of nobody knows whom.
TEST_F(VerifyTest, TakesAnyNumber) {
  chain_.Append(chain_.Make(3), [](Ledger& ledger) { ledger.sequence = UINT64_MAX; });
  EXPECT_THAT(Check(), ElementsAre(LedgerName(3) + " sequence"));
  chain_.Append(chain_.Make(4), [](Ledger& ledger) { ledger.sequence = 0; });
  EXPECT_THAT(Check(), testing::Contains(LedgerName(4) + " sequence"));
  chain_.Drop(3);
  EXPECT_THAT(Check(), testing::Contains(LedgerName(4) + " sequence"));
}

TEST_F(VerifyTest, KeepsTheChainsOfInterfacesApart) {
  ChainMaker other("lo");
  other.AppendMinutes(0, 4);
  other.Drop(2);
  chain_.files.merge(other.files);
  EXPECT_THAT(Check(), ElementsAre(other.PcapName(2) + " segment_missing"));
}

}  // namespace
}  // namespace dns_monitor
