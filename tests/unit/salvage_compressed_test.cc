// What a crash left of compressed segments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/frames.h"
#include "support/salvage_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SalvageCompressedTest : public SalvageTest {
 protected:
  static std::string Zst(const std::string& suffix = "") { return Pcap(suffix) + ".zst"; }

  // Two whole frames, with the header and the first three records, and one that was flushed behind
  // the fourth and behind the fifth.
  SalvageCompressedTest() {
    const std::vector<std::string> records = Records({});
    const std::string header = PcapMaker().FileHeader();
    first_ = ZstdFrame(header + records[0]);
    second_ = ZstdFrame(records[1] + records[2]);
    whole_content_ = header + records[0] + records[1] + records[2];
    rest_ = Flushed({records[3], records[4]});
  }

  static std::string Flushed(const std::vector<std::string>& contents) {
    FrameEncoder encoder;
    std::string stored;
    std::vector<std::byte> room(1 << 16);
    for (const std::string& content : contents) {
      const size_t bytes = encoder.Flush(kUsualLevel, AsBytes(content), absl::MakeSpan(room));
      stored.append(reinterpret_cast<const char*>(room.data()), bytes);
    }
    return stored;
  }

  SalvagedPart RunOnFrames(const std::string& stored) {
    disk_.AddContent(Zst() + ".part", stored);
    return RunOne();
  }
  // That the segment holds exactly this, in frames with their table.
  void ExpectContent(const SalvagedPart& part, const std::string& content) {
    ASSERT_EQ(part.action, SalvageAction::kFinished) << part.error;
    EXPECT_TRUE(part.error.ok()) << part.error;
    ASSERT_THAT(disk_.Names(), ElementsAre(Zst()));
    const std::string file = disk_.Content(Zst());
    const auto bytes = static_cast<int64_t>(file.size());
    FrameReader reader(ReadFromString(file), bytes);
    EXPECT_EQ(ReadAll(&reader), content);
    EXPECT_EQ(reader.end(), FramesEnd::kClean) << reader.damage();
    EXPECT_EQ(ReadSeekTable(ReadFromString(file), bytes).value(), reader.whole_frames());
    EXPECT_EQ(part.frames, reader.whole_frames());
    EXPECT_EQ(part.kept_bytes, bytes);
    EXPECT_EQ(part.content_bytes, static_cast<int64_t>(content.size()));
    disk_.DropFile(Zst());
  }

  std::string first_;
  std::string second_;
  std::string rest_;  // without an end
  std::string whole_content_;
};

TEST_F(SalvageCompressedTest, FinishesWholeFrames) {
  const SalvagedPart part = RunOnFrames(first_ + second_);
  EXPECT_EQ(part.packets, 3u);
  EXPECT_EQ(part.cut_bytes, 0);
  EXPECT_THAT(part.index, SizeIs(1));
  EXPECT_EQ(part.file.snaplen, 65535u);
  ExpectContent(part, whole_content_);
}

TEST_F(SalvageCompressedTest, KeepsWhatWasFlushed) {
  const SalvagedPart part = RunOnFrames(first_ + second_ + rest_);
  EXPECT_EQ(part.packets, 5u);
  EXPECT_EQ(part.cut_bytes, 0);
  ExpectContent(part, File());
}

// Whatever the length, whole records are kept, and never fewer than the whole frames hold.
TEST_F(SalvageCompressedTest, KeepsWholeRecordsAtAnyLength) {
  const std::string stored = first_ + second_ + rest_;
  for (size_t size = 0; size <= stored.size(); ++size) {
    SCOPED_TRACE(size);
    const SalvagedPart part = RunOnFrames(stored.substr(0, size));
    if (part.action == SalvageAction::kRemoved) {
      EXPECT_LT(size, first_.size());
      EXPECT_THAT(disk_.Names(), IsEmpty());
      continue;
    }
    EXPECT_GE(part.packets, size < first_.size() + second_.size() ? 1u : 3u);
    size_t content = WholeRecords(static_cast<size_t>(part.content_bytes));
    EXPECT_EQ(content, static_cast<size_t>(part.content_bytes));
    ExpectContent(part, File().substr(0, content));
  }
}

TEST_F(SalvageCompressedTest, CutsZerosBehindTheFrames) {
  const SalvagedPart part = RunOnFrames(first_ + second_ + std::string(5'000'000, '\0'));
  EXPECT_EQ(part.cut_bytes, 5'000'000);
  ExpectContent(part, whole_content_);
}

TEST_F(SalvageCompressedTest, WritesTheTableAnew) {
  const std::string table =
      FormatSeekTable({{.stored_bytes = static_cast<uint32_t>(first_.size()), .content_bytes = 1}});
  ExpectContent(RunOnFrames(first_ + second_ + table), whole_content_);
}

TEST_F(SalvageCompressedTest, RemovesWhatHoldsNoPacket) {
  for (const std::string& stored :
       {std::string(), first_.substr(0, 3), ZstdFrame(PcapMaker().FileHeader()),
        Flushed({PcapMaker().FileHeader()}), std::string(70'000, '\0')}) {
    const SalvagedPart part = RunOnFrames(stored);
    EXPECT_EQ(part.action, SalvageAction::kRemoved) << stored.size() << part.error;
    EXPECT_THAT(disk_.Names(), IsEmpty());
  }
}

TEST_F(SalvageCompressedTest, LeavesAloneWhatIsDamagedInTheMiddle) {
  std::string damaged = first_;
  damaged[first_.size() - 1] = static_cast<char>(damaged[first_.size() - 1] ^ 1);
  std::string behind;
  while (behind.size() < (5 << 20)) behind += ZstdFrame(Noise(1 << 20));
  for (const std::string& stored :
       {damaged + behind, first_ + "no frame" + behind, std::string("text that is long enough")}) {
    const SalvagedPart part = RunOnFrames(stored);
    EXPECT_EQ(part.action, SalvageAction::kLeftAlone);
    EXPECT_FALSE(part.error.ok());
    EXPECT_EQ(disk_.Content(Zst() + ".part"), stored);
  }
}

TEST_F(SalvageCompressedTest, EndsWhereItsProcessHasCommitted) {
  options_.committed = [&](const SegmentName& name) -> std::optional<CommittedPart> {
    EXPECT_TRUE(name.compressed);
    return CommittedPart{.inode = 0, .length_bytes = static_cast<int64_t>(first_.size())};
  };
  const SalvagedPart part = RunOnFrames(first_ + second_ + rest_);
  EXPECT_TRUE(part.committed);
  EXPECT_EQ(part.packets, 1u);
  EXPECT_EQ(part.cut_bytes, static_cast<int64_t>(second_.size() + rest_.size()));
  ExpectContent(part, PcapMaker().FileHeader() + Records({})[0]);
}

TEST_F(SalvageCompressedTest, TriesAgainWhenTheDiskRefusesTheTable) {
  disk_.Fail(DiskOp::kWriteAt, Zst() + ".part", absl::ResourceExhaustedError("No space"), 2);
  const SalvagedPart part = RunOnFrames(first_ + second_);
  EXPECT_EQ(waits_, 1);
  ExpectContent(part, whole_content_);
}

TEST_F(SalvageCompressedTest, FinishesBothKinds) {
  disk_.AddContent(Part("-1"), File());
  disk_.AddContent(Zst() + ".part", first_);
  EXPECT_THAT(Run(), SizeIs(2));
  EXPECT_THAT(disk_.Names(), ElementsAre(Pcap("-1"), Zst()));
}

}  // namespace
}  // namespace dns_monitor
