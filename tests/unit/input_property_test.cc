// Captures at random, read in all ways: each gives the same records.
#include <gtest/gtest.h>

#include <random>

#include "support/indexed_capture.h"
#include "support/pcapng_maker.h"

namespace dns_monitor {
namespace {

constexpr int64_t kBeginNs = 1'700'000'000'000'000'000;

class InputPropertyTest : public testing::TestWithParam<uint32_t> {
 protected:
  InputPropertyTest() : random_(GetParam()) {}

  uint32_t Below(uint32_t end) { return static_cast<uint32_t>(random_() % end); }
  size_t BlockBytes() { return size_t{1} << Below(16); }
  TimeRange Range(const std::vector<SeenRecord>& records) {
    if (records.empty() || Below(3) == 0) return {};
    const auto pick = [&] { return records[Below(static_cast<uint32_t>(records.size()))].time_ns; };
    return {.from_ns = pick(), .to_ns = pick() + Below(2)};
  }
  // Late ones, too.
  std::vector<SeenRecord> Records() {
    std::vector<SeenRecord> records(Below(400));
    int64_t time_us = kBeginNs / 1000;
    for (SeenRecord& record : records) {
      time_us += Below(20'000);
      record.time_ns = (time_us - (Below(20) == 0 ? Below(50'000) : 0)) * 1000;
      const uint32_t size = Below(50) == 0 ? Below(70'000) : Below(200);
      record.payload = Payload(size, Below(99));
      record.wire_length = size + Below(3);
    }
    return records;
  }

  std::string Pcap(const std::vector<SeenRecord>& records) {
    PcapMaker maker{.nanoseconds = Below(2) == 0, .big_endian = Below(2) == 0};
    const int64_t unit = maker.nanoseconds ? 1 : 1000;
    std::string bytes = maker.FileHeader();
    for (const SeenRecord& record : records) {
      bytes += maker.Make({.seconds = static_cast<uint32_t>(record.time_ns / 1'000'000'000),
                           .fraction = static_cast<uint32_t>(record.time_ns % 1'000'000'000 / unit),
                           .payload = record.payload,
                           .original_length = record.wire_length});
    }
    return bytes;
  }
  std::string Pcapng(const std::vector<SeenRecord>& records) {
    PcapngMaker maker{.big_endian = Below(2) == 0};
    std::string bytes = maker.Section() + maker.Interface();
    for (const SeenRecord& record : records) {
      if (Below(30) == 0) bytes += maker.Other();
      if (Below(60) == 0) {
        maker.big_endian = !maker.big_endian;
        bytes += maker.Section() + maker.Interface();
      }
      bytes += maker.Enhanced(static_cast<uint64_t>(record.time_ns / 1000), record.payload, 0,
                              record.wire_length);
    }
    return bytes;
  }
  std::string Store(const std::string& content) {
    switch (Below(6)) {
      case 0:
        return Gzip(content);
      case 1:
        return Xz(content);
      case 2:
        return Lz4(content);
      case 3:
        return ZstdFrame(content);
      case 4:
        return Seekable(content, 1 + Below(10'000) + content.size() / 50);
      default:
        return content;
    }
  }

  std::mt19937 random_;
  InputRig rig_;
};

TEST_P(InputPropertyTest, AllWaysGiveTheSameRecords) {
  const std::vector<SeenRecord> records = Records();
  const std::string stored = Store(Below(2) == 0 ? Pcap(records) : Pcapng(records));
  for (int round = 0; round < 5; ++round) {
    const TimeRange range = Range(records);
    const size_t block_bytes = BlockBytes();
    const InputReading reading = rig_.Read({.paths = {rig_.Write("x", stored)}, .range = range},
                                           {.block_bytes = block_bytes}, 1 + Below(4));
    std::vector<SeenRecord> expected;
    for (const SeenRecord& record : records) {
      if (range.Contains(record.time_ns)) expected.push_back(record);
    }
    EXPECT_TRUE(reading.status.ok()) << reading.status;
    EXPECT_EQ(reading.records, expected) << block_bytes;
    EXPECT_TRUE(reading.notes.empty()) << reading.notes[0];
  }
}

// With a ledger, cut or not: what is left of the file is what a walk without a ledger finds.
TEST_P(InputPropertyTest, AnIndexChangesNothing) {
  IndexedCapture capture(1 + Below(600), 1 + Below(6000));
  if (Below(2) == 0) capture.Compress(1 + Below(5000));
  const std::string path = capture.Write(rig_);
  for (int round = 0; round < 5; ++round) {
    const TimeRange range = Range(capture.sample.records);
    const InputReading reading =
        rig_.Read({.paths = {path}, .range = range}, {.block_bytes = BlockBytes()}, 1 + Below(4));
    EXPECT_EQ(reading.records, capture.Between(range));
    EXPECT_TRUE(reading.notes.empty()) << reading.notes[0];
  }
}

TEST_P(InputPropertyTest, ChangedBytesGiveTheSameInAllWays) {
  const std::vector<SeenRecord> records = Records();
  std::string stored = Store(Below(2) == 0 ? Pcap(records) : Pcapng(records));
  for (uint32_t i = 0; i < 1 + Below(4) && stored.size() > 40; ++i) {
    const uint32_t at = 30 + Below(static_cast<uint32_t>(stored.size()) - 30);
    stored[at] = static_cast<char>(random_());
  }
  if (Below(3) == 0) stored.resize(stored.size() - std::min<size_t>(stored.size(), Below(100)));
  const std::string path = rig_.Write("x", stored);
  const InputReading one =
      rig_.Read({.paths = {path}}, {.block_bytes = 1 << 20, .skip_unreadable = true});
  for (int round = 0; round < 4; ++round) {
    const InputReading other = rig_.Read(
        {.paths = {path}}, {.block_bytes = BlockBytes(), .skip_unreadable = true}, 1 + Below(4));
    EXPECT_EQ(other.records, one.records);
    EXPECT_EQ(other.notes, one.notes);
    EXPECT_EQ(other.status, one.status);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, InputPropertyTest, testing::Range(1U, 61U));

}  // namespace
}  // namespace dns_monitor
