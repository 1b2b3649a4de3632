#include "dns_monitor/compress/seek_table.h"

#include <algorithm>

#include "dns_monitor/base/status.h"
#include "little_endian.h"

namespace dns_monitor {
namespace {

constexpr uint32_t kSkippableMagic = 0x184d2a5e;
constexpr uint32_t kSeekableMagic = 0x8f92eab1;
constexpr int64_t kHeaderBytes = 8;  // magic, length of what follows
constexpr int64_t kFooterBytes = 9;  // number of frames, descriptor, magic
constexpr int64_t kEntryBytes = 8;
constexpr int64_t kChecksumBytes = 4;  // of each entry, where the descriptor says so
constexpr size_t kDescriptorAt = 4;
constexpr uint8_t kHasChecksums = 0x80;
constexpr uint8_t kReserved = 0x7c;

absl::Status ReadWhole(const ReadAtFunction& read, int64_t offset, std::string* bytes) {
  DM_ASSIGN_OR_RETURN(const size_t got, read(offset, {bytes->data(), bytes->size()}));
  if (got == bytes->size()) return absl::OkStatus();
  return absl::DataLossError("the file became shorter while it was read");
}

int64_t SumOf(absl::Span<const FrameSize> frames, uint32_t FrameSize::*size) {
  int64_t sum = 0;
  for (const FrameSize& frame : frames) sum += frame.*size;
  return sum;
}

}  // namespace

int64_t StoredBytes(absl::Span<const FrameSize> frames) {
  return SumOf(frames, &FrameSize::stored_bytes);
}

int64_t ContentBytes(absl::Span<const FrameSize> frames) {
  return SumOf(frames, &FrameSize::content_bytes);
}

int64_t SeekTableBytes(size_t frame_count) {
  return kHeaderBytes + static_cast<int64_t>(frame_count) * kEntryBytes + kFooterBytes;
}

std::string FormatSeekTable(absl::Span<const FrameSize> frames) {
  const int64_t bytes = SeekTableBytes(frames.size());
  std::string table;
  table.reserve(static_cast<size_t>(bytes));
  AppendLittleEndian(kSkippableMagic, 4, &table);
  AppendLittleEndian(static_cast<uint32_t>(bytes - kHeaderBytes), 4, &table);
  for (const FrameSize& frame : frames) {
    AppendLittleEndian(frame.stored_bytes, 4, &table);
    AppendLittleEndian(frame.content_bytes, 4, &table);
  }
  AppendLittleEndian(static_cast<uint32_t>(frames.size()), 4, &table);
  table.push_back('\0');
  AppendLittleEndian(kSeekableMagic, 4, &table);
  return table;
}

absl::StatusOr<std::vector<FrameSize>> ReadSeekTable(const ReadAtFunction& read,
                                                     int64_t stored_bytes) {
  const auto none = [] { return absl::NotFoundError("there is no seek table"); };
  if (stored_bytes < kHeaderBytes + kFooterBytes) return none();
  std::string footer(kFooterBytes, '\0');
  DM_RETURN_IF_ERROR(ReadWhole(read, stored_bytes - kFooterBytes, &footer));
  if (LittleEndian32(footer, kDescriptorAt + 1) != kSeekableMagic) return none();

  const auto descriptor = static_cast<uint8_t>(footer[kDescriptorAt]);
  const int64_t entry_bytes =
      kEntryBytes + ((descriptor & kHasChecksums) != 0 ? kChecksumBytes : 0);
  const int64_t count = LittleEndian32(footer);
  const int64_t begin = stored_bytes - kFooterBytes - count * entry_bytes - kHeaderBytes;
  if ((descriptor & kReserved) != 0 || count > static_cast<int64_t>(kMostFrames) || begin < 0) {
    return absl::DataLossError("the seek table is damaged");
  }
  std::string table(static_cast<size_t>(stored_bytes - begin), '\0');
  DM_RETURN_IF_ERROR(ReadWhole(read, begin, &table));
  if (LittleEndian32(table) != kSkippableMagic ||
      LittleEndian32(table, 4) != static_cast<uint64_t>(stored_bytes - begin - kHeaderBytes)) {
    return absl::DataLossError("the seek table is damaged");
  }
  std::vector<FrameSize> frames(static_cast<size_t>(count));
  for (size_t index = 0; index < frames.size(); ++index) {
    const size_t at = static_cast<size_t>(kHeaderBytes) + index * static_cast<size_t>(entry_bytes);
    frames[index] = {.stored_bytes = LittleEndian32(table, at),
                     .content_bytes = LittleEndian32(table, at + 4)};
  }
  if (StoredBytes(frames) != begin) {
    return absl::DataLossError("the seek table does not lead to the end of the frames");
  }
  return frames;
}

}  // namespace dns_monitor
