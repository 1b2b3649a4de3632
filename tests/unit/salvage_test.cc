#include "dns_monitor/recovery/salvage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/pcap_content.h"
#include "support/salvage_fixture.h"

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(SalvageTest, FinishesInTheOrderThatSurvivesAnotherCrash) {
  const std::string whole = File();
  disk_.AddContent(Part(), whole + "torn");
  disk_.ClearCalls();
  const SalvagedPart part = RunOne();
  EXPECT_TRUE(part.error.ok()) << part.error;
  EXPECT_EQ(part.part, Part());
  EXPECT_EQ(part.name.Pcap(), Pcap());
  EXPECT_EQ(part.action, SalvageAction::kFinished);
  EXPECT_EQ(part.kept_bytes, static_cast<int64_t>(whole.size()));
  EXPECT_EQ(part.cut_bytes, 4);
  EXPECT_EQ(disk_.Content(Pcap()), whole);
  EXPECT_EQ(disk_.Mode(Pcap()), 0604u);
  EXPECT_EQ(disk_.Group(Pcap()), 42);
  EXPECT_EQ(disk_.Modified(Pcap()), part.last_packet_ns) << "retention takes its age from it";
  std::vector<std::string> calls = disk_.Calls();
  EXPECT_THAT(std::vector<std::string>(calls.begin(), calls.begin() + 4),
              ElementsAre("List", "Open " + Part(), "TryLock " + Part(), "Size " + Part()));
  EXPECT_THAT(std::vector<std::string>(calls.end() - 6, calls.end()),
              ElementsAre("Truncate " + Part(), "SetAccess " + Part(), "SetModified " + Part(),
                          "SyncFile " + Part(), "Rename " + Part(), "SyncDirectory"));
}

TEST_F(SalvageTest, CountsWhatItKeeps) {
  const PcapMaker maker;
  const std::string torn = maker.Make({.seconds = 99, .payload = "xy", .original_length = 70});
  const SalvagedPart part = RunOn(
      maker.FileHeader() +  //
      maker.Make({.seconds = 20, .fraction = 3, .payload = "a", .original_length = 90}) +
      maker.Make({.seconds = 10, .fraction = 2, .payload = "b"}) +  // late
      maker.Make({.seconds = 30, .fraction = 1, .payload = "c", .original_length = 2}) +
      maker.Make({.seconds = 25, .fraction = 0, .payload = "d"}) + torn.substr(0, torn.size() - 1));
  EXPECT_EQ(part.packets, 4u);
  EXPECT_EQ(part.clipped, 2u);
  EXPECT_EQ(part.late, 2u);
  EXPECT_EQ(part.first_packet_ns, 10'000'002'000);
  EXPECT_EQ(part.last_packet_ns, 30'000'001'000);
}

// --- Where it cuts ---

struct Format {
  bool nanoseconds;
  bool big_endian;
};

class SalvageCutTest : public SalvageTest, public testing::WithParamInterface<Format> {
 protected:
  SalvageCutTest() {
    maker_.nanoseconds = GetParam().nanoseconds;
    maker_.big_endian = GetParam().big_endian;
  }
  PcapMaker maker_;
};

TEST_P(SalvageCutTest, KeepsAllWholeRecordsAndNoneThatIsTorn) {
  const std::string file = File(maker_);
  for (size_t size = 0; size <= file.size(); ++size) {
    SCOPED_TRACE(size);
    ExpectKept(file.substr(0, size), WholeRecords(size, maker_));
  }
}

// Each byte of a record comes to lie on a border once.
TEST_P(SalvageCutTest, TakesZerosForNothingWhereverABlockBegins) {
  for (size_t first = 45; first <= 45 + 512; ++first) {
    SCOPED_TRACE(first);
    std::vector<size_t> ends = {first};
    std::string file = FileOf(first, maker_);
    for (const std::string& record : Records(maker_)) {
      file += record;
      ends.push_back(file.size());
    }
    for (size_t border = 512; border < file.size(); border += 512) {
      const auto behind = std::upper_bound(ends.begin(), ends.end(), border);
      const size_t kept = behind == ends.begin() ? 0 : *std::prev(behind);
      // At least what a torn record lacks and the header of another one.
      for (const size_t zeros : {512, 4096}) {
        ExpectKept(file.substr(0, border) + std::string(zeros, '\0'), kept);
      }
    }
  }
}

// As the OPT of a query does (RFC 6891, section 6.1.2).
TEST_P(SalvageCutTest, KeepsRecordsThatEndInZerosButForThoseAtABorder) {
  constexpr size_t kZeros = 9;
  for (size_t first = 45; first <= 45 + 512; ++first) {
    SCOPED_TRACE(first);
    const std::string sure = FileOf(first, maker_);
    const std::string whole =
        sure + maker_.Make({.payload = Payload(50) + std::string(kZeros, '\0')});
    const size_t border = (whole.size() - 1) / 512 * 512;
    const bool doubtful = border >= whole.size() - kZeros;
    ExpectKept(whole + std::string(512, '\0'), doubtful ? sure.size() : whole.size());
  }
}

TEST_P(SalvageCutTest, LosesNoWholeRecordToAFewZeros) {
  const std::string file = File(maker_);
  for (size_t zeros = 1; zeros < 340; zeros += 3) {
    for (size_t size = maker_.FileHeader().size(); size <= file.size(); size += 5) {
      SCOPED_TRACE(size);
      const SalvagedPart part = RunOn(file.substr(0, size) + std::string(zeros, '\0'));
      EXPECT_TRUE(part.error.ok()) << part.error;
      EXPECT_GE(part.kept_bytes, static_cast<int64_t>(WholeRecords(size, maker_)));
      disk_.DropFile(Pcap());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, SalvageCutTest,
                         testing::Values(Format{false, false}, Format{true, true}),
                         [](const auto& param) {
                           return std::string(param.param.big_endian ? "NanoBigEndian"
                                                                     : "MicroLittleEndian");
                         });

TEST_F(SalvageTest, DropsARecordThatMayHaveBeenTornWhereZerosBegin) {
  const PcapMaker maker;
  struct Doubtful {
    std::string record;
    size_t zeros;  // of it that lie behind a border
  };
  for (const auto& [doubtful, zeros] :
       {Doubtful{maker.Make({.payload = std::string("ab\0", 3)}), 1},
        Doubtful{maker.Make({.payload = ""}), 8},
        Doubtful{maker.Make({.payload = "ab" + std::string(512, '\0')}), 512}}) {
    const std::string sure = FileOf(1024 + zeros - doubtful.size());
    ExpectKept(sure + doubtful + std::string(16, '\0'), sure.size());
    // Nothing makes it doubtful here.
    const std::string whole = sure + doubtful;
    ExpectKept(whole, whole.size());
    ExpectKept(whole + std::string(15, '\0'), whole.size());
    ExpectKept(whole + "torn header", whole.size());
    const std::string more = whole + maker.Make({.payload = "def"});
    ExpectKept(more + std::string(16, '\0'), more.size());
  }
}

TEST_F(SalvageTest, EndsAtZerosWhateverFollows) {
  const std::string whole = File();
  ExpectKept(whole + std::string(512, '\0') + PcapMaker().Make({.payload = "late"}), whole.size());
}

TEST_F(SalvageTest, CutsFilesOfManyChunks) {
  const PcapMaker maker;
  std::string whole = maker.FileHeader();
  uint32_t number = 0;
  for (; whole.size() < (5 << 19); ++number) {
    whole += maker.Make({.payload = Payload(100 + number % 1400, number)});
  }
  const std::string torn = whole + maker.Make({.payload = Payload(500)});
  const SalvagedPart part = RunOn(torn.substr(0, torn.size() - 1));
  EXPECT_EQ(part.packets, number);
  EXPECT_EQ(part.cut_bytes, 515);
  const std::string kept = disk_.Content(Pcap());
  ASSERT_EQ(kept, whole);
  EXPECT_EQ(ParsePcap(kept).rest_bytes, 0u);
}

// --- What is no capture ---

TEST_F(SalvageTest, RemovesWhatHoldsNoWholeRecord) {
  const std::string header = PcapMaker().FileHeader();
  for (const std::string& content :
       {std::string(), header.substr(0, 3), header, header + "torn", std::string(9, '\0'),
        std::string(3 << 20, '\0'), header + std::string(3 << 20, '\0')}) {
    ExpectKept(content, 0);
  }
}

TEST_F(SalvageTest, LeavesForeignContentAlone) {
  PcapMaker old;
  old.minor = 3;
  const std::string foreign[] = {
      "x",
      "a text, and not a short one: it is longer than the header of a file",
      std::string("\x0a\x0d\x0d\x0a", 4) + std::string(60, '\0'),
      File(old),
      std::string(4096, '\0') + "behind a hole",
      File().substr(0, 6) + std::string(4096, '\0') + "behind a torn header",
      PcapMaker().FileHeader() + std::string(4096, '\0') + "behind a whole one",
      FileOf(700).substr(0, 512) + std::string(4096, '\0') + "behind a torn record"};
  for (const std::string& content : foreign) {
    ExpectLeftAlone(RunOn(content), content);
  }
}

TEST_F(SalvageTest, KeepsEveryByteWhereARecordIsDamaged) {
  const PcapMaker maker;
  const std::string damaged = File() + maker.Make({.fraction = 1'000'000, .payload = "x"}) + File();
  const SalvagedPart part = RunOn(damaged);
  EXPECT_EQ(part.action, SalvageAction::kFinished);
  EXPECT_EQ(part.error.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(part.error.message()), HasSubstr("the record at byte 505 claims"));
  EXPECT_EQ(part.packets, 5u);
  EXPECT_EQ(part.cut_bytes, 0);
  EXPECT_EQ(disk_.Content(Pcap()), damaged);
}

TEST_F(SalvageTest, LeavesAPartAloneWhoseFirstRecordIsDamaged) {
  const PcapMaker maker;
  const std::string damaged =
      maker.FileHeader() + maker.Make({.payload = "x", .captured_length = 262'145});
  ExpectLeftAlone(RunOn(damaged), damaged);
}

// --- Lines ---

TEST_F(SalvageTest, DescribesEachPartInOneLine) {
  disk_.AddContent(Part(), File() + "torn");
  disk_.AddContent(Part("-1"), "");
  disk_.AddContent(Part("-2"), "a text");
  disk_.AddContent(Part("-3"), File());
  disk_.Fail(DiskOp::kSyncFile, Part("-3"), absl::DataLossError("Input/output error"));
  std::vector<std::string> lines;
  for (const SalvagedPart& part : Run()) lines.push_back(Describe(part));
  EXPECT_THAT(
      lines,
      ElementsAre("finished " + Pcap() + ", which a crash left: 5 packets, 505 B; cut off: 4 B",
                  "removed " + Part("-1") + ", which a crash left without a whole packet (0 B)",
                  "left " + Part("-2") + " as it is: not a pcap file",
                  "finished " + Pcap("-3") +
                      ", which a crash left: 5 packets, 505 B; cut off: 0 B; "
                      "Input/output error"));
}

}  // namespace
}  // namespace dns_monitor
