// A directory of captures, and all records that a BlockSource gives of it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "dns_monitor/input/block_source.h"
#include "dns_monitor/input/plan.h"
#include "dns_monitor/input/record_cursor.h"
#include "support/pcap_maker.h"

namespace dns_monitor {

struct SeenRecord {
  int64_t time_ns = 0;
  std::string payload = {};
  uint32_t wire_length = 0;
  uint32_t link_type = 1;

  bool operator==(const SeenRecord&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const SeenRecord& record) {
    return out << record.time_ns << " " << absl::CHexEscape(record.payload.substr(0, 20)) << " of "
               << record.payload.size() << "/" << record.wire_length << " link "
               << record.link_type;
  }
};

struct InputReading {
  std::vector<SeenRecord> records;  // in the order of the blocks
  std::vector<std::string> notes;   // without the directory
  absl::Status status;
  uint64_t blocks = 0;
  BlockStats stats;
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;
};

inline std::vector<SeenRecord> RecordsOf(const RecordBlock& block, const TimeRange& range) {
  std::vector<SeenRecord> records;
  RecordCursor cursor(block, range);
  CapturedRecord record;
  while (cursor.Next(&record)) {
    records.push_back({.time_ns = record.time_ns,
                       .payload = {record.bytes.begin(), record.bytes.end()},
                       .wire_length = record.wire_length,
                       .link_type = record.link_type});
  }
  return records;
}

// By so many threads. Also checks what holds for all blocks.
inline InputReading ReadPlan(const InputPlan& plan, BlockOptions options, int threads = 1) {
  InputReading reading;
  std::mutex mutex;
  options.on_note = [&](std::string note) { reading.notes.push_back(std::move(note)); };
  auto source = BlockSource::Open(plan, options);
  EXPECT_TRUE(source.ok()) << source.status();
  std::map<uint64_t, std::vector<SeenRecord>> by_ordinal;
  std::map<uint64_t, RecordBlock> blocks;
  const auto read = [&] {
    for (;;) {
      RecordBlock block;
      const absl::StatusOr<bool> more = (*source)->Next(&block);
      const std::lock_guard lock(mutex);
      if (!more.ok()) reading.status = more.status();
      if (!more.ok() || !*more) return;
      EXPECT_TRUE(by_ordinal.emplace(block.ordinal, RecordsOf(block, options.range)).second);
      block.bytes = {};
      block.memory = nullptr;
      blocks.emplace(block.ordinal, block);
    }
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(read);
  read();
  for (std::thread& other : others) other.join();

  uint64_t next = 0;
  bool first = true;
  uint32_t file = 0;
  for (const auto& [ordinal, block] : blocks) {
    EXPECT_EQ(ordinal, next++);
    EXPECT_EQ(block.first_of_file, first) << ordinal;
    EXPECT_EQ(block.file, &plan.files[block.file_number]);
    if (!first) {
      EXPECT_EQ(block.file_number, file);
    }
    file = block.file_number;
    first = block.last_of_file;
  }
  EXPECT_TRUE(first || !reading.status.ok()) << "the last block of all is one of a file";
  for (auto& [ordinal, records] : by_ordinal) {
    for (SeenRecord& record : records) reading.records.push_back(std::move(record));
  }
  reading.blocks = blocks.size();
  reading.stats = (*source)->stats();
  reading.bytes_done = (*source)->bytes_done();
  reading.bytes_total = (*source)->bytes_total();
  return reading;
}

class InputRig {
 public:
  InputRig() : path_(testing::TempDir() + "/input.XXXXXX") {
    EXPECT_NE(mkdtemp(path_.data()), nullptr) << path_;
  }
  ~InputRig() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  InputRig(const InputRig&) = delete;
  InputRig& operator=(const InputRig&) = delete;

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  std::string Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
    return Path(name);
  }

  // Plans and reads; notes of both, in that order.
  InputReading Read(const InputOptions& input, const BlockOptions& options = {},
                    int threads = 1) const {
    const absl::StatusOr<InputPlan> plan = PlanInput(input);
    InputReading reading;
    if (plan.ok()) {
      BlockOptions all = options;
      all.range = input.range;
      all.skip_unreadable = options.skip_unreadable || input.skip_unreadable;
      reading = ReadPlan(*plan, all, threads);
      reading.notes.insert(reading.notes.begin(), plan->notes.begin(), plan->notes.end());
    } else {
      reading.status = plan.status();
    }
    const auto without_path = [&](absl::string_view text) {
      return absl::StrReplaceAll(text, {{path_ + "/", ""}});
    };
    for (std::string& note : reading.notes) note = without_path(note);
    reading.status = absl::Status(reading.status.code(), without_path(reading.status.message()));
    return reading;
  }
  // Of one file of these bytes.
  InputReading ReadBytes(const std::string& name, const std::string& bytes,
                         const BlockOptions& options = {}, int threads = 1) const {
    return Read({.paths = {Write(name, bytes)}}, options, threads);
  }

 private:
  std::string path_;
};

// What a PcapMaker's file of these holds, and the file.
struct PcapSample {
  std::string bytes;
  std::vector<SeenRecord> records = {};
  std::vector<size_t> borders = {};  // where records begin, and where the last one ends
};

// Of all lengths from 0 to 97 bytes, 10 ms and a little apart.
inline PcapSample MakeSample(const PcapMaker& maker, uint32_t count) {
  PcapSample sample{.bytes = maker.FileHeader()};
  for (uint32_t number = 0; number < count; ++number) {
    const uint32_t unit_ns = maker.nanoseconds ? 1 : 1000;
    const uint32_t fraction = (number % 100) * (10'000'000 / unit_ns) + number % 7;
    PcapMaker::Record record{.seconds = 1'700'000'000 + number / 100,
                             .fraction = fraction,
                             .payload = Payload(number * 13 % 98, number),
                             .original_length = 100 + number};
    sample.borders.push_back(sample.bytes.size());
    sample.bytes += maker.Make(record);
    sample.records.push_back(
        {.time_ns = record.seconds * int64_t{1'000'000'000} + int64_t{fraction} * unit_ns,
         .payload = record.payload,
         .wire_length = 100 + number,
         .link_type = maker.link_type});
  }
  sample.borders.push_back(sample.bytes.size());
  return sample;
}

}  // namespace dns_monitor
