#include "dns_monitor/compress/frame_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/frames.h"

namespace dns_monitor {
namespace {

std::string Decoded(const std::string& file) {
  FrameReader reader(ReadFromString(file), static_cast<int64_t>(file.size()));
  std::string content = ReadAll(&reader);
  EXPECT_EQ(reader.end(), FramesEnd::kClean) << reader.damage();
  return content;
}

class FrameEncoderTest : public ::testing::TestWithParam<int> {
 protected:
  absl::Span<std::byte> Room() { return absl::MakeSpan(room_); }
  void Take(size_t bytes) { file_.append(reinterpret_cast<const char*>(room_.data()), bytes); }

  FrameEncoder encoder_;
  std::vector<std::byte> room_ = std::vector<std::byte>(2 << 20);
  std::string file_;
};

TEST_P(FrameEncoderTest, GivesBackWhatItGot) {
  for (const size_t bytes : {0, 1, 24, 131'071, 131'072, 131'073, 1 << 20}) {
    for (const std::string& content : {Content(bytes), Noise(bytes)}) {
      const std::string frame = ZstdFrame(content, GetParam());
      EXPECT_EQ(Decoded(frame), content);
      EXPECT_LE(frame.size(), FrameEncoder::Bound(bytes));
    }
  }
}

TEST_P(FrameEncoderTest, FramesFollowEachOther) {
  std::string content;
  for (uint32_t number = 0; number < 20; ++number) {
    const std::string part = Content(number * 1000, number);
    Take(encoder_.Encode(GetParam(), AsBytes(part), Room()));
    content += part;
  }
  EXPECT_EQ(Decoded(file_), content);
}

TEST_P(FrameEncoderTest, WhatIsFlushedCanBeReadBeforeTheEnd) {
  std::string content;
  for (uint32_t number = 1; number < 20; ++number) {
    const std::string part = Content(number * 300, number);
    Take(encoder_.Flush(GetParam(), AsBytes(part), Room()));
    EXPECT_TRUE(encoder_.begun());
    content += part;
    FrameReader reader(ReadFromString(file_), static_cast<int64_t>(file_.size()));
    EXPECT_EQ(ReadAll(&reader), content);
    EXPECT_EQ(reader.end(), FramesEnd::kTruncated);
    EXPECT_EQ(reader.end_of_whole_frames(), 0);
  }
  const std::string last = Content(77);
  Take(encoder_.End(AsBytes(last), Room()));
  EXPECT_FALSE(encoder_.begun());
  EXPECT_EQ(Decoded(file_), content + last);
}

TEST_P(FrameEncoderTest, FlushesStayWithinTheBound) {
  const std::string noise = Noise(100'000);
  constexpr size_t kPiece = 40;
  for (size_t at = 0; at < noise.size(); at += kPiece) {
    Take(encoder_.Flush(GetParam(), AsBytes(noise.substr(at, kPiece)), Room()));
  }
  Take(encoder_.End({}, Room()));
  EXPECT_LE(file_.size(), FrameEncoder::Bound(noise.size(), noise.size() / kPiece));
  EXPECT_EQ(Decoded(file_), noise);
}

TEST_P(FrameEncoderTest, GoesOnAfterOneThatIsAbandoned) {
  encoder_.Flush(GetParam(), AsBytes(Content(1000)), Room());
  encoder_.Abandon();
  EXPECT_FALSE(encoder_.begun());
  Take(encoder_.Encode(GetParam(), AsBytes(Content(500)), Room()));
  encoder_.Flush(GetParam(), AsBytes(Content(1000)), Room());
  encoder_.Abandon();
  Take(encoder_.Flush(GetParam(), AsBytes(Content(600)), Room()));
  Take(encoder_.End({}, Room()));
  EXPECT_EQ(Decoded(file_), Content(500) + Content(600));
}

INSTANTIATE_TEST_SUITE_P(Levels, FrameEncoderTest, ::testing::Values(-5, 0, 1, 3, 9, 19));

TEST(FrameEncoderLevelTest, AHigherOneIsSmaller) {
  const std::string content = Content(1 << 20);
  const size_t stored = ZstdFrame(content, kStoredLevel).size();
  const size_t fast = ZstdFrame(content, 1).size();
  EXPECT_GT(stored, content.size());
  EXPECT_LT(fast, stored / 2);
  EXPECT_LT(ZstdFrame(content, kHighestLevel).size(), fast);
}

TEST(FrameEncoderLevelTest, AChangedByteOfAStoredFrameIsFound) {
  const std::string content = Content(300'000);
  std::string frame = ZstdFrame(content, kStoredLevel);
  frame[150'000] = static_cast<char>(frame[150'000] ^ 1);
  FrameReader reader(ReadFromString(frame), static_cast<int64_t>(frame.size()));
  ReadAll(&reader);
  EXPECT_EQ(reader.end(), FramesEnd::kDamaged);
}

}  // namespace
}  // namespace dns_monitor
