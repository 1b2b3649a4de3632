#include "dns_monitor/pcap/reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

// Many files say a snap length of 0, or one below their records: what libpcap takes from all is
// taken here too (MAXIMUM_SNAPLEN, pcap-int.h).
constexpr uint32_t kLeastLimit = 262'144;
// No link type has longer records (libpcap's MAXIMUM_DBUS_SNAPLEN): memory is bounded whatever the
// file says.
constexpr uint32_t kGreatestLimit = 128 << 20;

}  // namespace

absl::StatusOr<PcapReader> PcapReader::Open(ReadAtFunction read, const PcapReadOptions& options) {
  if (options.from < kPcapFirstRecord || options.end < options.from) {
    return absl::InvalidArgumentError(
        absl::StrCat("no range of records: bytes ", options.from, " to ", options.end));
  }
  std::array<char, kPcapFirstRecord> bytes;
  DM_ASSIGN_OR_RETURN(const size_t got, read(0, absl::MakeSpan(bytes)));
  DM_ASSIGN_OR_RETURN(const PcapFileInfo file, ParsePcapFileHeader({bytes.data(), got}));
  return PcapReader(std::move(read), options, file);
}

PcapReader::PcapReader(ReadAtFunction read, const PcapReadOptions& options,
                       const PcapFileInfo& file)
    : read_(std::move(read)),
      options_(options),
      file_(file),
      most_captured_(std::clamp(file.snaplen, kLeastLimit, kGreatestLimit)),
      fractions_per_second_(file.nanoseconds ? 1'000'000'000 : 1'000'000),
      end_(absl::FailedPreconditionError("the records have not been read to their end")),
      at_(options.from) {}

bool PcapReader::Fill(size_t wanted) {
  filled_ -= start_;
  if (filled_ > 0) memmove(buffer_.data(), buffer_.data() + start_, filled_);
  start_ = 0;
  while (filled_ < wanted) {
    // Memory grows with what the file has, not with what a header claims.
    const size_t room = std::max({options_.chunk_bytes, std::min(wanted, 2 * filled_), size_t{1}});
    if (buffer_.size() < room) buffer_.resize(room);
    const int64_t next = at_ + static_cast<int64_t>(filled_);
    const auto size =
        static_cast<size_t>(std::min(static_cast<int64_t>(room - filled_), options_.end - next));
    if (size == 0) break;
    const absl::StatusOr<size_t> got = read_(next, {buffer_.data() + filled_, size});
    if (!got.ok()) {
      ended_ = true;
      end_ = got.status();
      return false;
    }
    filled_ += *got;
    if (*got < size) break;
  }
  return true;
}

PcapRecordHeader PcapReader::Header() const {
  PcapRecordHeader header;
  memcpy(&header, buffer_.data() + start_, sizeof(header));
  if (file_.swapped) {
    header.seconds = __builtin_bswap32(header.seconds);
    header.fraction = __builtin_bswap32(header.fraction);
    header.captured_length = __builtin_bswap32(header.captured_length);
    header.original_length = __builtin_bswap32(header.original_length);
  }
  return header;
}

bool PcapReader::IsGood(const PcapRecordHeader& header) {
  if (header.captured_length > most_captured_) {
    bad_record_ = absl::StrCat("the record at byte ", at_, " claims ", header.captured_length,
                               " captured bytes, of at most ", most_captured_);
    return false;
  }
  if (header.fraction >= fractions_per_second_) {
    bad_record_ = absl::StrCat("the record at byte ", at_, " claims ", header.fraction, " of ",
                               fractions_per_second_, " parts of a second");
    return false;
  }
  return true;
}

bool PcapReader::End(PcapEnd end) {
  ended_ = true;
  end_ = end;
  return false;
}

bool PcapReader::Next(PcapRecord* record) {
  if (ended_) return false;
  constexpr size_t kHeader = sizeof(PcapRecordHeader);
  if (Available() < kHeader && !Fill(kHeader)) return false;
  if (Available() == 0) return End(PcapEnd::kClean);
  if (Available() < kHeader) return End(PcapEnd::kTruncatedHeader);

  const PcapRecordHeader header = Header();
  if ((header.seconds | header.fraction | header.captured_length | header.original_length) == 0) {
    return End(PcapEnd::kZeros);
  }
  if (!IsGood(header)) return End(PcapEnd::kBadRecord);
  const size_t size = kHeader + header.captured_length;
  if (Available() < size && !Fill(size)) return false;
  if (Available() < size) return End(PcapEnd::kTruncatedRecord);

  const int64_t unit_ns = kNanosecondsPerSecond / fractions_per_second_;
  record->offset = at_;
  record->time_ns = header.seconds * kNanosecondsPerSecond + header.fraction * unit_ns;
  record->captured_length = header.captured_length;
  record->original_length = header.original_length;
  record->raw = {reinterpret_cast<const uint8_t*>(buffer_.data()) + start_, size};
  record->bytes = record->raw.subspan(kHeader);
  start_ += size;
  at_ += static_cast<int64_t>(size);
  return true;
}

}  // namespace dns_monitor
