#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/indexed_capture.h"

namespace dns_monitor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(InputIndexTest, GivesTheSameRecordsAsWithoutIt) {
  const InputRig rig;
  for (const int64_t stretch : {64, 500, 4096, 1 << 20}) {
    const IndexedCapture capture(500, stretch);
    const std::string path = capture.Write(rig);
    for (const size_t block_bytes : {1, 1000, 10'000}) {
      for (const int threads : {1, 4}) {
        const InputReading reading =
            rig.Read({.paths = {path}}, {.block_bytes = block_bytes}, threads);
        ASSERT_TRUE(reading.status.ok()) << reading.status;
        EXPECT_EQ(reading.records, capture.sample.records) << stretch << " " << block_bytes;
        EXPECT_THAT(reading.notes, IsEmpty());
        EXPECT_EQ(reading.bytes_done, capture.stored.size());
      }
    }
  }
}

TEST(InputIndexTest, MakesBlocksOfStretches) {
  const InputRig rig;
  const IndexedCapture capture(500, 1000);
  const std::string path = capture.Write(rig);
  EXPECT_EQ(rig.Read({.paths = {path}}, {.block_bytes = 1}).blocks, capture.ledger.index.size());
  const uint64_t few = rig.Read({.paths = {path}}, {.block_bytes = 5200}).blocks;
  EXPECT_NEAR(static_cast<double>(few), static_cast<double>(capture.ledger.index.size()) / 5, 1);
}

// --- Ranges of time ---

TEST(InputIndexTest, ReadsNoStretchOutsideOfTheRange) {
  const InputRig rig;
  for (const bool compressed : {false, true}) {
    IndexedCapture capture(1000, 2000);
    if (compressed) capture.Compress(/*frame_bytes=*/1500);
    const std::string path = capture.Write(rig);
    for (uint32_t from = 0; from < 1000; from += 123) {
      for (const uint32_t count : {0, 1, 17, 400}) {
        TimeRange range{.from_ns = capture.sample.records[from].time_ns};
        range.to_ns = capture.sample.records[std::min(999U, from + count)].time_ns;
        uint64_t skipped = 0;
        uint64_t kept_bytes = 0;
        for (size_t i = 0; i < capture.ledger.index.size(); ++i) {
          const IndexEntry& entry = capture.ledger.index[i];
          if (range.Meets(*entry.first_ns, *entry.last_ns)) {
            const int64_t end = i + 1 < capture.ledger.index.size()
                                    ? *capture.ledger.index[i + 1].first_record
                                    : capture.ledger.length_bytes;
            kept_bytes += static_cast<uint64_t>(end - *entry.first_record);
          } else {
            ++skipped;
          }
        }
        const InputReading reading =
            rig.Read({.paths = {path}, .range = range}, {.block_bytes = 3000}, 2);
        EXPECT_EQ(reading.records, capture.Between(range)) << from << " " << count;
        EXPECT_THAT(reading.notes, IsEmpty());
        if (reading.blocks == 0) continue;  // the file is left out
        EXPECT_EQ(reading.stats.stretches_skipped, skipped);
        EXPECT_EQ(reading.stats.bytes, kept_bytes);
        EXPECT_EQ(reading.bytes_done, reading.bytes_total);
      }
    }
  }
}

TEST(InputIndexTest, LeavesAFileOutThatHasNothingOfTheRange) {
  const InputRig rig;
  const IndexedCapture capture(100, 2000);
  const std::string path = capture.Write(rig);
  const int64_t last = capture.sample.records.back().time_ns;
  for (const TimeRange range : {TimeRange{.from_ns = last + 1},
                                TimeRange{.to_ns = capture.sample.records.front().time_ns}}) {
    const auto plan = PlanInput({.paths = {path}, .range = range});
    ASSERT_TRUE(plan.ok());
    EXPECT_THAT(plan->files, IsEmpty());
    EXPECT_EQ(plan->skipped_by_time, 1u);
  }
  EXPECT_EQ(rig.Read({.paths = {path}, .range = {.from_ns = last}}).records.size(), 1u);
}

TEST(InputIndexTest, AFileOfWhichNothingIsReadHasABlock) {
  const InputRig rig;
  IndexedCapture capture(1000, 2000);
  capture.Write(rig);
  // Between the last of one stretch and the first of the next.
  const int64_t between = *capture.ledger.index[3].last_ns + 1;
  const InputReading reading = rig.Read(
      {.paths = {rig.Path(capture.name)}, .range = {.from_ns = between, .to_ns = between + 1}});
  EXPECT_THAT(reading.records, IsEmpty());
  EXPECT_EQ(reading.blocks, 1u);
  EXPECT_EQ(reading.stats.bytes, 0u);
}

// --- Wrong ones ---

class InputWrongIndexTest : public testing::Test {
 protected:
  InputReading Read(const TimeRange& range = {}, int threads = 3) {
    capture_.Write(rig_);
    return rig_.Read({.paths = {rig_.Path(capture_.name)}, .range = range}, {.block_bytes = 1},
                     threads);
  }

  InputRig rig_;
  IndexedCapture capture_{400, 1000};
};

TEST_F(InputWrongIndexTest, OneThatLeadsIntoARecordIsPassedOver) {
  for (const size_t wrong : {size_t{1}, size_t{5}, capture_.ledger.index.size() - 1}) {
    capture_ = IndexedCapture(400, 1000);
    *capture_.ledger.index[wrong].first_record += 3;
    const InputReading reading = Read();
    EXPECT_EQ(reading.records, capture_.sample.records) << wrong;
    ASSERT_EQ(reading.notes.size(), 1u);
    EXPECT_THAT(reading.notes[0], HasSubstr("does not lead to records; it is passed over"));
  }
}

TEST_F(InputWrongIndexTest, OneThatLeadsToALaterRecordLosesNone) {
  // The second record of the stretch instead of the first.
  for (size_t i = 0; i + 1 < capture_.sample.borders.size(); ++i) {
    if (static_cast<int64_t>(capture_.sample.borders[i]) ==
        *capture_.ledger.index[4].first_record) {
      capture_.ledger.index[4].first_record = static_cast<int64_t>(capture_.sample.borders[i + 1]);
      break;
    }
  }
  EXPECT_EQ(Read().records, capture_.sample.records);
}

TEST_F(InputWrongIndexTest, OneThatWouldBeNeededIsNotTrustedBlindly) {
  const TimeRange range{.from_ns = *capture_.ledger.index[5].first_ns};
  for (const int64_t off : {-7, 1, 16, 40}) {
    capture_ = IndexedCapture(400, 1000);
    for (size_t i = 1; i < capture_.ledger.index.size(); ++i) {
      *capture_.ledger.index[i].first_record += off;
    }
    const InputReading reading = Read(range);
    EXPECT_EQ(reading.records, capture_.Between(range)) << off;
    ASSERT_EQ(reading.notes.size(), 1u) << off;
  }
}

TEST_F(InputWrongIndexTest, OneThatContradictsItselfIsNoIndex) {
  const Ledger good = capture_.ledger;
  const std::vector<std::function<void(Ledger*)>> kinds = {
      [](Ledger* ledger) { ledger->index[3].offset += 200; },
      [](Ledger* ledger) { ledger->index[3].packets += 1; },
      [](Ledger* ledger) { ledger->index[3].first_record = std::nullopt; },
      [](Ledger* ledger) { *ledger->index[3].first_record = 5; },
      [](Ledger* ledger) { *ledger->index[0].first_record = 25; },
      [](Ledger* ledger) { ledger->index[3].first_ns = *ledger->index[3].last_ns + 1; },
      [](Ledger* ledger) { ledger->index[3].last_ns = std::nullopt; },
      [](Ledger* ledger) { ledger->index.pop_back(); },
      [](Ledger* ledger) { ledger->index.clear(); }};
  for (const auto& spoil : kinds) {
    capture_.ledger = good;
    spoil(&capture_.ledger);
    const InputReading reading = Read();
    EXPECT_EQ(reading.records, capture_.sample.records);
    EXPECT_THAT(reading.notes, ElementsAre("eth0.20231114_2213.pcap: the index of its ledger is "
                                           "passed over: it contradicts itself"));
  }
}

TEST_F(InputWrongIndexTest, ALedgerOfAnotherFileIsPassedOver) {
  ++capture_.ledger.length_bytes;
  const InputReading reading = Read();
  EXPECT_EQ(reading.records, capture_.sample.records);
  EXPECT_THAT(reading.notes,
              ElementsAre(absl::StrCat(
                  "eth0.20231114_2213.pcap: its ledger is passed over: it is of a "
                  "file of ",
                  capture_.stored.size() + 1, " bytes, not of ", capture_.stored.size())));
}

TEST_F(InputWrongIndexTest, ABadRecordEndsTheFileForAllThreads) {
  // Lengths that lead nowhere, in the middle.
  const size_t at = capture_.sample.borders[200] + 8;
  capture_.stored.replace(at, 4, "\xff\xff\xff\x7f");
  EXPECT_TRUE(absl::IsDataLoss(Read().status));
  const InputReading reading =
      rig_.Read({.paths = {rig_.Path(capture_.name)}}, {.block_bytes = 1, .skip_unreadable = true},
                /*threads=*/3);
  EXPECT_EQ(reading.records.size(), 200u);
  ASSERT_EQ(reading.notes.size(), 1u);
  EXPECT_THAT(reading.notes[0], HasSubstr(", behind 200 packets"));
}

}  // namespace
}  // namespace dns_monitor
