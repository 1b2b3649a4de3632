#include "pcap_walk.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace dns_monitor {
namespace {

constexpr int64_t kMostChunkBytes = 1 << 20;

Finding Broken(FindingKind kind, std::string message) {
  return {.file = "", .kind = kind, .message = std::move(message)};
}

Finding CannotOpen(const absl::Status& status) {
  if (absl::IsOutOfRange(status)) {
    return Broken(FindingKind::kTruncated, std::string(status.message()));
  }
  const bool content = absl::IsInvalidArgument(status) || absl::IsUnimplemented(status);
  if (content) return Broken(FindingKind::kNotPcap, std::string(status.message()));
  return Broken(FindingKind::kUnreadable, absl::StrCat("cannot be read: ", Reason(status)));
}

std::optional<Finding> HowItEnded(const PcapReader& reader, uint64_t packets) {
  if (!reader.end().ok()) {
    return Broken(FindingKind::kUnreadable,
                  absl::StrCat("cannot be read: ", Reason(reader.end().status())));
  }
  const std::string where = absl::StrCat(" at byte ", reader.end_of_whole_records(), ", behind ",
                                         packets, packets == 1 ? " packet" : " packets");
  switch (*reader.end()) {
    case PcapEnd::kClean:
      return std::nullopt;
    case PcapEnd::kTruncatedHeader:
    case PcapEnd::kTruncatedRecord:
      return Broken(FindingKind::kTruncated, absl::StrCat("ends within the record", where));
    case PcapEnd::kZeros:
      return Broken(FindingKind::kZeros, absl::StrCat("has zeros instead of a record", where));
    case PcapEnd::kBadRecord:
      break;
  }
  return Broken(FindingKind::kBadRecord, absl::StrCat(reader.bad_record(), ", behind ", packets,
                                                      packets == 1 ? " packet" : " packets"));
}

}  // namespace

void RecordTally::Add(const PcapRecord& record) {
  if (packets++ == 0) first_ns = last_ns = record.time_ns;
  clipped += record.captured_length < record.original_length ? 1 : 0;
  if (record.time_ns < *last_ns && back++ == 0) first_back = record.offset;
  first_ns = std::min(*first_ns, record.time_ns);
  last_ns = std::max(*last_ns, record.time_ns);
}

ReadAtFunction ReadAndTell(ReadAtFunction read, std::function<void(absl::string_view)> on_bytes) {
  if (!on_bytes) return read;
  return [read = std::move(read), on_bytes = std::move(on_bytes), told = int64_t{0}](
             int64_t offset, absl::Span<char> to) mutable -> absl::StatusOr<size_t> {
    absl::StatusOr<size_t> got = read(offset, to);
    if (!got.ok()) return got;
    const int64_t end = offset + static_cast<int64_t>(*got);
    if (offset <= told && told < end) {
      on_bytes({to.data() + (told - offset), static_cast<size_t>(end - told)});
      told = end;
    }
    return got;
  };
}

WalkedPcap WalkPcap(const ReadAtFunction& read, int64_t length_bytes,
                    const PcapObservers& observers) {
  WalkedPcap walked;
  PcapReadOptions options;
  // Behind the header at least, also of a file that is too short to have one.
  options.end = std::max(length_bytes, kPcapFirstRecord);
  options.chunk_bytes =
      static_cast<size_t>(std::clamp(length_bytes, kPcapFirstRecord, kMostChunkBytes));
  absl::StatusOr<PcapReader> reader =
      PcapReader::Open(ReadAndTell(read, observers.on_bytes), options);
  if (!reader.ok()) {
    walked.broken = CannotOpen(reader.status());
    return walked;
  }
  walked.file = reader->file();
  PcapRecord record;
  while (reader->Next(&record)) {
    walked.tally.Add(record);
    observers.on_record(record);
  }
  walked.broken = HowItEnded(*reader, walked.tally.packets);
  return walked;
}

std::string Reason(const absl::Status& status) {
  const absl::string_view message = status.message();
  const size_t colon = message.rfind(": ");
  return std::string(colon == absl::string_view::npos ? message : message.substr(colon + 2));
}

}  // namespace dns_monitor
