#include "dns_monitor/ledger/index.h"

#include <xxhash.h>

#include <limits>
#include <new>

#include "xxh3_avx2.h"

namespace dns_monitor {
namespace {

constexpr size_t kFirstEntries = 1024;

using Update = void (*)(void*, const void*, size_t);

void UpdateAnywhere(void* hash, const void* bytes, size_t length) {
  (void)XXH3_64bits_update(static_cast<XXH3_state_t*>(hash), bytes, length);
}

// Both lead to the same state, at any point.
Update ChooseUpdate() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx2")) return Xxh3UpdateAvx2;
#endif
  return UpdateAnywhere;
}

}  // namespace

void SegmentIndexer::FreeHash::operator()(XXH3_state_s* hash) const {
  XXH3_freeState(hash);
}

SegmentIndexer::SegmentIndexer(bool nanoseconds, int64_t stretch_bytes)
    : nanoseconds_(nanoseconds),
      stretch_bytes_(stretch_bytes),
      hash_(XXH3_createState()),
      update_(ChooseUpdate()) {
  if (hash_ == nullptr) throw std::bad_alloc();
  entries_.reserve(kFirstEntries);
  Resume({});
}

SegmentIndexer::~SegmentIndexer() = default;
SegmentIndexer::SegmentIndexer(SegmentIndexer&&) noexcept = default;
SegmentIndexer& SegmentIndexer::operator=(SegmentIndexer&&) noexcept = default;

void SegmentIndexer::Resume(absl::Span<const IndexEntry> complete) {
  entries_.assign(complete.begin(), complete.end());
  hashed_ = static_cast<int64_t>(complete.size()) * stretch_bytes_;
  hash_end_ = records_end_ = hashed_;  // so that the first byte, and record, begins a stretch
  ResetRecords();
  XXH3_64bits_reset(hash_.get());
}

void SegmentIndexer::BeginRecords(int64_t offset) {
  StoreRecords();
  ResetRecords();
  IndexEntry& entry = EntryAt(offset);
  entry.first_record = offset;
  records_end_ = entry.offset + stretch_bytes_;
}

void SegmentIndexer::ResetRecords() {
  packets_ = 0;
  first_ns_ = std::numeric_limits<int64_t>::max();
  last_ns_ = std::numeric_limits<int64_t>::min();
}

void SegmentIndexer::StoreRecords() {
  if (packets_ == 0) return;
  IndexEntry& entry = EntryAt(records_end_ - 1);
  entry.packets = packets_;
  entry.first_ns = InFile(first_ns_);
  entry.last_ns = InFile(last_ns_);
}

void SegmentIndexer::OnAppended(absl::Span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (hashed_ == hash_end_) hash_end_ = EntryAt(hashed_).offset + stretch_bytes_;
    const auto part = std::min(bytes.size(), static_cast<size_t>(hash_end_ - hashed_));
    update_(hash_.get(), bytes.data(), part);
    hashed_ += static_cast<int64_t>(part);
    bytes.remove_prefix(part);
    if (hashed_ < hash_end_) continue;
    StoreChecksum();
    XXH3_64bits_reset(hash_.get());
    // No record can begin any more before this.
    if (records_end_ <= hashed_) StoreRecords();
  }
}

void SegmentIndexer::StoreChecksum() {
  EntryAt(hashed_ - 1).xxh3 = XXH3_64bits_digest(hash_.get());
}

std::vector<IndexEntry> SegmentIndexer::Finish(int64_t length) {
  StoreRecords();
  if (hashed_ < hash_end_) StoreChecksum();
  std::vector<IndexEntry> entries = entries_;
  if (length != hashed_) {
    entries.resize(static_cast<size_t>(std::min(length, hashed_) / stretch_bytes_));
  }
  Resume({});
  return entries;
}

IndexEntry& SegmentIndexer::EntryAt(int64_t offset) {
  const auto stretch = static_cast<size_t>(offset / stretch_bytes_);
  while (entries_.size() <= stretch) {
    const auto next = static_cast<int64_t>(entries_.size()) * stretch_bytes_;
    entries_.push_back({.offset = next});
  }
  return entries_[stretch];
}

int64_t SegmentIndexer::InFile(int64_t time_ns) const {
  return nanoseconds_ ? time_ns : time_ns - time_ns % 1000;
}

}  // namespace dns_monitor
