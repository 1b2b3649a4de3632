#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "support/compressed.h"
#include "support/input_rig.h"
#include "support/pcapng_maker.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

struct Storage {
  const char* name;
  std::string (*store)(const std::string& content);
};

const Storage kStorages[] = {
    {"plain", [](const std::string& content) { return content; }},
    {"gzip", Gzip},
    {"members",
     [](const std::string& content) {
       return Gzip(content.substr(0, content.size() / 2)) +
              Gzip(content.substr(content.size() / 2));
     }},
    {"xz", Xz},
    {"streams",
     [](const std::string& content) {
       return Xz(content.substr(0, content.size() / 2)) + std::string(8, '\0') +
              Xz(content.substr(content.size() / 2));
     }},
    {"lz4", Lz4},
    {"frames",
     [](const std::string& content) {
       return Lz4(content.substr(0, content.size() / 2)) + Lz4(content.substr(content.size() / 2));
     }},
    {"zstd", [](const std::string& content) { return ZstdFrame(content); }},
    {"untabled", [](const std::string& content) { return Seekable(content, 1000, false); }},
    {"seekable", [](const std::string& content) { return Seekable(content, 1000); }},
};

class InputFormatsTest : public testing::TestWithParam<
                             std::tuple<Storage, /*nanoseconds*/ bool, /*big_endian*/ bool>> {
 protected:
  InputFormatsTest() {
    maker_.nanoseconds = std::get<1>(GetParam());
    maker_.big_endian = std::get<2>(GetParam());
    maker_.link_type = 101;
    sample_ = MakeSample(maker_, 200);
    stored_ = std::get<0>(GetParam()).store(sample_.bytes);
  }

  InputRig rig_;
  PcapMaker maker_;
  PcapSample sample_;
  std::string stored_;
};

TEST_P(InputFormatsTest, GivesTheSameRecordsWhateverTheBlocks) {
  // Each record is cut somewhere.
  for (const size_t block_bytes : {1, 16, 40, 99, 100, 101, 997, 1000, 5000, 1 << 20}) {
    const InputReading reading =
        rig_.ReadBytes("a", stored_, {.block_bytes = block_bytes}, /*threads=*/1);
    ASSERT_TRUE(reading.status.ok()) << reading.status;
    ASSERT_EQ(reading.records, sample_.records) << block_bytes;
    EXPECT_THAT(reading.notes, IsEmpty());
    EXPECT_EQ(reading.bytes_done, stored_.size());
    EXPECT_EQ(reading.bytes_total, stored_.size());
    EXPECT_EQ(reading.stats.blocks, reading.blocks);
    EXPECT_EQ(reading.stats.bytes, sample_.bytes.size() - 24);
  }
}

TEST_P(InputFormatsTest, GivesEachRecordToOneOfManyThreads) {
  for (const size_t block_bytes : {50, 1000, 3000}) {
    const InputReading reading =
        rig_.ReadBytes("a", stored_, {.block_bytes = block_bytes}, /*threads=*/4);
    EXPECT_EQ(reading.records, sample_.records) << block_bytes;
    EXPECT_THAT(reading.notes, IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(All, InputFormatsTest,
                         testing::Combine(testing::ValuesIn(kStorages), testing::Bool(),
                                          testing::Bool()),
                         [](const auto& param) {
                           return std::string(std::get<0>(param.param).name) +
                                  (std::get<1>(param.param) ? "Nano" : "Micro") +
                                  (std::get<2>(param.param) ? "Big" : "Little");
                         });

// Where the records of a file that is cut there end, and how many are whole.
size_t WholeRecords(const PcapSample& sample, size_t length) {
  size_t whole = 0;
  while (whole < sample.records.size() && sample.borders[whole + 1] <= length) ++whole;
  return whole;
}

TEST(InputCutTest, APlainFileIsReadToTheCut) {
  const InputRig rig;
  const PcapSample sample = MakeSample(PcapMaker(), 5);
  for (size_t length = 24; length <= sample.bytes.size(); ++length) {
    const size_t whole = WholeRecords(sample, length);
    for (const size_t block_bytes : {size_t{1}, size_t{4} << 20}) {
      const InputReading reading =
          rig.ReadBytes("x.pcap", sample.bytes.substr(0, length), {.block_bytes = block_bytes});
      ASSERT_EQ(reading.records.size(), whole) << length;
      const bool clean = length == sample.borders[whole];
      if (clean) {
        EXPECT_THAT(reading.notes, IsEmpty());
      } else {
        EXPECT_THAT(
            reading.notes,
            ElementsAre(absl::StrCat("x.pcap: ends within a record at byte ", sample.borders[whole],
                                     ", behind ", whole, whole == 1 ? " packet" : " packets")));
      }
    }
  }
}

TEST(InputCutTest, AFileHeaderThatIsCutHasNoRecords) {
  const InputRig rig;
  const std::string header = PcapMaker().FileHeader();
  for (size_t length = 1; length < header.size(); ++length) {
    const InputReading reading = rig.ReadBytes("x.pcap", header.substr(0, length));
    EXPECT_TRUE(reading.status.ok()) << reading.status;
    EXPECT_THAT(reading.notes, ElementsAre("x.pcap: ends within its file header"));
    EXPECT_EQ(reading.blocks, 1u);
  }
  EXPECT_THAT(rig.ReadBytes("x.pcap", "").notes, ElementsAre("x.pcap: is empty"));
  EXPECT_THAT(rig.ReadBytes("x.pcap", header).notes, IsEmpty());
}

TEST(InputCutTest, CompressedDataIsReadToTheCut) {
  const InputRig rig;
  const PcapSample sample = MakeSample(PcapMaker(), 10);
  for (const Storage& storage : kStorages) {
    if (storage.name == std::string("plain")) continue;
    SCOPED_TRACE(storage.name);
    const std::string stored = storage.store(sample.bytes);
    size_t most = 0;
    for (size_t length = 6; length < stored.size(); ++length) {
      const InputReading reading = rig.ReadBytes("x.pcap", stored.substr(0, length));
      ASSERT_TRUE(reading.status.ok()) << reading.status << " " << length;
      const std::vector<SeenRecord> expected(
          sample.records.begin(),
          sample.records.begin() + static_cast<ptrdiff_t>(reading.records.size()));
      ASSERT_EQ(reading.records, expected) << length;
      ASSERT_LE(reading.notes.size(), 1u);
      EXPECT_GE(reading.records.size(), most) << "more of a file is not less of it";
      most = reading.records.size();
    }
    EXPECT_GT(most, 0u);
  }
}

TEST(InputCutTest, NamesWhatIsCut) {
  const InputRig rig;
  const PcapSample sample = MakeSample(PcapMaker(), 300);
  const std::string gzip = Gzip(sample.bytes);
  const InputReading reading = rig.ReadBytes("x.pcap.gz", gzip.substr(0, gzip.size() / 2));
  EXPECT_THAT(reading.notes,
              ElementsAre(testing::MatchesRegex(
                  "x.pcap.gz: the gzip data ends early; read up to byte [0-9]+ of its content, "
                  "behind [0-9]+ packets")));
}

TEST(InputDamageTest, WhatIsReadableOfDamagedDataIsGiven) {
  const InputRig rig;
  const PcapSample sample = MakeSample(PcapMaker(), 400);
  const std::string whole = Seekable(sample.bytes, 3000);
  for (const bool table : {true, false}) {
    std::string stored = Seekable(sample.bytes, 3000, table);
    stored[stored.size() / 2] = static_cast<char>(stored[stored.size() / 2] ^ 0x55);
    std::vector<SeenRecord> first;
    for (const size_t block_bytes : {100, 3000, 10'000, 1 << 20}) {
      const InputReading reading = rig.ReadBytes(
          "x.zst", stored, {.block_bytes = block_bytes, .skip_unreadable = true}, /*threads=*/3);
      EXPECT_TRUE(reading.status.ok()) << reading.status;
      ASSERT_EQ(reading.notes.size(), 1u);
      EXPECT_THAT(reading.notes[0], HasSubstr("; what follows is not read"));
      const InputReading refused =
          rig.ReadBytes("x.zst", stored, {.block_bytes = block_bytes}, /*threads=*/3);
      EXPECT_TRUE(absl::IsDataLoss(refused.status)) << refused.status;
      EXPECT_THAT(refused.notes, IsEmpty());
      // Without the table, records are taken from a frame before its checksum is known to be wrong.
      if (table) {
        EXPECT_THAT(reading.notes[0], HasSubstr("x.zst: the zstd frame at byte "));
        EXPECT_THAT(reading.notes[0], HasSubstr(" is damaged ("));
      }
      if (first.empty()) first = reading.records;
      EXPECT_EQ(reading.records, first) << block_bytes;
      EXPECT_GT(reading.records.size(), 50u);
      EXPECT_LT(reading.records.size(), 400u);
    }
  }
}

// zstd takes back what the call has made that finds an error.
TEST(InputDamageTest, BlocksOfAFrameAreGivenUpToTheDamage) {
  const InputRig rig;
  const PcapSample sample = MakeSample(PcapMaker(), 6000);
  ASSERT_GT(sample.bytes.size(), 300'000u) << "blocks of zstd have 128 KiB at most";
  std::string wrong_checksum = ZstdFrame(sample.bytes);
  wrong_checksum.back() ^= 1;
  const std::string cut_checksum = wrong_checksum.substr(0, wrong_checksum.size() - 4);
  for (const std::string& stored : {wrong_checksum, cut_checksum}) {
    for (const size_t block_bytes : {100, 1000, 10'000, 100'000, 1 << 20}) {
      const InputReading reading =
          rig.ReadBytes("x.zst", stored, {.block_bytes = block_bytes, .skip_unreadable = true});
      EXPECT_EQ(reading.records.size(), 6000u) << block_bytes;
      EXPECT_THAT(reading.notes, ElementsAre(HasSubstr(", behind 6000 packets"))) << block_bytes;
    }
  }
}

// As where the head of a second member is damaged.
TEST(InputDamageTest, SomethingElseBehindTheDataIsDamage) {
  const InputRig rig;
  const PcapSample sample = MakeSample(PcapMaker(), 10);
  for (const auto& [name, stored] :
       std::vector<std::pair<std::string, std::string>>{{"gzip", Gzip(sample.bytes)},
                                                        {"lz4", Lz4(sample.bytes)},
                                                        {"zstd", ZstdFrame(sample.bytes)}}) {
    const std::string told = absl::StrCat("x: something else follows the ", name, " data at byte ");
    const std::string bytes = stored + "something else that follows";
    const InputReading refused = rig.ReadBytes("x", bytes);
    EXPECT_TRUE(absl::IsDataLoss(refused.status)) << refused.status;
    EXPECT_THAT(std::string(refused.status.message()), StartsWith(told));
    const InputReading reading = rig.ReadBytes("x", bytes, {.skip_unreadable = true});
    EXPECT_EQ(reading.records, sample.records);
    EXPECT_THAT(reading.notes, ElementsAre(StartsWith(told)));
    const InputReading zeros = rig.ReadBytes("x", stored + std::string(100'000, '\0'));
    EXPECT_TRUE(zeros.status.ok()) << zeros.status;
    EXPECT_EQ(zeros.records, sample.records);
    EXPECT_THAT(zeros.notes, ElementsAre(StartsWith("x: zeros follow the " + name + " data at ")));
    EXPECT_TRUE(
        absl::IsDataLoss(rig.ReadBytes("x", stored + std::string(100'000, '\0') + "x").status));
  }
}

// Zeros at the end are what a power failure leaves; with something behind them, they are damage.
TEST(InputDamageTest, OnlyZerosAtTheEndAreACut) {
  const InputRig rig;
  const PcapSample sample = MakeSample(PcapMaker(), 3);
  const std::string zeros(100'000, '\0');
  const std::string told = absl::StrCat("x: has zeros instead of a record at byte ",
                                        sample.bytes.size(), ", behind 3 packets");
  for (const size_t block_bytes : {1000, 1 << 20}) {
    for (const auto store : {+[](const std::string& bytes) { return bytes; }, +Gzip}) {
      const BlockOptions options{.block_bytes = block_bytes};
      const InputReading cut = rig.ReadBytes("x", store(sample.bytes + zeros), options);
      EXPECT_TRUE(cut.status.ok()) << cut.status;
      EXPECT_EQ(cut.records, sample.records);
      EXPECT_THAT(cut.notes, ElementsAre(told));
      const InputReading hole =
          rig.ReadBytes("x", store(sample.bytes + zeros + sample.bytes), options);
      EXPECT_EQ(hole.status, absl::DataLossError(told + " (--skip-unreadable reads up to there)"));
    }
  }
}

TEST(InputDamageTest, ABadRecordEndsAFile) {
  const InputRig rig;
  const PcapMaker maker;
  const PcapSample sample = MakeSample(maker, 3);
  const std::string bad = maker.Make({.payload = "x", .captured_length = 300'000});
  const std::string damaged = sample.bytes + bad + sample.bytes.substr(24);
  const std::string told = absl::StrCat("x: the record at byte ", sample.bytes.size(),
                                        " claims 300000 captured bytes, of at most 262144, behind "
                                        "3 packets");
  EXPECT_EQ(rig.ReadBytes("x", damaged).status,
            absl::DataLossError(told + " (--skip-unreadable reads up to there)"));
  const InputReading reading = rig.ReadBytes("x", damaged, {.skip_unreadable = true});
  EXPECT_EQ(reading.records, sample.records);
  EXPECT_THAT(reading.notes, ElementsAre(told + "; what follows is not read"));
  const std::string late = maker.Make({.fraction = 1'000'000, .payload = "x"});
  EXPECT_THAT(std::string(rig.ReadBytes("x", sample.bytes + late).status.message()),
              HasSubstr("claims 1000000 of 1000000 parts of a second"));
}

TEST(InputDamageTest, ThePartIsReadToItsLastWholeRecordWithoutAWord) {
  const InputRig rig;
  const PcapSample sample = MakeSample(PcapMaker(), 20);
  const std::string cut = sample.bytes.substr(0, sample.bytes.size() - 3);
  for (const std::string& bytes :
       {cut, sample.bytes.substr(0, sample.borders[19]) + std::string(5000, '\0'),
        ZstdFrame(sample.bytes.substr(0, 700)) + ZstdFrame(cut.substr(700)),
        sample.bytes.substr(0, 7), std::string()}) {
    const InputReading reading = rig.ReadBytes("eth0.20261120_1345.pcap.part", bytes);
    EXPECT_TRUE(reading.status.ok()) << reading.status;
    EXPECT_THAT(reading.notes, IsEmpty());
    EXPECT_EQ(reading.records.size(), bytes.size() < 100 ? 0u : 19u);
  }
}

TEST(InputFormatTest, TakesKuznetzovsHeaders) {
  const InputRig rig;
  for (const bool big_endian : {false, true}) {
    const PcapMaker maker{.big_endian = big_endian};
    std::string bytes = maker.Number(0xa1b2cd34) + maker.FileHeader().substr(4);
    for (uint32_t number = 0; number < 5; ++number) {
      const std::string record = maker.Make({.seconds = number, .fraction = 7, .payload = "abc"});
      bytes += record.substr(0, 16) + "8 bytes!" + record.substr(16);
    }
    for (const size_t block_bytes : {1, 50, 1000}) {
      const InputReading reading = rig.ReadBytes("x", bytes, {.block_bytes = block_bytes});
      ASSERT_EQ(reading.records.size(), 5u);
      EXPECT_EQ(reading.records[4],
                (SeenRecord{.time_ns = 4'000'007'000, .payload = "abc", .wire_length = 3}));
    }
  }
}

TEST(InputFormatTest, TakesRecordsThatAreLongerThanBlocks) {
  const InputRig rig;
  const PcapMaker maker;
  std::string bytes = maker.FileHeader();
  std::vector<std::string> payloads;
  for (const uint32_t size : {200'000, 3, 150'000, 70'000, 0, 262'144}) {
    payloads.push_back(Payload(size, size));
    bytes += maker.Make({.payload = payloads.back()});
  }
  for (const Storage& storage : kStorages) {
    const InputReading reading = rig.ReadBytes("x", storage.store(bytes), {.block_bytes = 5000}, 2);
    ASSERT_EQ(reading.records.size(), payloads.size()) << storage.name;
    for (size_t i = 0; i < payloads.size(); ++i) EXPECT_EQ(reading.records[i].payload, payloads[i]);
  }
}

TEST(InputFormatTest, RefusesWhatIsNoCapture) {
  const InputRig rig;
  EXPECT_EQ(rig.ReadBytes("x", "some text, long enough to be a header").status.ToString(),
            "INVALID_ARGUMENT: x: no capture: neither pcap nor pcapng");
  EXPECT_TRUE(absl::IsInvalidArgument(rig.ReadBytes("x", Gzip("text, compressed")).status));
  EXPECT_TRUE(absl::IsUnimplemented(rig.ReadBytes("x", PcapMaker{.minor = 3}.FileHeader()).status));
  const InputReading reading =
      rig.Read({.paths = {rig.Path("x"), rig.Path("none")}, .skip_unreadable = true});
  EXPECT_TRUE(reading.status.ok());
  EXPECT_EQ(reading.notes.size(), 2u);
}

}  // namespace
}  // namespace dns_monitor
