// What must hold for the reader of pcap files, whatever a file holds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "dns_monitor/pcap/reader.h"

namespace dns_monitor {
namespace {

void Require(bool condition) {
  if (!condition) abort();
}

struct Seen {
  int64_t offset = 0;
  int64_t time_ns = 0;
  uint32_t captured_length = 0;
  uint32_t original_length = 0;
  std::string bytes;
  bool operator==(const Seen&) const = default;
};

Seen Take(const PcapRecord& record) {
  return {record.offset, record.time_ns, record.captured_length, record.original_length,
          std::string(record.bytes.begin(), record.bytes.end())};
}

struct Pass {
  std::vector<Seen> records;
  PcapEnd end = PcapEnd::kClean;
  int64_t end_of_whole_records = 0;
  bool operator==(const Pass&) const = default;
};

ReadAtFunction Source(const std::string& file) {
  return [&file](int64_t offset, absl::Span<char> to) -> absl::StatusOr<size_t> {
    if (offset >= static_cast<int64_t>(file.size())) return 0;
    return file.copy(to.data(), to.size(), static_cast<size_t>(offset));
  };
}

// As it holds for one pass alone.
Pass Read(const std::string& file, const PcapReadOptions& options) {
  auto reader = PcapReader::Open(Source(file), options);
  Require(reader.ok());
  Pass pass;
  PcapRecord record;
  int64_t next = options.from;
  while (reader->Next(&record)) {
    Require(record.offset == next);
    Require(record.bytes.size() == record.captured_length);
    Require(record.time_ns >= 0);
    next += static_cast<int64_t>(sizeof(PcapRecordHeader) + record.captured_length);
    Require(reader->end_of_whole_records() == next);
    pass.records.push_back(Take(record));
  }
  Require(!reader->Next(&record));
  Require(reader->end().ok());
  pass.end = *reader->end();
  pass.end_of_whole_records = reader->end_of_whole_records();
  const auto size = static_cast<int64_t>(file.size());
  Require(next == pass.end_of_whole_records && next <= size);
  Require((pass.end == PcapEnd::kClean) == (next == size));
  Require((pass.end == PcapEnd::kBadRecord) == !reader->bad_record().empty());
  return pass;
}

void Check(const std::string& file) {
  const bool is_pcap = PcapReader::Open(Source(file)).ok();
  const bool may_be_torn = IsTornPcapFileHeader(file.substr(0, kPcapFirstRecord));
  if (!is_pcap) return;
  Require(may_be_torn);
  // Chunks as large as inputs are; what is allocated for larger ones would take most of the time.
  const Pass whole = Read(file, {.chunk_bytes = 4096});
  for (const size_t chunk_bytes : {1, 17, 64}) {
    Require(Read(file, {.chunk_bytes = chunk_bytes}) == whole);
  }
  // Cut behind its whole records, it is clean and says the same.
  const std::string cut = file.substr(0, static_cast<size_t>(whole.end_of_whole_records));
  const Pass clean = Read(cut, {.chunk_bytes = 64});
  Require(clean.end == PcapEnd::kClean && clean.records == whole.records);
  // Each record is the same when reading begins there.
  for (const Seen& seen : whole.records) {
    auto reader = PcapReader::Open(Source(file), {.from = seen.offset, .chunk_bytes = 32});
    PcapRecord record;
    Require(reader.ok() && reader->Next(&record) && Take(record) == seen);
  }
}

}  // namespace
}  // namespace dns_monitor

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dns_monitor::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
