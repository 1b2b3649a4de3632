// check-numbers COUNT FILE...: whether pcap files hold the packets of `inject` (bench/inject.cc),
// numbered from 0 to COUNT - 1, each once and in order. Prints one line of JSON.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "dns_monitor/base/fd.h"
#include "dns_monitor/pcap/format.h"

namespace {

using dns_monitor::PcapFileHeader;
using dns_monitor::PcapRecordHeader;

constexpr size_t kNumberOffset = 14 + 20 + 8 + 12 + 1;  // as inject.cc
constexpr size_t kDigits = 8;

struct Sums {
  uint64_t packets = 0;  // with a number
  uint64_t others = 0;   // whatever else came by the interface
  uint64_t twice = 0;
  uint64_t out_of_order = 0;  // smaller than the one before
  uint64_t time_back = 0;     // timestamp earlier than the one before
  uint64_t torn_bytes = 0;    // behind the last whole record
};

class Checker {
 public:
  explicit Checker(uint64_t count) : seen_(count) {}

  bool Read(const char* path);
  void Print() const;

 private:
  void Take(const PcapRecordHeader& header, const uint8_t* frame);

  std::vector<bool> seen_;
  Sums sums_;
  std::optional<uint64_t> last_number_;
  uint64_t last_time_ = 0;
};

std::optional<uint64_t> NumberOf(const uint8_t* frame, size_t length) {
  if (length < kNumberOffset + kDigits) return std::nullopt;
  uint64_t number = 0;
  for (size_t place = 0; place < kDigits; ++place) {
    const uint8_t digit = frame[kNumberOffset + place];
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + (digit - '0');
  }
  return number;
}

void Checker::Take(const PcapRecordHeader& header, const uint8_t* frame) {
  const uint64_t time = uint64_t{header.seconds} << 32 | header.fraction;
  sums_.time_back += time < last_time_;
  last_time_ = time;
  const std::optional<uint64_t> number = NumberOf(frame, header.captured_length);
  if (!number || *number >= seen_.size()) {
    ++sums_.others;
    return;
  }
  ++sums_.packets;
  sums_.twice += seen_[*number];
  seen_[*number] = true;
  sums_.out_of_order += last_number_ && *number < *last_number_;
  last_number_ = number;
}

bool Checker::Read(const char* path) {
  const dns_monitor::Fd file(open(path, O_RDONLY | O_CLOEXEC));
  struct stat facts {};
  if (!file.valid() || fstat(file.get(), &facts) != 0) return false;
  const auto size = static_cast<size_t>(facts.st_size);
  if (size < sizeof(PcapFileHeader)) return false;
  void* memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (memory == MAP_FAILED) return false;
  madvise(memory, size, MADV_SEQUENTIAL);
  const auto* bytes = static_cast<const uint8_t*>(memory);
  size_t at = sizeof(PcapFileHeader);
  while (size - at >= sizeof(PcapRecordHeader)) {
    PcapRecordHeader header;
    std::memcpy(&header, bytes + at, sizeof(header));
    if (header.captured_length > size - at - sizeof(header)) break;
    Take(header, bytes + at + sizeof(header));
    at += sizeof(header) + header.captured_length;
  }
  sums_.torn_bytes += size - at;
  munmap(memory, size);
  return true;
}

void Checker::Print() const {
  const auto print = [](const char* name, uint64_t value, const char* after) {
    std::printf("\"%s\": %llu%s", name, static_cast<unsigned long long>(value), after);
  };
  std::printf("{");
  print("packets", sums_.packets, ", ");
  print("missing", seen_.size() - (sums_.packets - sums_.twice), ", ");
  print("twice", sums_.twice, ", ");
  print("out_of_order", sums_.out_of_order, ", ");
  print("time_back", sums_.time_back, ", ");
  print("others", sums_.others, ", ");
  print("torn_bytes", sums_.torn_bytes, "}\n");
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t count = argc > 2 ? std::strtoull(argv[1], nullptr, 10) : 0;
  if (count == 0) {
    std::fprintf(stderr, "usage: check-numbers COUNT FILE...\n");
    return 2;
  }
  Checker checker(count);
  for (int index = 2; index < argc; ++index) {
    if (checker.Read(argv[index])) continue;
    std::fprintf(stderr, "check-numbers: cannot read %s, or it is no pcap file\n", argv[index]);
    return 1;
  }
  checker.Print();
  return 0;
}
