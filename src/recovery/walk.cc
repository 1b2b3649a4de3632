#include "walk.h"

#include <algorithm>
#include <utility>

#include "dns_monitor/base/status.h"
#include "dns_monitor/ledger/index.h"

namespace dns_monitor {
namespace {

constexpr size_t kBatchBytes = 64 << 10;
// What a crash leaves in whole: nothing smaller is written by a disk, or mapped by a file system.
constexpr int64_t kBlockBytes = 512;

// Takes the records one by one, and each for sure only when the next one comes.
class Walk {
 public:
  Walk(absl::string_view file_header, const PcapFileInfo& file) : indexer_(file.nanoseconds) {
    walked_.file = file;
    Append(file_header.data(), file_header.size());
  }

  void Take(const PcapRecord& record) {
    KeepLast();
    last_ = record;
    Append(record.raw.data(), record.raw.size());
  }
  // Whether there is enough for Hash.
  bool IsBatch() const { return bytes_.size() >= kBatchBytes; }
  // Hands on all bytes but those of the last record.
  void Hash();
  // Zeros follow the last record. True when they may begin within it: where a block does.
  bool LastMayBeTorn() const;
  void DropLast();
  absl::Status KeepAll(const ReadAtFunction& read, int64_t size_bytes, std::string damage);
  Walked Finish(std::optional<int64_t> zeros);

 private:
  void Append(const void* bytes, size_t size) {
    const auto* const begin = static_cast<const std::byte*>(bytes);
    bytes_.insert(bytes_.end(), begin, begin + size);
  }
  void KeepLast();
  size_t LastBytes() const { return last_ ? sizeof(PcapRecordHeader) + last_->captured_length : 0; }

  Walked walked_;
  SegmentIndexer indexer_;
  std::vector<std::byte> bytes_;    // not hashed yet
  std::optional<PcapRecord> last_;  // its spans are not valid any more; its bytes end bytes_
};

void Walk::KeepLast() {
  if (!last_) return;
  walked_.end = last_->offset + static_cast<int64_t>(LastBytes());
  ++walked_.packets;
  walked_.clipped += last_->captured_length < last_->original_length ? 1 : 0;
  const int64_t time_ns = last_->time_ns;
  const bool first = walked_.packets == 1;
  walked_.late += !first && time_ns < walked_.last_ns ? 1 : 0;
  walked_.first_ns = first ? time_ns : std::min(walked_.first_ns, time_ns);
  walked_.last_ns = std::max(walked_.last_ns, time_ns);
  indexer_.OnRecord(last_->offset, time_ns);
  last_.reset();
}

void Walk::Hash() {
  const size_t sure = bytes_.size() - LastBytes();
  indexer_.OnAppended({bytes_.data(), sure});
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(sure));
}

bool Walk::LastMayBeTorn() const {
  if (!last_) return false;
  const int64_t end = last_->offset + static_cast<int64_t>(LastBytes());
  const int64_t border = (end - 1) / kBlockBytes * kBlockBytes;
  return border >= last_->offset &&
         std::all_of(bytes_.end() - (end - border), bytes_.end(),
                     [](std::byte byte) { return byte == std::byte{0}; });
}

void Walk::DropLast() {
  bytes_.resize(bytes_.size() - LastBytes());
  last_.reset();
}

absl::Status Walk::KeepAll(const ReadAtFunction& read, int64_t size_bytes, std::string damage) {
  KeepLast();
  Hash();
  std::vector<char> chunk(1 << 20);
  for (int64_t at = walked_.end; at < size_bytes;) {
    const auto size =
        static_cast<size_t>(std::min(static_cast<int64_t>(chunk.size()), size_bytes - at));
    DM_ASSIGN_OR_RETURN(const size_t got, read(at, {chunk.data(), size}));
    if (got == 0 && size_bytes == kUnknownSize) size_bytes = at;
    if (got == 0 && at < size_bytes) {
      return absl::DataLossError("it became shorter while it was read");
    }
    indexer_.OnAppended({reinterpret_cast<const std::byte*>(chunk.data()), got});
    at += static_cast<int64_t>(got);
  }
  walked_.end = size_bytes;
  walked_.damage = std::move(damage);
  return absl::OkStatus();
}

Walked Walk::Finish(std::optional<int64_t> zeros) {
  KeepLast();
  Hash();
  walked_.zeros = zeros;
  walked_.index = indexer_.Finish(walked_.end);
  return std::move(walked_);
}

}  // namespace

absl::StatusOr<Walked> WalkRecords(const ReadAtFunction& read, int64_t size_bytes,
                                   const std::function<bool()>& cancelled) {
  std::string header(kPcapFirstRecord, '\0');
  DM_RETURN_IF_ERROR(read(0, absl::MakeSpan(header.data(), header.size())).status());
  DM_ASSIGN_OR_RETURN(PcapReader reader, PcapReader::Open(read, {.end = size_bytes}));
  Walk walk(header, reader.file());
  PcapRecord record;
  while (reader.Next(&record)) {
    walk.Take(record);
    if (!walk.IsBatch()) continue;
    if (cancelled && cancelled()) return absl::CancelledError("the program ends");
    walk.Hash();
  }
  DM_ASSIGN_OR_RETURN(const PcapEnd end, reader.end());
  if (end == PcapEnd::kBadRecord) {
    DM_RETURN_IF_ERROR(walk.KeepAll(read, size_bytes, reader.bad_record()));
  }
  if (end != PcapEnd::kZeros) return walk.Finish(std::nullopt);
  // Rather one packet less than one made up.
  if (walk.LastMayBeTorn()) walk.DropLast();
  return walk.Finish(reader.end_of_whole_records());
}

}  // namespace dns_monitor
