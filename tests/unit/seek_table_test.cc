#include "dns_monitor/compress/seek_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/frames.h"

namespace dns_monitor {
namespace {

using ::testing::IsEmpty;

class SeekTableTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<FrameSize>> Read() const {
    return ReadSeekTable(ReadFromString(file_), static_cast<int64_t>(file_.size()));
  }

  const std::vector<FrameSize> frames_ = {{100, 1000}, {7, 24}, {300, 1 << 20}};
  std::string file_ = std::string(407, 'f') + FormatSeekTable(frames_);
};

TEST_F(SeekTableTest, ReadsWhatItWrites) {
  EXPECT_EQ(Read().value(), frames_);
  EXPECT_EQ(file_.size() - 407, static_cast<size_t>(SeekTableBytes(3)));
  EXPECT_EQ(StoredBytes(frames_), 407);
  EXPECT_EQ(ContentBytes(frames_), 1000 + 24 + (1 << 20));
}

TEST_F(SeekTableTest, IsAsTheFormatSays) {
  const std::string expected(
      "\x5e\x2a\x4d\x18\x19\x00\x00\x00"  // magic; 25 bytes
      "\x64\x00\x00\x00\xe8\x03\x00\x00"
      "\x07\x00\x00\x00\x18\x00\x00\x00"
      "\x02\x00\x00\x00\x00\xb1\xea\x92\x8f",
      33);
  EXPECT_EQ(FormatSeekTable({{100, 1000}, {7, 24}}), expected);
}

TEST_F(SeekTableTest, MayHaveChecksums) {
  file_ = std::string(9, 'f') + std::string(
                                    "\x5e\x2a\x4d\x18\x15\x00\x00\x00"
                                    "\x09\x00\x00\x00\x18\x00\x00\x00\xff\xff\xff\xff"
                                    "\x01\x00\x00\x00\x80\xb1\xea\x92\x8f",
                                    29);
  EXPECT_EQ(Read().value(), (std::vector<FrameSize>{{9, 24}}));
}

TEST_F(SeekTableTest, MayBeOfNoFrames) {
  file_ = FormatSeekTable({});
  EXPECT_THAT(Read().value(), IsEmpty());
}

TEST_F(SeekTableTest, IsNotFoundElsewhere) {
  for (const std::string& file : {std::string(), std::string("short"), std::string(500, '\0'),
                                  ZstdFrame(Content(1000)), file_ + "x"}) {
    file_ = file;
    EXPECT_TRUE(absl::IsNotFound(Read().status())) << Read().status();
  }
}

TEST_F(SeekTableTest, AnyOtherByteOfItMakesItWrong) {
  const std::string whole = file_;
  int different = 0;
  int wrong = 0;
  for (size_t at = 407; at < whole.size(); ++at) {
    file_ = whole;
    file_[at] = static_cast<char>(file_[at] ^ 1);
    const auto frames = Read();
    if (!frames.ok() || *frames != frames_) ++different;
    wrong += frames.ok() ? 0 : 1;
  }
  // The descriptor has two bits that mean nothing. And what a frame's content comes to is the one
  // thing that nothing here contradicts.
  EXPECT_EQ(different, SeekTableBytes(3) - 1);
  EXPECT_EQ(wrong, different - 3 * 4);
}

TEST_F(SeekTableTest, MustLieWithinTheFile) {
  file_ = file_.substr(407 + 8);
  EXPECT_TRUE(absl::IsDataLoss(Read().status())) << Read().status();
  file_ = std::string(406, 'f') + FormatSeekTable(frames_);
  EXPECT_EQ(Read().status().message(), "the seek table does not lead to the end of the frames");
}

}  // namespace
}  // namespace dns_monitor
