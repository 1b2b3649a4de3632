// Writes captures of generated DNS messages, the same each time: for trying queries on as much as
// one likes.

#include <algorithm>
#include <cstdio>
#include <string>

#include "absl/strings/numbers.h"
#include "dns_monitor/pcap/format.h"
#include "messages.h"

namespace {

using dns_monitor::PcapFileHeader;
using dns_monitor::bench::Messages;

// Goes on with the generator's messages until there have been `until` of them.
bool WriteCapture(uint64_t until, Messages* generator, FILE* to) {
  constexpr size_t kPairsAtOnce = 10'000;
  PcapFileHeader header;
  header.snaplen = 262144;
  header.link_type = static_cast<uint32_t>(dns_monitor::LinkType::kEthernet);
  if (fwrite(&header, sizeof(header), 1, to) != 1) return false;
  std::string bytes;
  while (generator->messages() < until) {
    bytes.clear();
    generator->Append(std::min<size_t>(kPairsAtOnce, (until - generator->messages() + 1) / 2),
                      &bytes);
    if (fwrite(bytes.data(), bytes.size(), 1, to) != 1) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t messages;
  if (argc < 3 || !absl::SimpleAtoi(argv[1], &messages)) {
    fprintf(stderr,
            "usage: make-messages COUNT FILE...\n\n"
            "Writes so many messages, a query and its answer in turn, in the order of time\n"
            "and in equal parts, to these files.\n");
    return 2;
  }
  const auto files = static_cast<uint64_t>(argc - 2);
  Messages generator;
  for (uint64_t i = 0; i < files; ++i) {
    const char* const path = argv[i + 2];
    FILE* file = fopen(path, "wb");
    if (file == nullptr || !WriteCapture(messages * (i + 1) / files, &generator, file) ||
        fclose(file) != 0) {
      perror(path);
      return 1;
    }
  }
}
