#include "dns_monitor/compress/frame_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "support/frames.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Three frames, the second one of noise.
class FrameReaderTest : public ::testing::Test {
 protected:
  FrameReaderTest() {
    contents_ = {Content(300'000), Noise(1 << 20), Content(5 << 20, 7)};
    for (const std::string& content : contents_) {
      frames_.push_back(ZstdFrame(content));
      content_ += content;
      file_ += frames_.back();
    }
  }

  FrameReader Reader() { return {ReadFromString(file_), static_cast<int64_t>(file_.size())}; }
  FrameSize SizeOf(size_t index) const {
    return {.stored_bytes = static_cast<uint32_t>(frames_[index].size()),
            .content_bytes = static_cast<uint32_t>(contents_[index].size())};
  }
  // `file_` ends like this, with so many whole frames, and the content that these and what can be
  // read of another have.
  void ExpectEnd(FramesEnd end, size_t whole, const std::string& what) {
    SCOPED_TRACE(what);
    FrameReader reader = Reader();
    const std::string content = ReadAll(&reader, 100'000);
    EXPECT_EQ(reader.end(), end) << reader.damage();
    EXPECT_EQ(reader.whole_frames().size(), whole);
    EXPECT_EQ(reader.end_of_whole_frames(), StoredBytes(reader.whole_frames()));
    EXPECT_EQ(content, content_.substr(0, content.size()));
    EXPECT_GE(static_cast<int64_t>(content.size()), ContentBytes(reader.whole_frames()));
  }

  std::vector<std::string> contents_;
  std::vector<std::string> frames_;
  std::string content_;
  std::string file_;
};

TEST_F(FrameReaderTest, ReadsAllFrames) {
  for (const size_t piece : {777, 1 << 20, 3 << 20, 20 << 20}) {
    FrameReader reader = Reader();
    EXPECT_EQ(reader.end(), FramesEnd::kNotYet);
    EXPECT_EQ(ReadAll(&reader, piece), content_);
    EXPECT_EQ(reader.end(), FramesEnd::kClean);
    EXPECT_THAT(reader.whole_frames(), ElementsAre(SizeOf(0), SizeOf(1), SizeOf(2)));
    EXPECT_EQ(reader.end_of_whole_frames(), static_cast<int64_t>(file_.size()));
    EXPECT_EQ(reader.content_bytes(), static_cast<int64_t>(content_.size()));
  }
}

TEST_F(FrameReaderTest, ReadsAtAnyOffset) {
  FrameReader reader = Reader();
  std::string got(1000, '\0');
  for (const size_t offset : {5'000'000, 4'500'000, 0, 6'000'000, 299'500, 3}) {
    EXPECT_EQ(reader.ReadAt(static_cast<int64_t>(offset), {got.data(), got.size()}).value(),
              got.size());
    EXPECT_EQ(got, content_.substr(offset, got.size())) << offset;
  }
  const auto end = static_cast<int64_t>(content_.size());
  EXPECT_EQ(reader.ReadAt(end - 10, {got.data(), got.size()}).value(), 10u);
  EXPECT_EQ(reader.ReadAt(end, {got.data(), got.size()}).value(), 0u);
  EXPECT_EQ(reader.ReadAt(end + 99, {got.data(), got.size()}).value(), 0u);
}

TEST_F(FrameReaderTest, SkipsWhatIsToBeSkipped) {
  const std::string table = FormatSeekTable({SizeOf(0), SizeOf(1), SizeOf(2)});
  file_ = table + frames_[0] + table + frames_[1] + frames_[2] + table;
  FrameReader reader = Reader();
  EXPECT_EQ(ReadAll(&reader), content_);
  EXPECT_EQ(reader.end(), FramesEnd::kClean);
  EXPECT_EQ(reader.whole_frames().size(), 3u);
  EXPECT_EQ(reader.end_of_whole_frames(), static_cast<int64_t>(file_.size()));
}

TEST_F(FrameReaderTest, NothingIsAFileWithoutFrames) {
  file_.clear();
  FrameReader reader = Reader();
  EXPECT_THAT(ReadAll(&reader), IsEmpty());
  EXPECT_EQ(reader.end(), FramesEnd::kClean);
}

TEST_F(FrameReaderTest, TellsATruncatedFrame) {
  const std::string whole = file_;
  const size_t first = frames_[0].size();
  for (const size_t length :
       std::array<size_t, 6>{first + 1, first + 3, first + 4, first + 9,
                             first + frames_[1].size() / 2, first + frames_[1].size() - 1}) {
    file_ = whole.substr(0, length);
    ExpectEnd(FramesEnd::kTruncated, 1, absl::StrCat(length));
  }
  file_ = whole.substr(0, 2);
  ExpectEnd(FramesEnd::kTruncated, 0, "not even a magic number");
}

TEST_F(FrameReaderTest, GivesWhatIsWholeOfATruncatedFrame) {
  file_.resize(frames_[0].size() + frames_[1].size() / 2);
  FrameReader reader = Reader();
  const std::string content = ReadAll(&reader);
  EXPECT_EQ(content, content_.substr(0, content.size()));
  // Blocks of noise are stored as they are.
  EXPECT_NEAR(static_cast<double>(content.size()), 300'000 + (512 << 10), 100);
}

TEST_F(FrameReaderTest, TellsWhereNoFrameBegins) {
  file_ = frames_[0] + frames_[1];
  file_.append(4096, '\0');
  ExpectEnd(FramesEnd::kNoFrame, 2, "zeros");
  file_ = frames_[0] + "x";
  ExpectEnd(FramesEnd::kNoFrame, 1, "a byte");
  file_ = "no frame at all";
  ExpectEnd(FramesEnd::kNoFrame, 0, "text");
}

TEST_F(FrameReaderTest, TellsADamagedFrame) {
  const size_t at = frames_[0].size() + frames_[1].size() - 1;  // of the checksum
  file_[at] = static_cast<char>(file_[at] ^ 1);
  FrameReader reader = Reader();
  EXPECT_EQ(ReadAll(&reader).substr(0, contents_[0].size()), contents_[0]);
  EXPECT_EQ(reader.end(), FramesEnd::kDamaged);
  EXPECT_THAT(reader.damage(),
              HasSubstr(absl::StrCat("the frame at byte ", frames_[0].size(), " is damaged")));
  EXPECT_EQ(reader.whole_frames().size(), 1u);
}

TEST_F(FrameReaderTest, ReadsOnlyTheBytesThatCount) {
  FrameReader reader(ReadFromString(file_), static_cast<int64_t>(frames_[0].size()));
  EXPECT_EQ(ReadAll(&reader), contents_[0]);
  EXPECT_EQ(reader.end(), FramesEnd::kClean);
}

TEST_F(FrameReaderTest, TakesAFileThatBecomesShorter) {
  FrameReader reader(ReadFromString(file_), static_cast<int64_t>(file_.size()) + 1000);
  EXPECT_EQ(ReadAll(&reader), content_);
  EXPECT_EQ(reader.end(), FramesEnd::kClean);
}

TEST_F(FrameReaderTest, PassesErrorsOn) {
  FrameReader reader(
      [&](int64_t offset, absl::Span<char> to) -> absl::StatusOr<size_t> {
        if (offset > 0) return absl::DataLossError("Input/output error");
        return ReadFromString(file_)(offset, to);
      },
      static_cast<int64_t>(file_.size()));
  EXPECT_EQ(ReadAll(&reader), "DATA_LOSS: Input/output error");
}

}  // namespace
}  // namespace dns_monitor
