#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <random>
#include <string>

#include "dns_monitor/ledger/index.h"

namespace dns_monitor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kStretch = 1024;
constexpr size_t kHeaderBytes = 24;

struct Record {
  int64_t offset;
  int64_t time_ns;
};

// A file as a segment would be: a header, then records of random bytes.
struct File {
  explicit File(uint32_t seed = 1) : random(seed) { Grow(kHeaderBytes); }

  void Grow(size_t length) {
    for (size_t i = 0; i < length; ++i) content.push_back(static_cast<char>(random()));
  }
  void AddRecord(size_t length, int64_t time_ns) {
    records.push_back({static_cast<int64_t>(content.size()), time_ns});
    Grow(length);
  }
  int64_t length() const { return static_cast<int64_t>(content.size()); }

  std::minstd_rand random;
  std::string content;
  std::vector<Record> records;
};

// The index by its definition, from the whole file.
std::vector<IndexEntry> Naive(const File& file, int64_t stretch_bytes = kStretch) {
  std::vector<IndexEntry> entries;
  for (int64_t offset = 0; offset < file.length(); offset += stretch_bytes) {
    const int64_t end = std::min(offset + stretch_bytes, file.length());
    IndexEntry entry{.offset = offset};
    entry.xxh3 = XXH3_64bits(&file.content[offset], static_cast<size_t>(end - offset));
    for (const Record& record : file.records) {
      if (record.offset < offset || record.offset >= end) continue;
      if (entry.packets++ == 0) entry.first_record = record.offset;
      entry.first_ns = std::min(entry.first_ns.value_or(record.time_ns), record.time_ns);
      entry.last_ns = std::max(entry.last_ns.value_or(record.time_ns), record.time_ns);
    }
    entries.push_back(entry);
  }
  return entries;
}

// As the writer does: each record is told of, and bytes follow when `chunk_bytes` have gathered.
// Returns how many bytes the indexer has got.
size_t FeedFrom(size_t from, const File& file, size_t chunk_bytes, SegmentIndexer* indexer) {
  const auto append = [&](size_t to) {
    const char* bytes = file.content.data() + from;
    indexer->OnAppended({reinterpret_cast<const std::byte*>(bytes), to - from});
    from = to;
  };
  for (const Record& record : file.records) {
    const auto offset = static_cast<size_t>(record.offset);
    if (offset < from) continue;
    if (offset - from >= chunk_bytes) append(offset);
    indexer->OnRecord(record.offset, record.time_ns);
  }
  append(file.content.size());
  return from;
}

std::vector<IndexEntry> Index(const File& file, size_t chunk_bytes = 64) {
  SegmentIndexer indexer(/*nanoseconds=*/true, kStretch);
  FeedFrom(0, file, chunk_bytes, &indexer);
  return indexer.Finish(file.length());
}

TEST(SegmentIndexer, IsWhatTheDefinitionSays) {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    File file(seed);
    // Up to a few stretches: some records straddle a border, some cover whole stretches.
    std::uniform_int_distribution<size_t> length(16, seed % 4 == 0 ? 5000 : 200);
    std::uniform_int_distribution<int64_t> time(-500, 1000);  // some are late
    std::uniform_int_distribution<size_t> chunk(1, 3000);
    const int count = static_cast<int>(seed % 90);
    for (int i = 0; i < count; ++i)
      file.AddRecord(length(file.random), i * 100 + time(file.random));
    ASSERT_EQ(Index(file, chunk(file.random)), Naive(file)) << "seed " << seed;
  }
}

TEST(SegmentIndexer, HasAnEntryForAHeaderAlone) {
  const File file;
  const std::vector<IndexEntry> entries = Index(file);
  EXPECT_EQ(entries, Naive(file));
  ASSERT_EQ(entries.size(), 1);
  EXPECT_EQ(entries[0].packets, 0);
  EXPECT_EQ(entries[0].first_record, std::nullopt);
  EXPECT_EQ(entries[0].first_ns, std::nullopt);
}

TEST(SegmentIndexer, HasNoneForAnEmptyFile) {
  SegmentIndexer indexer(/*nanoseconds=*/true, kStretch);
  EXPECT_THAT(indexer.Finish(0), IsEmpty());
}

TEST(SegmentIndexer, EndsWithAStretchThatIsExactlyFull) {
  File file;
  file.AddRecord(500, 1);
  file.AddRecord(kStretch - 500 - kHeaderBytes, 2);
  ASSERT_EQ(file.length(), kStretch);
  EXPECT_EQ(Index(file), Naive(file));
  EXPECT_EQ(Index(file).size(), 1);
  file.AddRecord(kStretch, 3);
  EXPECT_EQ(Index(file), Naive(file));
  EXPECT_EQ(Index(file).size(), 2);
}

TEST(SegmentIndexer, CountsARecordWhereItBegins) {
  File file;
  file.AddRecord(kStretch - kHeaderBytes - 1, 1);
  file.AddRecord(3 * kStretch, 2);  // from the last byte of the first stretch
  const std::vector<IndexEntry> entries = Index(file);
  EXPECT_EQ(entries, Naive(file));
  ASSERT_EQ(entries.size(), 4);
  EXPECT_EQ(entries[0].packets, 2);
  for (size_t i = 1; i < 4; ++i) EXPECT_EQ(entries[i].first_record, std::nullopt);
}

TEST(SegmentIndexer, TellsTimesAsTheFileHasThem) {
  File file;
  file.AddRecord(100, 5'001'999);
  file.AddRecord(100, 7'002'001);
  SegmentIndexer indexer(/*nanoseconds=*/false, kStretch);
  FeedFrom(0, file, 64, &indexer);
  const std::vector<IndexEntry> entries = indexer.Finish(file.length());
  EXPECT_EQ(entries[0].first_ns, 5'001'000);
  EXPECT_EQ(entries[0].last_ns, 7'002'000);
}

TEST(SegmentIndexer, BeginsTheNextSegmentAfresh) {
  SegmentIndexer indexer(/*nanoseconds=*/true, kStretch);
  for (const uint32_t seed : {1, 2}) {
    File file(seed);
    for (int i = 0; i < 20; ++i) file.AddRecord(100, 1000 * seed + i);
    FeedFrom(0, file, 64, &indexer);
    EXPECT_EQ(indexer.Finish(file.length()), Naive(file));
  }
}

TEST(SegmentIndexer, IsOfWholeStretchesWhenTheFileIsShorter) {
  File file;
  for (int i = 0; i < 40; ++i) file.AddRecord(100, i);
  SegmentIndexer indexer(/*nanoseconds=*/true, kStretch);
  FeedFrom(0, file, 64, &indexer);
  const std::vector<IndexEntry> entries = indexer.Finish(2 * kStretch + 7);
  const std::vector<IndexEntry> naive = Naive(file);
  EXPECT_THAT(entries, ElementsAre(naive[0], naive[1]));
}

// A process that takes over has the complete entries, and the file.
TEST(SegmentIndexer, GoesOnWhereAnotherStopped) {
  for (size_t count = 0; count < 60; ++count) {
    File file;
    SegmentIndexer first(/*nanoseconds=*/true, kStretch);
    for (size_t i = 0; i < count; ++i) file.AddRecord(100, static_cast<int64_t>(i));
    FeedFrom(0, file, 64, &first);
    ASSERT_EQ(first.complete(), static_cast<size_t>(file.length() / kStretch));

    SegmentIndexer second(/*nanoseconds=*/true, kStretch);
    second.Resume(first.entries().first(first.complete()));
    for (size_t i = count; i < 70; ++i) file.AddRecord(100, static_cast<int64_t>(i));
    FeedFrom(first.complete() * kStretch, file, 64, &second);
    ASSERT_EQ(second.Finish(file.length()), Naive(file)) << count;
  }
}

TEST(SegmentIndexer, KnowsTheFirstRecordOfAnIncompleteStretch) {
  File file;
  SegmentIndexer indexer(/*nanoseconds=*/true, kStretch);
  for (int i = 0; i < 15; ++i) file.AddRecord(100, i);
  FeedFrom(0, file, 64, &indexer);
  EXPECT_EQ(indexer.complete(), 1);
  EXPECT_EQ(indexer.entries()[1].first_record, kHeaderBytes + 1000);
}

// The size that files have.
TEST(SegmentIndexer, HasStretchesOf16MiB) {
  File file;
  for (int i = 0; i < 340; ++i) file.AddRecord(100'000, i);  // 32.4 MiB
  SegmentIndexer indexer(/*nanoseconds=*/true);
  FeedFrom(0, file, kHashBytes, &indexer);
  const std::vector<IndexEntry> entries = indexer.Finish(file.length());
  EXPECT_EQ(entries, Naive(file, 16 << 20));
  EXPECT_EQ(entries.size(), 3);
}

}  // namespace
}  // namespace dns_monitor
