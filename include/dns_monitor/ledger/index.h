// Makes a segment's index while it is written: a checksum of each stretch of the file, and which
// packets begin in it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "dns_monitor/ledger/ledger.h"

struct XXH3_state_s;

namespace dns_monitor {

inline constexpr int64_t kStretchBytes = int64_t{16} << 20;
// How much is to be hashed at once, while it still lies in the CPU's nearest cache beside what it
// was copied from (bench/ledger_bench).
inline constexpr size_t kHashBytes = 4096;

// One segment after the other. The writer thread's alone.
//
// Allocates when it is made, for a segment of 16 GiB, each time that the number of entries has
// doubled since (only when a stretch begins), and in Finish.
class SegmentIndexer {
 public:
  // The file has whole microseconds unless `nanoseconds`, and so does the index. Stretches of
  // another size are for tests.
  explicit SegmentIndexer(bool nanoseconds, int64_t stretch_bytes = kStretchBytes);
  ~SegmentIndexer();
  SegmentIndexer(SegmentIndexer&&) noexcept;
  SegmentIndexer& operator=(SegmentIndexer&&) noexcept;

  // A record begins at `offset` of the file. Each one, in their order; late ones, too.
  void OnRecord(int64_t offset, int64_t time_ns) {
    if (offset >= records_end_) BeginRecords(offset);
    ++packets_;
    // A late packet may be older than the first one here.
    first_ns_ = std::min(first_ns_, time_ns);
    last_ns_ = std::max(last_ns_, time_ns);
  }

  // As many more that begin before records_end(), none of them older than any before; the last one
  // is this old.
  void OnRecords(uint64_t count, int64_t last_ns) {
    packets_ += count;
    last_ns_ = std::max(last_ns_, last_ns);
  }
  // The end of the stretch that the last record began in.
  int64_t records_end() const { return records_end_; }

  // The file's next bytes, its header's too, kHashBytes or more at a time. OnRecord comes before
  // the bytes that it is about.
  void OnAppended(absl::Span<const std::byte> bytes);

  // The segment ends with this length, and the next one begins. The entries follow each other
  // without holes, to the file's end. When not all bytes came to be in the file: to the last whole
  // stretch that is there, and Resume goes on with the file's own bytes.
  std::vector<IndexEntry> Finish(int64_t length);

  // For a process that takes over. Entries of this segment so far; checksum, count and times are
  // there in the first complete() of them, the first record in all. Until the next call.
  absl::Span<const IndexEntry> entries() const { return entries_; }
  size_t complete() const { return static_cast<size_t>(hashed_ / stretch_bytes_); }
  // Begins a segment behind `complete` ones, whose bytes are all in the file. Next comes what lies,
  // or begins, in the stretch behind them: a stretch at most is read a second time.
  void Resume(absl::Span<const IndexEntry> complete);

 private:
  struct FreeHash {
    void operator()(XXH3_state_s* hash) const;
  };

  // Moves on to the stretch of a record at `offset`.
  void BeginRecords(int64_t offset);
  void StoreRecords();
  void ResetRecords();
  void StoreChecksum();
  // Adds entries up to that of the stretch which `offset` lies in.
  IndexEntry& EntryAt(int64_t offset);
  int64_t InFile(int64_t time_ns) const;

  // For each packet. Of the stretch in which records begin now:
  int64_t records_end_ = 0;  // its end
  uint64_t packets_ = 0;
  int64_t first_ns_ = 0;
  int64_t last_ns_ = 0;

  bool nanoseconds_;
  int64_t stretch_bytes_;
  std::unique_ptr<XXH3_state_s, FreeHash> hash_;
  void (*update_)(void* hash, const void* bytes, size_t length);
  int64_t hashed_ = 0;    // bytes of the file
  int64_t hash_end_ = 0;  // end of the stretch that is being hashed
  std::vector<IndexEntry> entries_;
};

}  // namespace dns_monitor
