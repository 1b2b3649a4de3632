// What is right, or a note, although it may not look so; seals, and what is asked for.
#include "absl/strings/str_format.h"
#include "support/verify_fixture.h"

namespace dns_monitor {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kPcap[] = "eth0.20261125_0001.pcap";
constexpr char kLedger[] = "eth0.20261125_0001.pcap.json";
constexpr char kNewest[] = "eth0.20261125_0002.pcap";
constexpr char kNewestLedger[] = "eth0.20261125_0002.pcap.json";

std::string Of(const char* file, const char* kind) {
  return absl::StrCat(file, " ", kind);
}

TEST_F(VerifyTest, ComparesChecksumsDeeply) {
  chain_.Edit(2, [](Ledger& ledger) { ledger.index[1].xxh3 ^= 1; });
  EXPECT_THAT(Check(), IsEmpty());
  options_.deep = true;
  EXPECT_THAT(Check(), ElementsAre(Of(kNewest, "checksum")));
  EXPECT_THAT(messages_, ElementsAre(HasSubstr("between 256 and 512")));
}

TEST_F(VerifyTest, FindsPacketsOutOfOrder) {
  const int64_t from_ns = kChainBeginNs + 3 * kMinuteNs;
  // The first one came from before the segment, the third one is older than the second.
  chain_.Append(
      MadeSegment::Of(PcapName(3), from_ns, {from_ns - 5000, from_ns + 9000, from_ns + 7000}));
  EXPECT_THAT(Check(), ElementsAre(Of("eth0.20261125_0003.pcap", "order"),
                                   Of("eth0.20261125_0003.pcap", "borders")));
}

TEST_F(VerifyTest, TakesLatePacketsThatTheLedgerCounts) {
  const int64_t from_ns = kChainBeginNs + 3 * kMinuteNs;
  MadeSegment made =
      MadeSegment::Of(PcapName(3), from_ns, {from_ns - 5000, from_ns + 9000, from_ns + 7000});
  made.ledger.balance.late = 2;
  chain_.Append(made);
  EXPECT_THAT(Check(), IsEmpty());
  // None comes from behind the segment.
  chain_.Edit(3, [&](Ledger& ledger) { ledger.to_ns = from_ns + 9000; });
  EXPECT_THAT(Check(), ElementsAre(Of("eth0.20261125_0003.pcap", "borders")));
}

// From on, the file's unit hides what is below it.
TEST_F(VerifyTest, ComparesBordersInTheUnitOfTheFile) {
  MadeSegment made = chain_.Make(3);
  made.ledger.from_ns += 999;
  chain_.Append(made);
  EXPECT_THAT(Check(), IsEmpty());
}

TEST_F(VerifyTest, TakesSegmentsWithoutPackets) {
  chain_.Append(MadeSegment::Of(PcapName(3), kChainBeginNs + 3 * kMinuteNs, {}));
  options_.deep = true;
  EXPECT_THAT(Check(), IsEmpty());
  EXPECT_EQ(totals_.segments, 4);
}

TEST_F(VerifyTest, ChecksSealsDeeply) {
  const std::string hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  const std::string seal = std::string(kPcap) + ".sha256";
  chain_.files[seal] = hex + "  " + kPcap + "\n";
  EXPECT_THAT(Check(), IsEmpty());
  options_.deep = true;
  EXPECT_THAT(Check(), ElementsAre(seal + " seal"));
  const Sha256 digest = Digest(chain_.files[kPcap]);
  std::string right;
  for (const uint8_t byte : digest) absl::StrAppendFormat(&right, "%02x", byte);
  for (const char* between : {"  ", " *"}) {
    chain_.files[seal] = right + between + kPcap + "\n";
    EXPECT_THAT(Check(), IsEmpty());
  }
  for (const std::string& wrong : {right + "  " + kNewest + "\n", right + "\n", std::string(),
                                   right + "  " + kPcap, std::string(5000, 'a')}) {
    chain_.files[seal] = wrong;
    EXPECT_THAT(Check(), ElementsAre(seal + " seal"));
  }
}

TEST_F(VerifyTest, PassesOverWhatIsNoSegment) {
  for (const char* name : {".eth0.lock", "notes.txt", "eth0.pcap", "eth0.20261125_0001.pcap.json~",
                           "eth0.20261125_0001.pcap.tmp"}) {
    chain_.files[name] = "x";
  }
  EXPECT_THAT(Check(), IsEmpty());
  EXPECT_THAT(messages_, IsEmpty());
}

TEST_F(VerifyTest, NotesWhatIsBeingWritten) {
  chain_.files["eth0.20261125_0003.pcap.part"] = "x";
  chain_.files["eth0.20261125_0004.pcap.zst.part"] = "x";
  EXPECT_THAT(Check(), IsEmpty());
  EXPECT_THAT(Notes(), ElementsAre("eth0.20261125_0003.pcap.part being_written",
                                   "eth0.20261125_0004.pcap.zst.part being_written"));
  EXPECT_EQ(totals_.being_written, 2);
  EXPECT_EQ(totals_.segments, 3);
}

TEST_F(VerifyTest, NotesWhatTheLedgerSaysOfTheDisk) {
  chain_.Append(chain_.Make(3), [](Ledger& ledger) {
    ledger.damaged = true;
    ledger.damage = "write: Input/output error";
  });
  EXPECT_THAT(Check(), IsEmpty());
  EXPECT_THAT(Notes(), ElementsAre("eth0.20261125_0003.pcap damaged"));
  EXPECT_THAT(messages_, ElementsAre(HasSubstr("Input/output error")));
}

// Its index ends with the last stretch that came to be in the file as a whole.
TEST_F(VerifyTest, TakesShorterIndexesOfDamagedSegments) {
  MadeSegment made = chain_.Make(3);
  ASSERT_EQ(made.ledger.index.size(), 3);
  made.ledger.damaged = true;
  made.ledger.index.pop_back();
  chain_.Append(made);
  options_.deep = true;
  EXPECT_THAT(Check(), IsEmpty());
  chain_.Edit(3, [](Ledger& ledger) { ledger.index[1].xxh3 ^= 1; });
  EXPECT_THAT(Check(), ElementsAre(Of("eth0.20261125_0003.pcap", "checksum")));
  chain_.Edit(3, [](Ledger& ledger) { ledger.index.clear(); });
  EXPECT_THAT(Check(), IsEmpty());
}

TEST_F(VerifyTest, TellsOfDirectoriesWithoutSegments) {
  chain_ = ChainMaker();
  EXPECT_THAT(Check(), ElementsAre(" empty"));
  chain_.files["eth0.20261125_0003.pcap.part"] = "x";
  EXPECT_THAT(Check(), ElementsAre(" empty"));
}

TEST_F(VerifyTest, LimitsItselfToAnInterface) {
  ChainMaker other("eth0.100");
  other.AppendMinutes(0, 1);
  other.files["eth0.100.20261125_0001.pcap"].pop_back();
  chain_.files.merge(other.files);
  EXPECT_EQ(Check().size(), 2);
  EXPECT_EQ(totals_.segments, 5);
  options_.interface = "eth0";
  EXPECT_THAT(Check(), IsEmpty());
  EXPECT_EQ(totals_.segments, 3);
  options_.interface = "eth1";
  EXPECT_THAT(Check(), ElementsAre(" empty"));
  EXPECT_THAT(messages_, ElementsAre(HasSubstr("eth1")));
}

TEST_F(VerifyTest, ChecksSingleFilesWithoutTheChain) {
  chain_.Drop(0);
  chain_.files[kNewest].pop_back();
  only_ = {kPcap, kLedger};
  EXPECT_THAT(Check(), IsEmpty());
  EXPECT_EQ(totals_.segments, 1);
  only_ = {kNewestLedger};
  EXPECT_THAT(Check(), Contains(Of(kNewest, "truncated")));
  only_ = {"eth0.20261125_0000.pcap"};
  EXPECT_THAT(Check(), ElementsAre("eth0.20261125_0000.pcap unreadable"));
}

}  // namespace
}  // namespace dns_monitor
