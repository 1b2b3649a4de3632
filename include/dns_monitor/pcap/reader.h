// Reads pcap files, whoever wrote them, and tells precisely how they end.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "dns_monitor/base/read_at.h"
#include "dns_monitor/pcap/file_header.h"
#include "dns_monitor/pcap/format.h"

namespace dns_monitor {

inline constexpr int64_t kPcapFirstRecord = sizeof(PcapFileHeader);  // its offset in each file

struct PcapReadOptions {
  int64_t from = kPcapFirstRecord;                    // offset of a record
  int64_t end = std::numeric_limits<int64_t>::max();  // the file is read as if it ended here
  size_t chunk_bytes = 1 << 20;                       // asked for at a time
};

struct PcapRecord {
  int64_t offset = 0;   // of its header in the file
  int64_t time_ns = 0;  // CLOCK_REALTIME
  uint32_t captured_length = 0;
  uint32_t original_length = 0;     // on the wire
  absl::Span<const uint8_t> bytes;  // the captured ones
  absl::Span<const uint8_t> raw;    // header and bytes, as the file has them
};

enum class PcapEnd {
  kClean,            // behind a record, or behind the file header
  kTruncatedHeader,  // within a record's header
  kTruncatedRecord,  // within a record's bytes
  // At a record header of zeros: an empty record by the format, yet what stands in blocks that were
  // reserved and never written.
  kZeros,
  kBadRecord,  // at a record header that no writer makes; bad_record() tells
};

// One pass over the records of a file, or of a range of it. Reads in chunks; keeps one in memory,
// or one record when that is larger. One thread at a time; several readers can share a source.
class PcapReader {
 public:
  // Reads the file header, whatever the range. The errors of `read` and of ParsePcapFileHeader;
  // InvalidArgument for a range that begins within the file header or ends before it begins.
  static absl::StatusOr<PcapReader> Open(ReadAtFunction read, const PcapReadOptions& options = {});

  const PcapFileInfo& file() const { return file_; }

  // The next record, whose bytes stay valid until the next call. False at the end, and from then
  // on: end() tells of which kind.
  bool Next(PcapRecord* record);

  // How the records ended, or the error that kept them from being read. FailedPrecondition as long
  // as Next has not returned false.
  const absl::StatusOr<PcapEnd>& end() const { return end_; }
  // The offset behind the last whole record so far; where `from` is, before the first one.
  int64_t end_of_whole_records() const { return at_; }
  // What is wrong with the record at end_of_whole_records(), after kBadRecord; empty otherwise.
  const std::string& bad_record() const { return bad_record_; }

 private:
  PcapReader(ReadAtFunction read, const PcapReadOptions& options, const PcapFileInfo& file);

  size_t Available() const { return filled_ - start_; }
  // Makes `wanted` bytes from at_ on available, or as many as there are. False when reading fails.
  bool Fill(size_t wanted);
  PcapRecordHeader Header() const;
  bool IsGood(const PcapRecordHeader& header);
  bool End(PcapEnd end);

  ReadAtFunction read_;
  PcapReadOptions options_;
  PcapFileInfo file_;
  uint32_t most_captured_;
  uint32_t fractions_per_second_;
  bool ended_ = false;
  absl::StatusOr<PcapEnd> end_;
  std::string bad_record_;
  int64_t at_;  // in the file: of the next record
  std::vector<char> buffer_;
  size_t start_ = 0;   // in the buffer: of the next record
  size_t filled_ = 0;  // bytes of the buffer that hold the file's
};

}  // namespace dns_monitor
