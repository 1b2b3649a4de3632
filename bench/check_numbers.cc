// check-numbers COUNT FILE...: whether pcap files hold the packets of `inject` (bench/inject.cc),
// numbered from 0 to COUNT - 1, each once, whole and in order. Takes what the tools write that we
// compare with: micro- and nanoseconds; Ethernet frames, bare IP packets (dnscap) and "cooked"
// ones. Prints one line of JSON.

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
#include "query.h"

namespace dns_monitor::bench {
namespace {

constexpr size_t kAddressesOffset = 12;  // of source and destination, in an IPv4 header
constexpr size_t kAddressesBytes = 8;

struct Sums {
  uint64_t packets = 0;  // with a number
  uint64_t others = 0;   // whatever else came by the interface
  uint64_t damaged =
      0;  // ours, but not as it was sent; without a readable number it is missing too
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
  // The IP packet begins at `link_bytes` of the frame.
  void Take(const PcapRecordHeader& header, const uint8_t* frame, size_t link_bytes);
  bool IsOurs(const PcapRecordHeader& header, const uint8_t* frame, size_t link_bytes) const;
  bool IsWhole(const PcapRecordHeader& header, const uint8_t* frame, size_t link_bytes) const;

  const std::vector<uint8_t> query_ = MakeQuery();

  std::vector<bool> seen_;
  Sums sums_;
  std::optional<uint64_t> last_number_;
  uint64_t last_time_ = 0;
};

// How many bytes of link-layer header come before the IP packet; nullopt for an unknown type.
std::optional<size_t> LinkBytes(uint32_t link_type) {
  switch (link_type) {
    case 1:  // Ethernet
      return kEthernetBytes;
    case 12:  // raw IP, as some systems number it
    case 101:
    case 228:
      return 0;
    case 113:  // Linux "cooked"
      return 16;
    case 276:  // … version 2
      return 20;
    default:
      return std::nullopt;
  }
}

std::optional<uint64_t> ReadNumber(const uint8_t* digits, size_t length) {
  if (length < kDigits) return std::nullopt;
  uint64_t number = 0;
  for (size_t place = 0; place < kDigits; ++place) {
    if (digits[place] < '0' || digits[place] > '9') return std::nullopt;
    number = number * 10 + (digits[place] - '0');
  }
  return number;
}

bool Checker::IsOurs(const PcapRecordHeader& header, const uint8_t* frame,
                     size_t link_bytes) const {
  const size_t addresses = link_bytes + kAddressesOffset;
  return header.captured_length >= addresses + kAddressesBytes &&
         std::memcmp(frame + addresses, query_.data() + kEthernetBytes + kAddressesOffset,
                     kAddressesBytes) == 0;
}

bool Checker::IsWhole(const PcapRecordHeader& header, const uint8_t* frame,
                      size_t link_bytes) const {
  const size_t length = query_.size() - kEthernetBytes + link_bytes;
  if (header.captured_length != length || header.original_length != length) return false;
  // Only Ethernet's header is known here; the others are made up by who captures.
  const size_t from = link_bytes == kEthernetBytes ? 0 : link_bytes;
  const uint8_t* sent = query_.data() + kEthernetBytes - link_bytes;
  const size_t number = link_bytes + kNumberOffset - kEthernetBytes;
  const size_t behind = number + kDigits;
  return std::memcmp(frame + from, sent + from, number - from) == 0 &&
         std::memcmp(frame + behind, sent + behind, length - behind) == 0;
}

void Checker::Take(const PcapRecordHeader& header, const uint8_t* frame, size_t link_bytes) {
  const uint64_t time = uint64_t{header.seconds} << 32 | header.fraction;
  sums_.time_back += time < last_time_;
  last_time_ = time;
  if (!IsOurs(header, frame, link_bytes)) {
    ++sums_.others;
    return;
  }
  sums_.damaged += !IsWhole(header, frame, link_bytes);
  const size_t at = link_bytes + kNumberOffset - kEthernetBytes;
  const std::optional<uint64_t> number = header.captured_length < at
                                             ? std::nullopt
                                             : ReadNumber(frame + at, header.captured_length - at);
  if (!number || *number >= seen_.size()) return;
  ++sums_.packets;
  sums_.twice += seen_[*number];
  seen_[*number] = true;
  sums_.out_of_order += last_number_ && *number < *last_number_;
  last_number_ = number;
}

bool Checker::Read(const char* path) {
  const Fd file(open(path, O_RDONLY | O_CLOEXEC));
  struct stat facts {};
  if (!file.valid() || fstat(file.get(), &facts) != 0) return false;
  const auto size = static_cast<size_t>(facts.st_size);
  if (size < sizeof(PcapFileHeader)) return false;
  void* memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (memory == MAP_FAILED) return false;
  madvise(memory, size, MADV_SEQUENTIAL);
  const auto* bytes = static_cast<const uint8_t*>(memory);
  PcapFileHeader file_header;
  std::memcpy(&file_header, bytes, sizeof(file_header));
  const std::optional<size_t> link_bytes = LinkBytes(file_header.link_type);
  const bool known =
      file_header.magic == kPcapMagicMicroseconds || file_header.magic == kPcapMagicNanoseconds;
  size_t at = sizeof(PcapFileHeader);
  while (known && link_bytes && size - at >= sizeof(PcapRecordHeader)) {
    PcapRecordHeader header;
    std::memcpy(&header, bytes + at, sizeof(header));
    if (header.captured_length > size - at - sizeof(header)) break;
    Take(header, bytes + at + sizeof(header), *link_bytes);
    at += sizeof(header) + header.captured_length;
  }
  sums_.torn_bytes += size - at;
  munmap(memory, size);
  return known && link_bytes;
}

void Checker::Print() const {
  const auto print = [](const char* name, uint64_t value, const char* after) {
    std::printf("\"%s\": %llu%s", name, static_cast<unsigned long long>(value), after);
  };
  std::printf("{");
  print("packets", sums_.packets, ", ");
  print("missing", seen_.size() - (sums_.packets - sums_.twice), ", ");
  print("twice", sums_.twice, ", ");
  print("damaged", sums_.damaged, ", ");
  print("out_of_order", sums_.out_of_order, ", ");
  print("time_back", sums_.time_back, ", ");
  print("others", sums_.others, ", ");
  print("torn_bytes", sums_.torn_bytes, "}\n");
}

}  // namespace

int Main(int argc, char** argv) {
  const uint64_t count = argc > 2 ? std::strtoull(argv[1], nullptr, 10) : 0;
  if (count == 0) {
    std::fprintf(stderr, "usage: check-numbers COUNT FILE...\n");
    return 2;
  }
  Checker checker(count);
  for (int index = 2; index < argc; ++index) {
    if (checker.Read(argv[index])) continue;
    std::fprintf(stderr, "check-numbers: cannot read %s, or it is no pcap file of a known kind\n",
                 argv[index]);
    return 1;
  }
  checker.Print();
  return 0;
}

}  // namespace dns_monitor::bench

int main(int argc, char** argv) {
  return dns_monitor::bench::Main(argc, argv);
}
