#include "dns_monitor/recovery/recover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns_monitor/archive/small_file.h"
#include "dns_monitor/ledger/chain.h"
#include "dns_monitor/ledger/json.h"
#include "support/fake_clock.h"
#include "support/log_capture.h"
#include "support/salvage_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kNowNs = 1'800'000'000 * kNanosecondsPerSecond;

class RecoverTest : public SalvageTest {
 protected:
  RecoverTest() {
    clock_.SetRealtimeNs(kNowNs);
    recovery_.zone = absl::FixedTimeZone(3600);
    recovery_.clock = &clock_;
  }

  // Links each to the newest one that is there, as a capture does.
  absl::Status WriteChained(Ledger ledger) {
    const NewestLedger newest =
        FindNewestLedger(*disk_.List(), "eth0",
                         [this](const std::string& name) { return ReadSmallFile(disk_, name); });
    ledger.sequence = newest.link ? newest.ledger.sequence + 1 : 0;
    ledger.previous = newest.link;
    const absl::StatusOr<std::string> bytes = FormatLedger(ledger);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    return ReplaceSmallFile(disk_, ledger.file_name + ".json", *bytes, 0640);
  }
  Ledger Read(const std::string& segment) {
    return ParseLedger(disk_.Content(segment + ".json")).value();
  }
  void Recover() { dns_monitor::Recover(disk_, FindLeftovers(disk_, "eth0").value(), recovery_); }

  FakeClock clock_;
  RecoveryOptions recovery_;
  LogCapture log_;
};

TEST_F(RecoverTest, TellsInALedgerWhatTheFileTells) {
  const PcapMaker maker;
  const std::string file =
      maker.FileHeader() +
      maker.Make({.seconds = 1'795'471'900, .payload = "a", .original_length = 90}) +
      maker.Make({.seconds = 1'795'471'800, .payload = "b"});
  const Ledger ledger = LedgerOf(RunOn(file + "torn"), recovery_.zone, kNowNs);
  EXPECT_EQ(ledger.file_name, Pcap());
  EXPECT_EQ(ledger.length_bytes, static_cast<int64_t>(file.size()));
  EXPECT_EQ(ledger.interface, "eth0");
  EXPECT_EQ(ledger.link_type, 1u);
  EXPECT_EQ(ledger.settings.snaplen, 65535u);
  EXPECT_FALSE(ledger.settings.nanoseconds);
  // 2026-11-23 21:10 an hour east of Greenwich.
  EXPECT_EQ(ledger.from_ns, 1'795'464'600 * kNanosecondsPerSecond);
  EXPECT_EQ(ledger.to_ns, 1'795'471'900 * kNanosecondsPerSecond + 6000);
  EXPECT_EQ(ledger.first_packet_ns, 1'795'471'800 * kNanosecondsPerSecond + 5000);
  EXPECT_EQ(ledger.last_packet_ns, 1'795'471'900 * kNanosecondsPerSecond + 5000);
  EXPECT_EQ(ledger.balance.matched, 2u);
  EXPECT_EQ(ledger.balance.written, 2u);
  EXPECT_EQ(ledger.balance.clipped, 1u);
  EXPECT_EQ(ledger.balance.late, 1u);
  EXPECT_THAT(Balances(ledger.balance), IsEmpty());
  EXPECT_THAT(ledger.gaps, ElementsAre(Gap{.from_ns = *ledger.last_packet_ns,
                                           .to_ns = kNowNs,
                                           .reason = GapReason::kCrashed,
                                           .cut_bytes = 4}));
  EXPECT_THAT(ledger.index, SizeIs(1));
  EXPECT_FALSE(ledger.damaged);
  EXPECT_TRUE(FormatLedger(ledger).ok());
}

TEST_F(RecoverTest, HoldsPacketsWithinTheBordersWhateverTheClockWas) {
  const SalvagedPart part = RunOn(File());  // of 2023
  const Ledger ledger = LedgerOf(part, recovery_.zone, part.first_packet_ns - 1);
  EXPECT_EQ(ledger.from_ns, part.first_packet_ns);
  EXPECT_EQ(ledger.to_ns, part.last_packet_ns + 1000);
  EXPECT_EQ(ledger.gaps[0].from_ns, part.last_packet_ns);
  EXPECT_EQ(ledger.gaps[0].to_ns, part.last_packet_ns);
}

TEST_F(RecoverTest, BeginsTheGapWithTheFileWhenThereWasNoPacket) {
  SalvagedPart part;
  part.name = ParseName(Pcap())->segment;
  const Ledger ledger = LedgerOf(part, recovery_.zone, kNowNs);
  EXPECT_EQ(ledger.gaps[0].from_ns, ledger.from_ns);
  EXPECT_EQ(ledger.first_packet_ns, std::nullopt);
  EXPECT_EQ(ledger.last_packet_ns, std::nullopt);
}

TEST_F(RecoverTest, SaysDamageAndTheLinkTypeAlone) {
  PcapMaker maker;
  maker.link_type = 0x4000'0001;  // frames with 4 bytes of checksum
  const SalvagedPart part =
      RunOn(File(maker) + maker.Make({.fraction = 1'000'000, .payload = "x"}));
  const Ledger ledger = LedgerOf(part, recovery_.zone, kNowNs);
  EXPECT_EQ(ledger.link_type, 1u);
  EXPECT_TRUE(ledger.damaged);
  EXPECT_THAT(ledger.damage, testing::StartsWith("the record at byte 505 claims"));
}

TEST_F(RecoverTest, ChainsTheLedgersOfAllPartsAndOfNoneThatACrashLeft) {
  ASSERT_TRUE(WriteChained(LedgerOf(RunOn(File()), recovery_.zone, kNowNs)).ok());
  disk_.DropFile(Pcap());
  disk_.AddContent(Part(), File() + "torn");
  disk_.AddContent(Part("-1"), File());
  disk_.AddContent(Part("-2"), "");
  const std::string stale = disk_.Content(Pcap() + ".json");
  recovery_.write_ledger = [this](const Ledger& ledger) { return WriteChained(ledger); };
  std::vector<std::string> finished;
  recovery_.on_finished = [&](const SalvagedPart& part) { finished.push_back(part.name.Pcap()); };
  clock_.Advance(1);
  Recover();
  EXPECT_THAT(finished, ElementsAre(Pcap(), Pcap("-1")));
  EXPECT_THAT(disk_.Names(),
              ElementsAre(Pcap("-1"), Pcap("-1") + ".json", Pcap(), Pcap() + ".json"));
  EXPECT_EQ(Read(Pcap()).sequence, 0u);
  EXPECT_EQ(Read(Pcap()).previous, std::nullopt);
  EXPECT_EQ(Read(Pcap()).gaps[0].to_ns, kNowNs + 1);
  EXPECT_NE(disk_.Content(Pcap() + ".json"), stale);
  EXPECT_EQ(Read(Pcap("-1")).sequence, 1u);
  EXPECT_EQ(Read(Pcap("-1")).previous, LinkTo(Pcap() + ".json", disk_.Content(Pcap() + ".json")));
  EXPECT_EQ(log_.Count("which a crash left"), 3);
}

// The kernel may hold a file, and its lock, a while longer than its process lives.
TEST_F(RecoverTest, ChainsNothingToWhatACrashLeftOfAPartThatIsStillHeld) {
  ASSERT_TRUE(WriteChained(LedgerOf(RunOn(File()), recovery_.zone, kNowNs)).ok());
  disk_.DropFile(Pcap());
  disk_.AddContent(Part(), File());
  disk_.AddContent(Part("-1"), File());
  recovery_.write_ledger = [this](const Ledger& ledger) { return WriteChained(ledger); };
  disk_.HoldLock(Part());
  // Not waited for.
  recovery_.cancelled = [this] { return disk_.CountCalls("Open " + Part("-1")) == 0; };
  Recover();
  EXPECT_EQ(Read(Pcap("-1")).sequence, 0u);
  EXPECT_EQ(Read(Pcap("-1")).previous, std::nullopt);
  disk_.HoldLock(Part(), 0);
  Recover();
  EXPECT_EQ(Read(Pcap()).sequence, 1u);
  EXPECT_EQ(Read(Pcap()).previous,
            LinkTo(Pcap("-1") + ".json", disk_.Content(Pcap("-1") + ".json")));
}

TEST_F(RecoverTest, FinishesWithoutLedgersAndSaysWhatItCannot) {
  disk_.AddContent(Part(), File());
  disk_.AddContent(Part("-1"), "a text");
  Recover();
  EXPECT_THAT(disk_.Names(), ElementsAre(Part("-1"), Pcap()));
  EXPECT_EQ(disk_.Mode(Pcap()), 0640u);
  EXPECT_EQ(log_.Count("left " + Part("-1") + " as it is: not a pcap file"), 1);
}

}  // namespace
}  // namespace dns_monitor
