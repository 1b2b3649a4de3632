#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/compressed.h"
#include "support/input_rig.h"
#include "support/pcapng_maker.h"

namespace dns_monitor {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kSecond = 1'000'000'000;

class InputPcapngTest : public testing::TestWithParam<bool> {
 protected:
  InputPcapngTest() { maker_.big_endian = GetParam(); }

  // Several sections, interfaces, and kinds of blocks.
  std::string File() const {
    PcapngMaker other{.big_endian = !maker_.big_endian};
    return maker_.Section() + maker_.Interface(1) + maker_.Other() +
           maker_.Enhanced(1'700'000'000'000'005, "micro", 0, 1500) +
           maker_.Interface(101, /*resolution=*/9) +
           maker_.Enhanced(1'700'000'001'000'000'007, "nano", 1) + maker_.Simple("simple") +
           maker_.Obsolete(1'700'000'002'000'000'009, "old", 1) + other.Section() + other.Other() +
           other.Interface(276, /*resolution=*/0x80 | 10, /*offset=*/100) +
           other.Enhanced(uint64_t{1'700'000'003} << 10 | 512, "half", 0) + maker_.Section() +
           maker_.Interface(1, 6, std::nullopt, /*snaplen=*/4) + maker_.Simple("clip", 900) +
           maker_.Enhanced(1, "");
  }
  static std::vector<SeenRecord> Records() {
    return {{.time_ns = 1'700'000'000 * kSecond + 5000, .payload = "micro", .wire_length = 1500},
            {.time_ns = 1'700'000'001 * kSecond + 7,
             .payload = "nano",
             .wire_length = 4,
             .link_type = 101},
            {.time_ns = 0, .payload = "simple", .wire_length = 6},
            {.time_ns = 1'700'000'002 * kSecond + 9,
             .payload = "old",
             .wire_length = 3,
             .link_type = 101},
            {.time_ns = 1'700'000'103 * kSecond + kSecond / 2,
             .payload = "half",
             .wire_length = 4,
             .link_type = 276},
            {.time_ns = 0, .payload = "clip", .wire_length = 900},
            {.time_ns = 1000, .payload = "", .wire_length = 0}};
  }

  InputRig rig_;
  PcapngMaker maker_;
};

TEST_P(InputPcapngTest, GivesTheSameRecordsWhateverTheBlocks) {
  for (const std::string& stored :
       {File(), Gzip(File()), Seekable(File(), 50), ZstdFrame(File()), Xz(File()), Lz4(File())}) {
    for (const size_t block_bytes : {1, 30, 64, 200, 1 << 20}) {
      const InputReading reading = rig_.ReadBytes("x", stored, {.block_bytes = block_bytes}, 3);
      EXPECT_TRUE(reading.status.ok()) << reading.status;
      EXPECT_EQ(reading.records, Records()) << block_bytes;
      EXPECT_THAT(reading.notes, IsEmpty());
    }
  }
}

TEST_P(InputPcapngTest, IsReadToTheCut) {
  const std::string file = File();
  size_t cuts = 0;
  for (size_t length = 12; length < file.size(); ++length) {
    const InputReading reading = rig_.ReadBytes("x", file.substr(0, length), {.block_bytes = 100});
    ASSERT_TRUE(reading.status.ok()) << reading.status;
    const std::vector<SeenRecord> all = Records();
    const std::vector<SeenRecord> expected(
        all.begin(), all.begin() + static_cast<ptrdiff_t>(reading.records.size()));
    EXPECT_EQ(reading.records, expected) << length;
    cuts += reading.notes.size();
    for (const std::string& note : reading.notes) {
      EXPECT_THAT(note, HasSubstr("x: ends within a block at byte "));
    }
  }
  EXPECT_EQ(cuts, file.size() - 12 - 15) << "but for borders of the 16 blocks behind the first";
}

TEST_P(InputPcapngTest, BadBlocksEndAFile) {
  const std::string good = maker_.Section() + maker_.Interface() + maker_.Enhanced(1, "abc");
  struct Case {
    std::string bytes;
    std::string says;
  };
  std::string two_lengths = maker_.Other();
  two_lengths.back() = static_cast<char>(two_lengths.back() ^ 0x10);
  std::string order = maker_.Section();
  order[8] = 9;
  const Case cases[] = {
      {maker_.Number(6) + maker_.Number(8), "claims a length of 8 bytes"},
      {maker_.Number(6) + maker_.Number(33), "claims a length of 33 bytes"},
      {maker_.Number(6) + maker_.Number(0x7fffff00), "claims a length of 2147483392 bytes"},
      {two_lengths, "bytes, and of "},
      {order, "claims a byte order of "},
      {maker_.Section(2), "is of version 2 of pcapng"},
      {maker_.Enhanced(1, "abc", 1), "is of interface 1, of 1"},
      {maker_.Block(6, "short"), "is too short for a packet"},
      {maker_.Block(
           6, maker_.Number(0) + std::string(8, '\0') + maker_.Number(99) + std::string(4, '\0')),
       "claims 99 captured bytes, of at most 0"},
      {maker_.Block(3, maker_.Number(99)), "claims 99 captured bytes, of at most 0"},
      {maker_.Block(1, "x"), "is too short for an interface"},
      {std::string(16, '\0'), "has zeros instead of a block"},
  };
  for (const Case& test : cases) {
    const InputReading reading =
        rig_.ReadBytes("x", good + test.bytes + good, {.skip_unreadable = true});
    EXPECT_EQ(reading.records.size(), 1u) << test.says;
    ASSERT_EQ(reading.notes.size(), 1u) << test.says;
    EXPECT_THAT(reading.notes[0], HasSubstr(test.says));
    EXPECT_THAT(reading.notes[0], HasSubstr(absl::StrCat("at byte ", good.size())));
    EXPECT_THAT(reading.notes[0], HasSubstr(", behind 1 packet"));
  }
}

TEST_P(InputPcapngTest, BoundsTheInterfaces) {
  std::string bytes = maker_.Section();
  for (size_t i = 0; i <= kMostPcapngInterfaces; ++i) bytes += maker_.Interface();
  EXPECT_THAT(std::string(rig_.ReadBytes("x", bytes, {.block_bytes = 1000}).status.message()),
              HasSubstr("describes more than 4096 interfaces"));
}

TEST_P(InputPcapngTest, FiltersByTime) {
  const std::string path = rig_.Write("x", File());
  const InputReading reading =
      rig_.Read({.paths = {path},
                 .range = {.from_ns = 1'700'000'001 * kSecond, .to_ns = 1'700'000'003 * kSecond}});
  EXPECT_EQ(reading.records, std::vector<SeenRecord>({Records()[1], Records()[3]}));
}

INSTANTIATE_TEST_SUITE_P(All, InputPcapngTest, testing::Bool(), [](const auto& param) {
  return param.param ? "BigEndian" : "LittleEndian";
});

TEST(PcapngTimeTest, TakesAllResolutions) {
  struct Case {
    uint8_t resolution;
    int64_t offset;
    uint64_t units;
    int64_t time_ns;
  };
  constexpr int64_t kMost = INT64_MAX - 1;
  const Case cases[] = {
      {0, 0, 3, 3 * kSecond},
      {3, 0, 1234, 1'234'000'000},
      {6, 0, 7, 7000},
      {9, 0, 7, 7},
      {12, 0, 7999, 7},
      {19, 0, 20'000'000'000, 2},
      {29, 0, UINT64_MAX, 0},
      {127, 0, UINT64_MAX, 0},
      {0x80, 0, 5, 5 * kSecond},
      {0x80 | 1, 0, 5, 5 * kSecond / 2},
      {0x80 | 32, 0, uint64_t{1} << 31, kSecond / 2},
      {0x80 | 64, 0, uint64_t{1} << 63, kSecond / 2},
      {0x80 | 127, 0, UINT64_MAX, 0},
      {6, 10, 1, 10 * kSecond + 1000},
      {6, -10, 1, -10 * kSecond + 1000},
      {0, 0, UINT64_MAX, kMost},
      {0, INT64_MAX, UINT64_MAX, kMost},
      {0, INT64_MIN, 0, INT64_MIN},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(
        PcapngTimeNs({.resolution = test.resolution, .offset_seconds = test.offset}, test.units),
        test.time_ns)
        << int{test.resolution} << " " << test.units;
  }
}

}  // namespace
}  // namespace dns_monitor
