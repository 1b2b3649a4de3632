// What salvage gives for a ledger, and when it lets it be written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns_monitor/base/clock.h"
#include "dns_monitor/ledger/index.h"
#include "support/salvage_fixture.h"

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// As the writer would have made it.
std::vector<IndexEntry> IndexOf(const std::string& content, int64_t end_of_records) {
  PcapReader reader = *PcapReader::Open(ReadFromMemory(content), {.end = end_of_records});
  SegmentIndexer indexer(reader.file().nanoseconds);
  PcapRecord record;
  while (reader.Next(&record)) indexer.OnRecord(record.offset, record.time_ns);
  indexer.OnAppended({reinterpret_cast<const std::byte*>(content.data()), content.size()});
  return indexer.Finish(static_cast<int64_t>(content.size()));
}

class SalvageLedgerTest : public SalvageTest {
 protected:
  static std::string Ledger(const std::string& suffix = "") { return Pcap(suffix) + ".json"; }
  void ExpectIndexed(const SalvagedPart& part, int64_t end_of_records) {
    const std::string kept = disk_.Content(Pcap());
    EXPECT_EQ(part.index, IndexOf(kept, end_of_records));
    uint64_t packets = 0;
    for (const IndexEntry& entry : part.index) packets += entry.packets;
    EXPECT_EQ(packets, part.packets);
  }
  // Ledgers are files from now on.
  void WriteLedgers() {
    options_.write_ledger = [this](const SalvagedPart& part) {
      disk_.AddContent(part.name.Pcap() + ".json", "of " + part.part);
      return absl::OkStatus();
    };
  }
};

TEST_F(SalvageLedgerTest, IndexesWhatItKeeps) {
  for (const bool big_endian : {false, true}) {
    PcapMaker maker;
    maker.nanoseconds = maker.big_endian = big_endian;
    maker.snaplen = 1500;
    maker.link_type = 101;
    const SalvagedPart part = RunOn(File(maker) + "torn");
    EXPECT_EQ(part.file.nanoseconds, big_endian);
    EXPECT_EQ(part.file.snaplen, 1500u);
    EXPECT_EQ(part.file.link_type, 101u);
    ExpectIndexed(part, part.kept_bytes);
    disk_.DropFile(Pcap());
  }
}

TEST_F(SalvageLedgerTest, IndexesNothingOfARecordThatItDrops) {
  const std::string sure = FileOf(512 - 18);
  const std::string torn = PcapMaker().Make({.seconds = 2'000'000'000, .payload = "ab"});
  const SalvagedPart part = RunOn(sure + torn + std::string(512, '\0'));
  EXPECT_EQ(part.kept_bytes, 512) << "it ends at the border";
  disk_.DropFile(Pcap());
  const PcapMaker maker;
  const SalvagedPart dropped =
      RunOn(sure + maker.Make({.seconds = 2'000'000'000, .payload = std::string("ab\0", 3)}) +
            std::string(512, '\0'));
  EXPECT_EQ(dropped.kept_bytes, static_cast<int64_t>(sure.size()));
  EXPECT_LT(dropped.last_packet_ns, 2'000'000'000 * kNanosecondsPerSecond);
  ExpectIndexed(dropped, dropped.kept_bytes);
}

TEST_F(SalvageLedgerTest, IndexesAllBytesBehindADamagedRecord) {
  const PcapMaker maker;
  const std::string file = File();
  const SalvagedPart part =
      RunOn(file + maker.Make({.fraction = 1'000'000, .payload = "x"}) + Payload(3 << 20));
  EXPECT_EQ(part.damage, part.error.message());
  EXPECT_EQ(part.packets, 5u);
  ExpectIndexed(part, static_cast<int64_t>(file.size()));
}

TEST_F(SalvageLedgerTest, IndexesManyStretches) {
  const PcapMaker maker;
  std::string file = maker.FileHeader();
  for (uint32_t number = 0; file.size() < 2 * kStretchBytes + 100; ++number) {
    file += maker.Make({.seconds = number, .payload = Payload(60'000 + number % 300, number)});
  }
  const SalvagedPart part = RunOn(file + "torn");
  EXPECT_THAT(part.index, SizeIs(3));
  ExpectIndexed(part, part.kept_bytes);
}

// --- When the ledger is written ---

TEST_F(SalvageLedgerTest, WritesTheLedgerBeforeTheSegmentIsSeen) {
  disk_.AddContent(Part(), File() + "torn");
  disk_.AddFile(Pcap(), 7);
  int written = 0;
  options_.write_ledger = [&](const SalvagedPart& part) {
    ++written;
    EXPECT_EQ(part.name.Pcap(), Pcap("-1"));
    EXPECT_EQ(part.kept_bytes, static_cast<int64_t>(File().size()));
    EXPECT_EQ(part.cut_bytes, 4);
    EXPECT_FALSE(part.index.empty());
    EXPECT_EQ(disk_.Content(Part()), File());
    EXPECT_EQ(disk_.CountCalls("SyncFile " + Part()), 1);
    EXPECT_FALSE(disk_.Exists(Pcap("-1")));
    return absl::OkStatus();
  };
  EXPECT_TRUE(RunOne().error.ok());
  EXPECT_EQ(written, 1);
}

TEST_F(SalvageLedgerTest, ReplacesALedgerThatACrashLeftBeforeTheRename) {
  disk_.AddContent(Part(), File());
  disk_.AddContent(Ledger(), "stale");
  options_.write_ledger = [this](const SalvagedPart&) {
    EXPECT_FALSE(disk_.Exists(Ledger())) << "it would be the newest of the chain";
    disk_.AddContent(Ledger(), "new");
    return absl::OkStatus();
  };
  EXPECT_TRUE(RunOne().error.ok());
  EXPECT_EQ(disk_.Content(Ledger()), "new");
}

TEST_F(SalvageLedgerTest, LeavesNoLedgerOfAPartThatItRemoves) {
  disk_.AddContent(Part(), PcapMaker().FileHeader());
  disk_.AddContent(Ledger(), "stale");
  WriteLedgers();
  EXPECT_EQ(RunOne().action, SalvageAction::kRemoved);
  EXPECT_THAT(disk_.Names(), IsEmpty());
  // This one is the segment's.
  disk_.AddContent(Part(), PcapMaker().FileHeader());
  disk_.AddContent(Pcap(), File());
  disk_.AddContent(Ledger(), "its own");
  EXPECT_EQ(RunOne().action, SalvageAction::kRemoved);
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap(), Ledger()));
}

TEST_F(SalvageLedgerTest, WaitsForRoomForALedger) {
  disk_.AddContent(Part(), File());
  options_.write_ledger = [this](const SalvagedPart&) -> absl::Status {
    if (waits_ < 2) return absl::ResourceExhaustedError("No space left on device");
    return absl::OkStatus();
  };
  const SalvagedPart part = RunOne();
  EXPECT_EQ(part.action, SalvageAction::kFinished);
  EXPECT_TRUE(part.error.ok()) << part.error;
  EXPECT_EQ(waits_, 2);
}

TEST_F(SalvageLedgerTest, LeavesAPartForWhichThereIsNoLedger) {
  disk_.AddContent(Part(), File());
  options_.write_ledger = [](const SalvagedPart&) {
    return absl::ResourceExhaustedError("No space left on device");
  };
  const SalvagedPart part = RunOne();
  EXPECT_EQ(part.action, SalvageAction::kLeftAlone);
  EXPECT_EQ(part.error.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(waits_, options_.finish_waits);
  EXPECT_EQ(disk_.Content(Part()), File());
}

// What the others had reserved is what was missing; and the chain is in the order of the segments.
TEST_F(SalvageLedgerTest, GivesBackTheSpaceOfAllPartsBeforeItTriesAgain) {
  for (const char* suffix : {"", "-1", "-2"}) disk_.AddContent(Part(suffix), File() + "torn");
  disk_.AddContent(Part("-3"), "");
  std::vector<std::string> written;
  options_.write_ledger = [&](const SalvagedPart& part) -> absl::Status {
    for (const char* suffix : {"", "-1", "-2"}) {
      const std::string name = disk_.Exists(Part(suffix)) ? Part(suffix) : Pcap(suffix);
      if (disk_.Content(name) != File()) return absl::ResourceExhaustedError("No space");
    }
    EXPECT_FALSE(disk_.Exists(Part("-3")));
    written.push_back(part.part);
    return absl::OkStatus();
  };
  for (const SalvagedPart& part : Run()) EXPECT_TRUE(part.error.ok()) << part.error;
  EXPECT_THAT(written, ElementsAre(Part(), Part("-1"), Part("-2")));
  EXPECT_EQ(waits_, 0);
}

TEST_F(SalvageLedgerTest, WaitsForNoLedgerWhenItIsBrokenOff) {
  disk_.AddContent(Part(), File());
  options_.write_ledger = [](const SalvagedPart&) {
    return absl::ResourceExhaustedError("No space left on device");
  };
  options_.cancelled = [this] { return waits_ == 1; };
  EXPECT_EQ(RunOne().action, SalvageAction::kLeftAlone);
  EXPECT_EQ(waits_, 1);
}

TEST_F(SalvageLedgerTest, LeavesNoLedgerWithoutASegment) {
  disk_.AddContent(Part(), File());
  disk_.Fail(DiskOp::kRename, Part(), absl::DataLossError("Input/output error"));
  WriteLedgers();
  EXPECT_EQ(RunOne().action, SalvageAction::kLeftAlone);
  EXPECT_THAT(disk_.Names(), ElementsAre(Part()));
}

TEST_F(SalvageLedgerTest, MovesOnWithItsLedgerWhenTheNameIsTakenAtTheLastMoment) {
  disk_.AddContent(Part(), File());
  WriteLedgers();
  disk_.SetHook([this](DiskOp op, const std::string&) {
    if (op == DiskOp::kRename && !disk_.Exists(Pcap())) disk_.AddFile(Pcap(), 7);
  });
  EXPECT_EQ(RunOne().name.Pcap(), Pcap("-1"));
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap("-1"), Ledger("-1"), Pcap()));
}

TEST_F(SalvageLedgerTest, LeavesTheNameOfALivePartToIt) {
  disk_.AddContent(Part(), File());
  disk_.AddFile(Pcap(), 7);
  const std::vector<SegmentName> leftovers = FindLeftovers(disk_, "eth0").value();
  disk_.AddContent(Part("-1"), File());  // of the capture that has begun
  disk_.AddContent(Ledger("-1"), "of the live one");
  WriteLedgers();
  Salvage(disk_, leftovers, options_,
          [](const SalvagedPart& part) { EXPECT_EQ(part.name.Pcap(), Pcap("-2")); });
  EXPECT_THAT(disk_.Names(),
              ElementsAre(Ledger("-1"), Part("-1"), Pcap("-2"), Ledger("-2"), Pcap()));
  EXPECT_EQ(disk_.Content(Ledger("-1")), "of the live one");
}

TEST_F(SalvageLedgerTest, TellsASyncThatFailedAsDamage) {
  disk_.AddContent(Part(), File());
  disk_.Fail(DiskOp::kSyncFile, Part(), absl::DataLossError("Input/output error"));
  std::string damage;
  options_.write_ledger = [&](const SalvagedPart& part) {
    damage = part.damage;
    return absl::OkStatus();
  };
  RunOne();
  EXPECT_EQ(damage, "Input/output error");
}

// --- Breaking it off ---

TEST_F(SalvageLedgerTest, LeavesTheRestAloneWhenItIsBrokenOff) {
  const std::string large = FileOf(200'000);
  // It is asked twice for each of these: at the lock, and while it reads.
  for (int answer = 0; answer < 4; ++answer) {
    SCOPED_TRACE(answer);
    disk_.AddContent(Part(), large);
    disk_.AddContent(Part("-1"), large);
    int asked = 0;
    options_.cancelled = [&] { return ++asked > answer; };
    const std::vector<SalvagedPart> parts = Run();
    ASSERT_THAT(parts, SizeIs(2));
    EXPECT_EQ(parts[0].action, answer < 2 ? SalvageAction::kLeftAlone : SalvageAction::kFinished);
    EXPECT_EQ(parts[1].error.code(), StatusCode::kCancelled);
    EXPECT_EQ(disk_.Content(Part("-1")), large);
    disk_.DropFile(Pcap());
  }
}

TEST_F(SalvageLedgerTest, WaitsForNoLockWhenItIsBrokenOff) {
  disk_.AddContent(Part(), File());
  disk_.HoldLock(Part());
  options_.cancelled = [this] { return waits_ == 1; };
  EXPECT_EQ(RunOne().error.code(), StatusCode::kCancelled);
  EXPECT_EQ(waits_, 1);
}

}  // namespace
}  // namespace dns_monitor
