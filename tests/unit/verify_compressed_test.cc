// What verify finds in compressed segments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns_monitor/seal/seal.h"
#include "support/frames.h"
#include "support/verify_fixture.h"

namespace dns_monitor {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VerifyCompressedTest : public VerifyTest {
 protected:
  VerifyCompressedTest() {
    MadeSegment made = chain_.Make(name_, 3);
    content_ = made.pcap;
    Compress(&made);
    chain_.Append(made);
  }

  // As two frames of the same length, with their table.
  void Compress(MadeSegment* made) {
    const size_t half = made->pcap.size() / 2;
    frames_ = {ZstdFrame(made->pcap.substr(0, half)), ZstdFrame(made->pcap.substr(half))};
    std::vector<FrameSize> sizes;
    for (const std::string& frame : frames_) {
      sizes.push_back({.stored_bytes = static_cast<uint32_t>(frame.size()),
                       .content_bytes =
                           static_cast<uint32_t>(sizes.empty() ? half : made->pcap.size() - half)});
    }
    table_ = FormatSeekTable(sizes);
    made->pcap = frames_[0] + frames_[1] + table_;
    made->ledger.compression = {.stored_bytes = static_cast<int64_t>(made->pcap.size()),
                                .frames = 2};
  }
  // Of the file with this content, the other files being as they were.
  std::vector<std::string> CheckWith(const std::string& file) {
    chain_.files[name_] = file;
    return Check();
  }

  const std::string name_ = PcapName(3) + ".zst";
  std::string content_;
  std::vector<std::string> frames_;
  std::string table_;
};

TEST_F(VerifyCompressedTest, FindsNoProblemInAWholeOne) {
  for (const bool deep : {false, true}) {
    options_.deep = deep;
    EXPECT_THAT(Check(), IsEmpty());
    EXPECT_THAT(Notes(), IsEmpty());
    EXPECT_EQ(totals_.segments, 4);
    EXPECT_EQ(totals_.packets, 40u);
  }
}

TEST_F(VerifyCompressedTest, ChecksItsSeal) {
  options_.deep = true;
  const std::string seal = name_ + ".sha256";
  chain_.files[seal] = FormatSeal(name_, Digest(chain_.files[name_]));
  EXPECT_THAT(Check(), IsEmpty());
  chain_.files[seal] = FormatSeal(name_, Digest("other bytes"));
  EXPECT_THAT(Check(), ElementsAre(seal + " seal"));
}

TEST_F(VerifyCompressedTest, FindsEachChangedByte) {
  options_.deep = true;
  const std::string whole = chain_.files[name_];
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x11);
    EXPECT_THAT(CheckWith(changed), Contains(HasSubstr(name_))) << at;
  }
}

TEST_F(VerifyCompressedTest, FindsEachCut) {
  const std::string whole = chain_.files[name_];
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(CheckWith(whole.substr(0, size)), Contains(name_ + " length")) << size;
  }
}

TEST_F(VerifyCompressedTest, TellsWhereAFrameIsTruncated) {
  EXPECT_THAT(CheckWith(frames_[0] + frames_[1].substr(0, 20)), Contains(name_ + " truncated"));
  EXPECT_THAT(messages_, Contains(HasSubstr(absl::StrCat("frame at byte ", frames_[0].size()))));
}

TEST_F(VerifyCompressedTest, TellsAnotherTable) {
  const auto size = [](const std::string& frame) { return static_cast<uint32_t>(frame.size()); };
  const std::string other = FormatSeekTable({{size(frames_[0]), 1}, {size(frames_[1]), 2}});
  EXPECT_THAT(CheckWith(frames_[0] + frames_[1] + other), ElementsAre(name_ + " frames"));
  EXPECT_THAT(messages_, ElementsAre("the table of its frames differs from them"));
}

TEST_F(VerifyCompressedTest, HoldsTheLedgerAgainstTheFrames) {
  const std::string ledger = name_ + ".json";
  Ledger told = ParseLedger(chain_.files[ledger]).value();
  told.compression->frames = 3;
  chain_.files[ledger] = FormatLedger(told).value();
  EXPECT_THAT(Check(), ElementsAre(name_ + " frames"));
  told.compression->frames = 2;
  told.length_bytes += 1;
  chain_.files[ledger] = FormatLedger(told).value();
  EXPECT_THAT(Check(), Contains(name_ + " length"));
}

}  // namespace
}  // namespace dns_monitor
