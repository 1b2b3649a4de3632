// What must hold for the reading of captures, whatever a file holds: blocks of any size, claimed by
// one thread or two, give the same records and end for the same reason.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/fd.h"
#include "dns_monitor/input/block_source.h"
#include "dns_monitor/input/record_cursor.h"

namespace dns_monitor {
namespace {

// Zeros and the like decode to any length.
constexpr uint64_t kMostContent = 1 << 20;

void Require(bool condition) {
  if (!condition) abort();
}

struct Reading {
  // Digests, by block, of those that the source gives one behind the other.
  std::map<uint64_t, std::string> blocks;
  std::string notes;
  absl::Status status;
  bool whole = true;

  std::string Records() const {
    std::string records;
    for (const auto& [ordinal, text] : blocks) records += text;
    return records;
  }
};

std::string Describe(const RecordBlock& block) {
  std::string text;
  RecordCursor cursor(block);
  CapturedRecord record;
  while (cursor.Next(&record)) {
    uint32_t sum = 0;
    for (const uint8_t byte : record.bytes) sum = sum * 31 + byte;
    absl::StrAppend(&text, record.time_ns, " ", record.wire_length, " ", record.link_type, " ",
                    record.bytes.size(), " ", sum, "\n");
  }
  return text;
}

Reading Read(const InputPlan& plan, size_t block_bytes, bool two_threads) {
  Reading reading;
  std::mutex mutex;
  BlockOptions options;
  options.block_bytes = block_bytes;
  options.skip_unreadable = true;  // what lies before damage is the same whatever the way
  options.on_note = [&](const std::string& note) { absl::StrAppend(&reading.notes, note, "\n"); };
  auto source = BlockSource::Open(plan, options);
  Require(source.ok());
  const auto read = [&] {
    RecordBlock block;
    for (;;) {
      const absl::StatusOr<bool> more = (*source)->Next(&block);
      const std::lock_guard lock(mutex);
      if (!more.ok()) reading.status = more.status();
      if (!more.ok() || !*more) return;
      Require(reading.blocks.emplace(block.ordinal, Describe(block)).second);
      if ((*source)->stats().bytes > kMostContent) {
        reading.whole = false;
        (*source)->Cancel();
      }
    }
  };
  if (two_threads) {
    std::thread other(read);
    read();
    other.join();
  } else {
    read();
  }
  return reading;
}

void Check(absl::Span<const uint8_t> bytes) {
  const Fd file(memfd_create("capture", MFD_CLOEXEC));
  Require(file.valid());
  Require(write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  InputPlan plan;
  plan.files.push_back({.path = absl::StrCat("/proc/self/fd/", file.get()),
                        .shown = "x",
                        .stored_bytes = static_cast<int64_t>(bytes.size())});
  const Reading large = Read(plan, 1 << 18, /*two_threads=*/false);
  const Reading small = Read(plan, 500, /*two_threads=*/false);
  if (!large.whole || !small.whole) return;
  Require(large.Records() == small.Records());
  Require(large.notes == small.notes);
  Require(large.status == small.status);
  const Reading parallel = Read(plan, 60, /*two_threads=*/true);
  Require(!parallel.whole || (parallel.Records() == large.Records() &&
                              parallel.notes == large.notes && parallel.status == large.status));
  // What is being written is read in another way, and ends without a word for the same records.
  plan.files[0].part = true;
  const Reading part = Read(plan, 1000, /*two_threads=*/false);
  const bool damaged = (large.notes + part.notes).find("damaged") != std::string::npos;
  Require(!part.whole || damaged || part.Records() == large.Records());
}

}  // namespace
}  // namespace dns_monitor

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dns_monitor::Check({data, size});
  return 0;
}
