// What the journal of removals tells of a segment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "dns_monitor/ledger/chain.h"
#include "dns_monitor/ledger/json.h"
#include "dns_monitor/ledger/removals.h"
#include "support/fake_disk.h"
#include "support/ledger_samples.h"

namespace dns_monitor {
namespace {

std::string Pcap(int day) {
  return day == 1 ? "eth0.20261101_0000.pcap" : "eth0.20261102_0000.pcap";
}

class DescribeRemovalTest : public testing::Test {
 protected:
  void AddLedger(const std::string& file_name, const std::string& of) {
    Ledger ledger = FullLedger();
    ledger.file_name = of;
    bytes_ = *FormatLedger(ledger);
    disk_.AddContent(file_name, bytes_);
  }
  std::optional<RemovedSegment> Describe() {
    return DescribeRemoval(disk_, ParseName(Pcap(1))->segment, "age");
  }
  RemovedSegment Whole(const std::string& file_name, const std::string& reason) const {
    const Ledger ledger = FullLedger();
    return {.file_name = file_name,
            .sequence = ledger.sequence,
            .ledger_sha256 = Digest(bytes_),
            .packets = ledger.balance.written,
            .first_packet_ns = ledger.first_packet_ns,
            .last_packet_ns = ledger.last_packet_ns,
            .reason = reason};
  }

  FakeDisk disk_;
  std::string bytes_;
};

TEST_F(DescribeRemovalTest, TakesThemFromTheLedger) {
  disk_.AddFile(Pcap(1), 9);
  AddLedger(Pcap(1) + ".json", Pcap(1));
  EXPECT_EQ(Describe(), Whole(Pcap(1), "age"));
}

TEST_F(DescribeRemovalTest, KnowsCompressedOnes) {
  disk_.AddFile(Pcap(1) + ".zst", 9);
  AddLedger(Pcap(1) + ".zst.json", Pcap(1) + ".zst");
  EXPECT_EQ(Describe(), Whole(Pcap(1) + ".zst", "age"));
}

TEST_F(DescribeRemovalTest, IsBareWithoutALedgerThatCanBeRead) {
  const RemovedSegment bare{.file_name = Pcap(1), .reason = "age"};
  disk_.AddFile(Pcap(1), 9);
  EXPECT_EQ(Describe(), bare);
  disk_.AddContent(Pcap(1) + ".json", "{}");
  EXPECT_EQ(Describe(), bare);
  AddLedger(Pcap(1) + ".json", Pcap(2));
  EXPECT_EQ(Describe(), bare) << "the ledger is another segment's";
  AddLedger(Pcap(1) + ".json", Pcap(1));
  disk_.Fail(DiskOp::kReadAt, "", absl::DataLossError("Input/output error"));
  EXPECT_EQ(Describe(), bare);
}

TEST_F(DescribeRemovalTest, SaysWhenOnlyTheLedgerIsLeft) {
  AddLedger(Pcap(1) + ".json", Pcap(1));
  EXPECT_EQ(Describe(), Whole(Pcap(1), "its ledger alone: age"));
}

TEST_F(DescribeRemovalTest, IsNoneWhereNothingIs) {
  disk_.AddFile(Pcap(2), 9);
  EXPECT_EQ(Describe(), std::nullopt);
}

}  // namespace
}  // namespace dns_monitor
