#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <tuple>

#include "dns_monitor/base/fd.h"
#include "dns_monitor/pcap/reader.h"
#include "support/pcap_maker.h"

namespace dns_monitor {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// All that one pass over a file tells.
struct Reading {
  std::vector<PcapRecord> records;  // their bytes are in payloads
  std::vector<std::string> payloads;
  std::string raw;  // all of them
  std::vector<int64_t> offsets;
  absl::StatusOr<PcapEnd> end = absl::UnknownError("");
  int64_t end_of_whole_records = 0;
  std::string bad_record;
};

Reading ReadAll(PcapReader reader) {
  Reading reading;
  PcapRecord record;
  EXPECT_EQ(reader.end().status().code(), StatusCode::kFailedPrecondition);
  while (reader.Next(&record)) {
    EXPECT_EQ(record.bytes.size(), record.captured_length);
    EXPECT_EQ(record.raw.size(), sizeof(PcapRecordHeader) + record.captured_length);
    EXPECT_EQ(record.raw.end(), record.bytes.end());
    reading.raw.append(record.raw.begin(), record.raw.end());
    reading.payloads.emplace_back(record.bytes.begin(), record.bytes.end());
    reading.offsets.push_back(record.offset);
    reading.records.push_back(record);
  }
  EXPECT_FALSE(reader.Next(&record)) << "the end is the end";
  reading.end = reader.end();
  reading.end_of_whole_records = reader.end_of_whole_records();
  reading.bad_record = reader.bad_record();
  return reading;
}

Reading ReadAll(const std::string& bytes, const PcapReadOptions& options = {}) {
  auto reader = PcapReader::Open(ReadFromMemory(bytes), options);
  EXPECT_TRUE(reader.ok()) << reader.status();
  return reader.ok() ? ReadAll(*std::move(reader)) : Reading{};
}

class PcapReaderFormatTest : public testing::TestWithParam<std::tuple<bool, bool>> {
 protected:
  PcapReaderFormatTest() { std::tie(maker_.nanoseconds, maker_.big_endian) = GetParam(); }
  PcapMaker maker_;
};

TEST_P(PcapReaderFormatTest, GivesEachRecordAsItIs) {
  const uint32_t last_fraction = maker_.nanoseconds ? 999'999'999 : 999'999;
  const std::string bytes =
      maker_.FileHeader() +
      maker_.Make({.seconds = 7, .fraction = 1, .payload = "abc", .original_length = 1500}) +
      maker_.Make({.seconds = 0xffffffff, .fraction = last_fraction, .payload = ""}) +
      maker_.Make({.seconds = 0, .fraction = 0, .payload = "d"});
  const Reading reading = ReadAll(bytes);
  const int64_t unit_ns = maker_.nanoseconds ? 1 : 1000;
  EXPECT_THAT(reading.payloads, ElementsAre("abc", "", "d"));
  EXPECT_EQ(maker_.FileHeader() + reading.raw, bytes);
  EXPECT_THAT(reading.offsets, ElementsAre(24, 24 + 19, 24 + 19 + 16));
  EXPECT_EQ(reading.records[0].time_ns, 7'000'000'000 + unit_ns);
  EXPECT_EQ(reading.records[0].captured_length, 3u);
  EXPECT_EQ(reading.records[0].original_length, 1500u);
  EXPECT_EQ(reading.records[1].time_ns, 4'294'967'295'000'000'000 + last_fraction * unit_ns);
  EXPECT_EQ(reading.records[2].time_ns, 0);
  EXPECT_EQ(*reading.end, PcapEnd::kClean);
  EXPECT_EQ(reading.end_of_whole_records, static_cast<int64_t>(bytes.size()));
}

TEST_P(PcapReaderFormatTest, RefusesASecondAndMoreInTheFraction) {
  const std::string good = maker_.FileHeader() + maker_.Make({.payload = "abc"});
  const uint32_t second = maker_.nanoseconds ? 1'000'000'000 : 1'000'000;
  const Reading reading = ReadAll(good + maker_.Make({.fraction = second, .payload = "x"}));
  EXPECT_THAT(reading.payloads, ElementsAre("abc"));
  EXPECT_EQ(*reading.end, PcapEnd::kBadRecord);
  EXPECT_EQ(reading.end_of_whole_records, static_cast<int64_t>(good.size()));
  EXPECT_THAT(reading.bad_record, HasSubstr("the record at byte 43 claims"));
}

TEST_P(PcapReaderFormatTest, TellsWhereItsBytesEnd) {
  const std::string header = maker_.FileHeader();
  const std::string bytes = header + maker_.Make({.payload = "abc"}) + maker_.Make({.payload = ""});
  for (size_t size = header.size(); size <= bytes.size(); ++size) {
    const Reading reading = ReadAll(bytes.substr(0, size));
    const size_t border = size < 24 + 19 ? 24 : size < 24 + 19 + 16 ? 24 + 19 : 24 + 19 + 16;
    const size_t into = size - border;
    const PcapEnd end = into == 0   ? PcapEnd::kClean
                        : into < 16 ? PcapEnd::kTruncatedHeader
                                    : PcapEnd::kTruncatedRecord;
    EXPECT_EQ(*reading.end, end) << size;
    EXPECT_EQ(reading.end_of_whole_records, static_cast<int64_t>(border)) << size;
    EXPECT_THAT(reading.bad_record, IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(All, PcapReaderFormatTest,
                         testing::Combine(testing::Bool(), testing::Bool()), [](const auto& param) {
                           return std::string(std::get<0>(param.param) ? "Nano" : "Micro") +
                                  (std::get<1>(param.param) ? "BigEndian" : "LittleEndian");
                         });

TEST(PcapReaderTest, StopsAtAHeaderOfZeros) {
  const PcapMaker maker;
  const std::string good = maker.FileHeader() + maker.Make({.payload = "abc"});
  for (const size_t zeros : {16, 17, 5000}) {
    const Reading reading = ReadAll(good + std::string(zeros, '\0'));
    EXPECT_EQ(*reading.end, PcapEnd::kZeros) << zeros;
    EXPECT_EQ(reading.end_of_whole_records, static_cast<int64_t>(good.size())) << zeros;
  }
  EXPECT_EQ(*ReadAll(good + std::string(15, '\0')).end, PcapEnd::kTruncatedHeader);
  EXPECT_EQ(*ReadAll(maker.FileHeader() + std::string(99, '\0')).end, PcapEnd::kZeros);
}

TEST(PcapReaderTest, TakesRecordsUpToTheSnapLengthAndAtLeast262144) {
  struct Case {
    uint32_t snaplen;
    uint32_t captured;
    bool good;
  };
  constexpr Case kCases[] = {{96, 262'144, true},
                             {96, 262'145, false},
                             {0, 262'144, true},
                             {300'000, 300'000, true},
                             {300'000, 300'001, false},
                             {0xffffffff, 300'000, true},
                             {0xffffffff, (128 << 20) + 1, false}};
  for (const Case& test : kCases) {
    PcapMaker maker;
    maker.snaplen = test.snaplen;
    PcapMaker::Record record{.payload = "x", .captured_length = test.captured};
    if (test.good) record.payload = Payload(test.captured);
    const Reading reading = ReadAll(maker.FileHeader() + maker.Make(record));
    EXPECT_EQ(*reading.end, test.good ? PcapEnd::kClean : PcapEnd::kBadRecord)
        << test.snaplen << " " << test.captured;
    EXPECT_EQ(reading.payloads.size(), test.good ? 1u : 0u);
    if (test.good) {
      EXPECT_EQ(reading.payloads[0], record.payload);
    }
  }
}

// --- Chunks ---

// Records of all lengths around that of a chunk, and their payloads.
std::string ManyRecords(std::vector<std::string>* payloads) {
  const PcapMaker maker;
  std::string bytes = maker.FileHeader();
  for (uint32_t number = 0; number < 150; ++number) {
    payloads->push_back(Payload(number * 13 % 97, number));
    bytes += maker.Make({.seconds = number, .payload = payloads->back()});
  }
  return bytes;
}

TEST(PcapReaderChunkTest, ReadsTheSameWhateverItsSize) {
  std::vector<std::string> payloads;
  const std::string bytes = ManyRecords(&payloads);
  for (size_t chunk = 0; chunk <= 120; ++chunk) {
    const Reading reading = ReadAll(bytes, {.chunk_bytes = chunk});
    EXPECT_EQ(reading.payloads, payloads) << chunk;
    EXPECT_EQ(*reading.end, PcapEnd::kClean) << chunk;
  }
}

TEST(PcapReaderChunkTest, JoinsARecordThatLiesAcrossTheBorder) {
  constexpr size_t kChunk = 1 << 20;
  const PcapMaker maker;
  const std::string second = Payload(100, 2);
  // The second record ends so many bytes behind the border of the first chunk read.
  for (size_t behind = 0; behind <= 16 + second.size(); ++behind) {
    const size_t first_size = kChunk + behind - 16 - second.size() - 16;
    PcapMaker large = maker;
    large.snaplen = kChunk;
    const std::string bytes = large.FileHeader() + large.Make({.payload = Payload(first_size, 1)}) +
                              large.Make({.payload = second}) + large.Make({.payload = "end"});
    const Reading reading = ReadAll(bytes);
    ASSERT_EQ(reading.payloads.size(), 3u) << behind;
    EXPECT_EQ(reading.payloads[1], second) << behind;
    EXPECT_EQ(reading.payloads[2], "end") << behind;
  }
}

TEST(PcapReaderChunkTest, AsksForChunksAndForNoByteTwice) {
  std::vector<std::string> payloads;
  const std::string bytes = ManyRecords(&payloads);
  std::vector<std::pair<int64_t, size_t>> asked;
  auto reader = PcapReader::Open(
      [&](int64_t offset, absl::Span<char> to) {
        asked.emplace_back(offset, to.size());
        return ReadFromMemory(bytes)(offset, to);
      },
      {.chunk_bytes = 1000});
  ASSERT_TRUE(reader.ok());
  ReadAll(*std::move(reader));
  EXPECT_EQ(asked.front(), std::pair(int64_t{0}, size_t{24}));
  int64_t next = 24;
  for (size_t call = 1; call < asked.size(); ++call) {
    EXPECT_EQ(asked[call].first, next);
    EXPECT_LE(asked[call].second, 1000u);
    next = std::min(next + static_cast<int64_t>(asked[call].second),
                    static_cast<int64_t>(bytes.size()));
  }
  EXPECT_LE(asked.size(), bytes.size() / 800 + 3);
}

TEST(PcapReaderChunkTest, TakesNoMemoryForBytesThatAreOnlyClaimed) {
  PcapMaker maker;
  maker.snaplen = 100 << 20;
  const std::string bytes =
      maker.FileHeader() + maker.Make({.payload = Payload(50), .captured_length = 100 << 20});
  size_t most = 0;
  auto reader = PcapReader::Open(
      [&](int64_t offset, absl::Span<char> to) {
        most = std::max(most, to.size());
        return ReadFromMemory(bytes)(offset, to);
      },
      {.chunk_bytes = 32});
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(*ReadAll(*std::move(reader)).end, PcapEnd::kTruncatedRecord);
  EXPECT_LE(most, 128u);
}

// --- Ranges ---

TEST(PcapReaderRangeTest, ReadsFromAnyRecordToAnyByte) {
  const PcapMaker maker;
  std::vector<int64_t> borders = {24};
  std::string bytes = maker.FileHeader();
  for (uint32_t number = 0; number < 5; ++number) {
    bytes += maker.Make({.payload = Payload(3 + number, number)});
    borders.push_back(static_cast<int64_t>(bytes.size()));
  }
  for (size_t first = 0; first < borders.size(); ++first) {
    for (int64_t end = borders[first]; end <= borders.back() + 3; ++end) {
      const Reading part = ReadAll(bytes, {.from = borders[first], .end = end, .chunk_bytes = 7});
      // As the file that ends there, without what lies before the first record.
      const Reading whole = ReadAll(bytes.substr(0, static_cast<size_t>(end)));
      EXPECT_EQ(*part.end, *whole.end);
      EXPECT_EQ(part.end_of_whole_records, whole.end_of_whole_records);
      EXPECT_EQ(part.payloads,
                std::vector<std::string>(whole.payloads.begin() + first, whole.payloads.end()));
      EXPECT_EQ(part.offsets,
                std::vector<int64_t>(whole.offsets.begin() + first, whole.offsets.end()));
    }
  }
}

TEST(PcapReaderRangeTest, RefusesWhatIsNone) {
  const std::string bytes = PcapMaker().FileHeader();
  for (const PcapReadOptions& options :
       {PcapReadOptions{.from = 0}, {.from = 23}, {.from = -1}, {.from = 40, .end = 39}}) {
    EXPECT_EQ(PcapReader::Open(ReadFromMemory(bytes), options).status().code(),
              StatusCode::kInvalidArgument);
  }
}

// --- Errors ---

TEST(PcapReaderErrorTest, TellsWhatIsNoPcapFile) {
  const auto code = [](const std::string& bytes) {
    return PcapReader::Open(ReadFromMemory(bytes)).status().code();
  };
  EXPECT_EQ(code(""), StatusCode::kOutOfRange);
  EXPECT_EQ(code("not a capture, but a text"), StatusCode::kInvalidArgument);
}

TEST(PcapReaderErrorTest, GivesWhatCameBeforeAReadError) {
  const PcapMaker maker;
  const std::string bytes = maker.FileHeader() + maker.Make({.payload = Payload(84)}) +
                            maker.Make({.payload = Payload(84)}) + maker.Make({.payload = "x"});
  const auto failing = [&](int64_t offset, absl::Span<char> to) -> absl::StatusOr<size_t> {
    if (offset + static_cast<int64_t>(to.size()) > 224) {
      return absl::DataLossError("Input/output error");
    }
    return ReadFromMemory(bytes)(offset, to);
  };
  auto reader = PcapReader::Open(failing, {.chunk_bytes = 100});
  ASSERT_TRUE(reader.ok()) << reader.status();
  const Reading reading = ReadAll(*std::move(reader));
  EXPECT_EQ(reading.payloads.size(), 2u);
  EXPECT_EQ(reading.end.status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(reading.end_of_whole_records, 224);

  const auto broken = [](int64_t, absl::Span<char>) -> absl::StatusOr<size_t> {
    return absl::DataLossError("Input/output error");
  };
  EXPECT_EQ(PcapReader::Open(broken).status().code(), StatusCode::kDataLoss);
}

TEST(PcapReaderErrorTest, ReadsDescriptorsWithoutMovingThem) {
  const PcapMaker maker;
  const std::string bytes = maker.FileHeader() + maker.Make({.payload = "abc"});
  const Fd fd(memfd_create("pcap", MFD_CLOEXEC));
  ASSERT_EQ(write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  auto reader = PcapReader::Open(ReadFrom(fd.get()));
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_THAT(ReadAll(*std::move(reader)).payloads, ElementsAre("abc"));
  EXPECT_EQ(lseek(fd.get(), 0, SEEK_CUR), static_cast<off_t>(bytes.size()));
  EXPECT_FALSE(PcapReader::Open(ReadFrom(-1)).ok());
}

}  // namespace
}  // namespace dns_monitor
