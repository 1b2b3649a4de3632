// Writes a capture of generated DNS messages: for trying queries on as much as one likes.

#include <algorithm>
#include <cstdio>
#include <string>

#include "absl/strings/numbers.h"
#include "dns_monitor/pcap/format.h"
#include "messages.h"

namespace {

using dns_monitor::PcapFileHeader;

bool WriteCapture(uint64_t messages, FILE* to) {
  constexpr size_t kPairsAtOnce = 10'000;
  PcapFileHeader header;
  header.snaplen = 262144;
  header.link_type = static_cast<uint32_t>(dns_monitor::LinkType::kEthernet);
  if (fwrite(&header, sizeof(header), 1, to) != 1) return false;
  dns_monitor::bench::Messages generator;
  std::string bytes;
  while (generator.messages() < messages) {
    bytes.clear();
    generator.Append(std::min<size_t>(kPairsAtOnce, (messages - generator.messages() + 1) / 2),
                     &bytes);
    if (fwrite(bytes.data(), bytes.size(), 1, to) != 1) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t messages;
  if (argc != 3 || !absl::SimpleAtoi(argv[1], &messages)) {
    fprintf(stderr, "usage: make-messages COUNT FILE\n");
    return 2;
  }
  FILE* file = fopen(argv[2], "wb");
  if (file == nullptr || !WriteCapture(messages, file) || fclose(file) != 0) {
    perror(argv[2]);
    return 1;
  }
}
