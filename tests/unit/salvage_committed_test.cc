// What becomes of parts whose process has told how far they count.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>

#include "dns_monitor/recovery/recover.h"
#include "support/fake_clock.h"
#include "support/log_capture.h"
#include "support/salvage_fixture.h"

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SalvageCommittedTest : public SalvageTest {
 protected:
  SalvageCommittedTest() {
    options_.committed = [this](const SegmentName& name) -> std::optional<CommittedPart> {
      const auto found = committed_.find(name.Part());
      return found == committed_.end() ? std::nullopt : std::make_optional(found->second);
    };
  }

  // That so many bytes of the part count; of the file that it is, if that is asked for.
  void Commit(size_t length, const std::string& suffix = "", uint64_t inode = 0) {
    committed_[Part(suffix)] = {.inode = inode, .length_bytes = static_cast<int64_t>(length)};
  }
  uint64_t InodeOfPart() {
    const absl::StatusOr<Fd> file = disk_.OpenForReading(Part());
    struct stat status {};
    EXPECT_TRUE(file.ok() && fstat(file->get(), &status) == 0);
    return status.st_ino;
  }
  // The ends of the header and of all records of File.
  static std::vector<size_t> Borders() {
    const PcapMaker maker;
    std::vector<size_t> borders = {maker.FileHeader().size()};
    for (const std::string& record : Records(maker)) {
      borders.push_back(borders.back() + record.size());
    }
    return borders;
  }

  std::map<std::string, CommittedPart> committed_;
};

TEST_F(SalvageCommittedTest, CutsAtEachBorderWhateverLiesBehindIt) {
  const std::string file = File();
  const std::vector<size_t> borders = Borders();
  for (size_t packets = 0; packets < borders.size(); ++packets) {
    const size_t length = borders[packets];
    Commit(length);
    for (const std::string& behind :
         {std::string(), file.substr(length), file.substr(length, 5), file.substr(0, 1000),
          std::string(8192, '\0'), file.substr(length) + std::string(8192, '\0'),
          std::string("anything")}) {
      SCOPED_TRACE(testing::Message() << packets << " packets, and " << behind.size() << " bytes");
      disk_.AddContent(Part(), file.substr(0, length) + behind);
      const SalvagedPart part = RunOne();
      EXPECT_TRUE(part.error.ok()) << part.error;
      EXPECT_EQ(part.action, SalvageAction::kFinished);
      EXPECT_TRUE(part.committed);
      EXPECT_EQ(part.packets, packets);
      EXPECT_EQ(part.kept_bytes, static_cast<int64_t>(length));
      EXPECT_EQ(part.cut_bytes, static_cast<int64_t>(behind.size()));
      EXPECT_THAT(disk_.Names(), ElementsAre(Pcap()));
      EXPECT_EQ(disk_.Content(Pcap()), file.substr(0, length));
      disk_.DropFile(Pcap());
    }
  }
}

// Zeros at a border of 512 bytes put a record in doubt, but not one that is committed.
TEST_F(SalvageCommittedTest, KeepsARecordThatEndsInZeros) {
  const PcapMaker maker;
  const std::string record = maker.Make({.payload = std::string("ab\0", 3)});
  const std::string whole = FileOf(1024 + 1 - record.size()) + record;
  Commit(whole.size());
  ExpectKept(whole + std::string(4096, '\0'), whole.size());
}

TEST_F(SalvageCommittedTest, RemovesAPartOfWhichNothingCounts) {
  Commit(0);
  for (const std::string& content : {File(), PcapMaker().FileHeader(), std::string(),
                                     std::string("a text, which is no capture")}) {
    ExpectKept(content, 0);
  }
  disk_.AddContent(Part(), File());
  disk_.AddContent(Pcap() + ".json", "stale");
  EXPECT_EQ(RunOne().cut_bytes, static_cast<int64_t>(File().size()));
  EXPECT_THAT(disk_.Names(), IsEmpty());
}

TEST_F(SalvageCommittedTest, FinishesAPartOfWhichNothingIsKnownAsEver) {
  Commit(24, "-1");
  const SalvagedPart part = RunOn(File() + "torn");
  EXPECT_FALSE(part.committed);
  EXPECT_EQ(part.packets, 5u);
}

TEST_F(SalvageCommittedTest, HoldsAnotherFileOfTheNameForAnyOther) {
  const std::vector<size_t> borders = Borders();
  for (const size_t length : {size_t{0}, borders[2]}) {
    disk_.AddContent(Part(), File() + "torn");
    const uint64_t inode = InodeOfPart();
    Commit(length, "", inode + 1);
    const SalvagedPart part = RunOne();
    EXPECT_EQ(part.action, SalvageAction::kFinished);
    EXPECT_FALSE(part.committed);
    EXPECT_EQ(part.packets, 5u);
    EXPECT_EQ(disk_.Content(Pcap()), File());
    disk_.DropFile(Pcap());
  }
  disk_.AddContent(Part(), File());
  Commit(borders[2], "", InodeOfPart());
  EXPECT_TRUE(RunOne().committed);
  EXPECT_EQ(disk_.Content(Pcap()), File().substr(0, borders[2]));
}

TEST_F(SalvageCommittedTest, LeavesAPartAloneThatIsShorterThanItWas) {
  for (const size_t size : {size_t{0}, size_t{24}, File().size() - 1}) {
    const std::string content = File().substr(0, size);
    Commit(File().size());
    const SalvagedPart part = RunOn(content);
    ExpectLeftAlone(part, content);
    EXPECT_EQ(part.error.code(), StatusCode::kDataLoss);
    EXPECT_FALSE(part.committed);
  }
}

TEST_F(SalvageCommittedTest, LeavesAPartAloneThatItCannotCut) {
  Commit(Borders()[2]);
  disk_.Fail(DiskOp::kTruncate, Part(), absl::DataLossError("Input/output error"));
  ExpectLeftAlone(RunOn(File()), File());
}

// A disk that has lost what it had taken.
TEST_F(SalvageCommittedTest, DoesNotSayThatItEndsWhereItDoesNot) {
  Commit(File().size());
  const SalvagedPart part =
      RunOn(File().substr(0, Borders()[3]) + std::string(File().size() - Borders()[3], '\0'));
  EXPECT_EQ(part.kept_bytes, static_cast<int64_t>(Borders()[3]));
  EXPECT_FALSE(part.committed);
}

TEST_F(SalvageCommittedTest, CutsBeforeAnythingIsRead) {
  disk_.AddContent(Part(), File());
  Commit(Borders()[1]);
  disk_.ClearCalls();
  RunOne();
  const std::vector<std::string> calls = disk_.Calls();
  EXPECT_THAT(std::vector<std::string>(calls.begin(), calls.begin() + 6),
              ElementsAre("List", "Open " + Part(), "TryLock " + Part(), "Size " + Part(),
                          "Truncate " + Part(), "ReadAt " + Part()));
}

// Nobody knows later how far it counts, and another process takes the rest from the rings.
TEST_F(SalvageCommittedTest, CutsThoughTheProgramEnds) {
  const std::string large = FileOf(200'000);  // while it is read, it is asked whether to go on
  const std::string more = large + PcapMaker().Make({.payload = Payload(50)});
  disk_.AddContent(Part(), more);
  Commit(large.size());
  disk_.AddContent(Part("-1"), more);
  Commit(0, "-1");
  disk_.AddContent(Part("-2"), more);
  options_.cancelled = [] { return true; };
  const std::vector<SalvagedPart> parts = Run();
  ASSERT_THAT(parts, SizeIs(3));
  EXPECT_EQ(parts[0].action, SalvageAction::kLeftAlone);
  EXPECT_EQ(parts[0].error.code(), StatusCode::kCancelled);
  EXPECT_EQ(disk_.Content(Part()), large);
  EXPECT_EQ(parts[1].action, SalvageAction::kRemoved);
  EXPECT_EQ(parts[2].error.code(), StatusCode::kCancelled);
  EXPECT_EQ(disk_.Content(Part("-2")), more);
  // At the next start.
  options_.cancelled = nullptr;
  EXPECT_EQ(Run()[0].packets, 1u);
  EXPECT_EQ(disk_.Content(Pcap()), large);
}

TEST_F(SalvageCommittedTest, WaitsLongerForTheLock) {
  options_.cancelled = [] { return true; };  // and also then
  const std::string cut = File().substr(0, Borders()[2]);
  Commit(cut.size());
  disk_.AddContent(Part(), File());
  disk_.HoldLock(Part(), 10);  // others are given up after three attempts
  EXPECT_TRUE(RunOne().committed);
  EXPECT_EQ(waits_, 10);
  EXPECT_EQ(disk_.Content(Pcap()), cut);
  disk_.DropFile(Pcap());
  disk_.AddContent(Part(), File());
  disk_.HoldLock(Part());
  const SalvagedPart part = RunOne();
  EXPECT_EQ(part.action, SalvageAction::kLeftAlone);
  EXPECT_EQ(part.error.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(disk_.Content(Part()), File());
}

// --- Its ledger ---

constexpr int64_t kNowNs = 1'800'000'000 * kNanosecondsPerSecond;

class RecoverKnownTest : public SalvageCommittedTest {
 protected:
  RecoverKnownTest() {
    clock_.SetRealtimeNs(kNowNs);
    recovery_.zone = absl::UTCTimeZone();
    recovery_.clock = &clock_;
    recovery_.known = [this](const SegmentName& name) -> std::optional<KnownPart> {
      const auto found = committed_.find(name.Part());
      if (found == committed_.end()) return std::nullopt;
      return KnownPart{.end = found->second, .ledger = told_};
    };
    recovery_.write_ledger = [this](const Ledger& ledger) {
      ledgers_.push_back(ledger);
      return absl::OkStatus();
    };
    recovery_.on_gone = [this](const SalvagedPart& part) { gone_.push_back(part.part); };
    // What nobody could read from a file.
    told_.ifindex = 7;
    told_.settings = {.ports = {53},
                      .filter = "udp",
                      .direction = CapturedDirection::kIn,
                      .icmp_errors = true,
                      .snaplen = 1,
                      .nanoseconds = true};
    told_.from_ns = 1'699'999'980 * kNanosecondsPerSecond;
    told_.to_ns = 1'700'000'040 * kNanosecondsPerSecond;
    told_.balance.seen = told_.balance.matched = 5;
    told_.balance.written = 2;
    told_.balance.in_ring_end = 3;
    told_.losses = {{.cause = LossCause::kCopy, .count = 1, .from_ns = 1, .to_ns = 2}};
    told_.gaps = {{.from_ns = 1, .to_ns = 2, .reason = GapReason::kStalled}};
    told_.interface_begin = InterfaceCounters{.rx_packets = 4};
    told_.file_name = "another";
    told_.length_bytes = 1;
    told_.interface = "another";
    told_.link_type = 99;
  }
  void Recover() { dns_monitor::Recover(disk_, FindLeftovers(disk_, "eth0").value(), recovery_); }

  FakeClock clock_;
  RecoveryOptions recovery_;
  Ledger told_;  // of each part that is known
  std::vector<Ledger> ledgers_;
  std::vector<std::string> gone_;
  LogCapture log_;
};

TEST_F(RecoverKnownTest, TellsWhatItsProcessHasCounted) {
  disk_.AddContent(Part(), File());
  Commit(Borders()[2]);
  Recover();
  ASSERT_THAT(ledgers_, SizeIs(1));
  const Ledger& ledger = ledgers_[0];
  EXPECT_EQ(ledger.ifindex, 7u);
  EXPECT_EQ(ledger.from_ns, told_.from_ns);
  EXPECT_EQ(ledger.to_ns, told_.to_ns);
  EXPECT_EQ(ledger.balance, told_.balance);
  EXPECT_EQ(ledger.losses, told_.losses);
  EXPECT_EQ(ledger.gaps, told_.gaps) << "no crash: the filter went on";
  EXPECT_EQ(ledger.interface_begin, told_.interface_begin);
  EXPECT_EQ(ledger.settings.filter, "udp");
  EXPECT_EQ(ledger.settings.direction, CapturedDirection::kIn);
  EXPECT_FALSE(ledger.damaged);
  // These are the file's.
  EXPECT_EQ(ledger.file_name, Pcap());
  EXPECT_EQ(ledger.length_bytes, static_cast<int64_t>(Borders()[2]));
  EXPECT_EQ(ledger.interface, "eth0");
  EXPECT_EQ(ledger.link_type, 1u);
  EXPECT_EQ(ledger.settings.snaplen, 65535u);
  EXPECT_FALSE(ledger.settings.nanoseconds);
  EXPECT_EQ(ledger.first_packet_ns, 1'700'000'000 * kNanosecondsPerSecond + 5000);
  EXPECT_EQ(ledger.last_packet_ns, 1'700'000'001 * kNanosecondsPerSecond + 5000);
  ASSERT_THAT(ledger.index, SizeIs(1));
  EXPECT_EQ(ledger.index[0].packets, 2u);
}

TEST_F(RecoverKnownTest, KeepsAnEmptySegmentThatItsProcessHasEnded) {
  disk_.AddContent(Part(), PcapMaker().FileHeader() + std::string(4096, '\0'));
  Commit(24);
  told_.balance = {.seen = 9, .not_dns = 9};
  Recover();
  EXPECT_EQ(disk_.Content(Pcap()), PcapMaker().FileHeader());
  ASSERT_THAT(ledgers_, SizeIs(1));
  EXPECT_EQ(ledgers_[0].balance.seen, 9u);
  EXPECT_EQ(ledgers_[0].first_packet_ns, std::nullopt);
  EXPECT_EQ(ledgers_[0].last_packet_ns, std::nullopt);
}

TEST_F(RecoverKnownTest, TellsTheDamageThatItsProcessKnew) {
  disk_.AddContent(Part(), File());
  Commit(Borders()[2]);
  told_.damaged = true;
  told_.damage = "write: Input/output error";
  Recover();
  EXPECT_TRUE(ledgers_[0].damaged);
  EXPECT_EQ(ledgers_[0].damage, "write: Input/output error");
}

TEST_F(RecoverKnownTest, TellsTheDamageThatItMeets) {
  disk_.AddContent(Part(), File());
  disk_.Fail(DiskOp::kSyncFile, Part(), absl::DataLossError("Input/output error"));
  Commit(Borders()[2]);
  Recover();
  EXPECT_TRUE(ledgers_[0].damaged);
  EXPECT_EQ(ledgers_[0].damage, "Input/output error");
  EXPECT_EQ(ledgers_[0].balance, told_.balance);
}

// What its process has counted is not of this file.
TEST_F(RecoverKnownTest, TellsOfAnotherFileOfTheNameWhatTheFileTells) {
  disk_.AddContent(Part(), File());
  Commit(Borders()[2], "", InodeOfPart() + 1);
  Recover();
  ASSERT_THAT(ledgers_, SizeIs(1));
  EXPECT_EQ(ledgers_[0].balance.written, 5u);
  ASSERT_THAT(ledgers_[0].gaps, SizeIs(1));
  EXPECT_EQ(ledgers_[0].gaps[0].reason, GapReason::kCrashed);
}

// Two segments want one name: the ledger is that of the part, whatever it is called in the end.
TEST_F(RecoverKnownTest, KnowsThePartUnderAnotherName) {
  disk_.AddFile(Pcap(), 7);
  disk_.AddContent(Part(), File());
  Commit(Borders()[2]);
  Recover();
  ASSERT_THAT(ledgers_, SizeIs(1));
  EXPECT_EQ(ledgers_[0].file_name, Pcap("-1"));
  EXPECT_EQ(ledgers_[0].balance, told_.balance);
}

TEST_F(RecoverKnownTest, TellsOfEachPartThatIsGone) {
  disk_.AddContent(Part(), File());
  Commit(Borders()[2]);
  disk_.AddContent(Part("-1"), File());
  Commit(0, "-1");
  disk_.AddContent(Part("-2"), "");
  Commit(24, "-2");                        // too short
  disk_.AddContent(Part("-3"), "a text");  // left alone
  disk_.AddContent(Part("-4"), File());    // not known
  disk_.AddContent(Part("-5"), "");        // not known, and removed
  Recover();
  EXPECT_THAT(gone_, ElementsAre(Part(), Part("-1"), Part("-4"), Part("-5")));
  EXPECT_THAT(disk_.Names(), ElementsAre(Part("-2"), Part("-3"), Pcap("-4"), Pcap()));
}

}  // namespace
}  // namespace dns_monitor
