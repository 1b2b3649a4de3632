// What any tool that reads a capture must do at least: one thread goes from record to record of the
// mapped file and reads the headers of each frame, to find those of DNS. bench/query's floor.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "dns_monitor/pcap/format.h"

namespace {

using dns_monitor::PcapFileHeader;
using dns_monitor::PcapRecordHeader;

uint32_t Read16(const uint8_t* at) {
  return uint32_t{at[0]} << 8 | at[1];
}

// Of plain frames of IPv4 and UDP with the addresses where they are then, which is what
// make-messages writes: fixed places cost less than looking for them.
bool IsDns(const uint8_t* frame, uint32_t length) {
  constexpr uint32_t kIp = 14;
  constexpr uint32_t kUdp = kIp + 20;
  if (length < kUdp + 8 || Read16(frame + 12) != 0x0800 || frame[kIp] != 0x45) return false;
  return frame[kIp + 9] == 17 && (Read16(frame + kUdp) == 53 || Read16(frame + kUdp + 2) == 53);
}

uint64_t CountDns(const uint8_t* at, const uint8_t* end) {
  uint64_t messages = 0;
  at += sizeof(PcapFileHeader);
  while (static_cast<size_t>(end - at) >= sizeof(PcapRecordHeader)) {
    PcapRecordHeader header;
    memcpy(&header, at, sizeof(header));
    at += sizeof(header);
    if (static_cast<size_t>(end - at) < header.captured_length) break;
    messages += IsDns(at, header.captured_length) ? 1 : 0;
    at += header.captured_length;
  }
  return messages;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: walk-records FILE...\n");
    return 2;
  }
  uint64_t messages = 0;
  for (int i = 1; i < argc; ++i) {
    const int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
      perror(argv[i]);
      return 1;
    }
    const auto size = static_cast<size_t>(status.st_size);
    void* const mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    close(fd);
    if (mapped == MAP_FAILED || size < sizeof(PcapFileHeader)) {
      fprintf(stderr, "%s: cannot be mapped\n", argv[i]);
      return 1;
    }
    const auto* const bytes = static_cast<const uint8_t*>(mapped);
    messages += CountDns(bytes, bytes + size);
    munmap(mapped, size);
  }
  printf("%" PRIu64 "\n", messages);
}
