// Ledgers as files, for a look at them from outside (tests/ledger-schema):
//     ledger_files write DIRECTORY   those of support/ledger_samples.h
//     ledger_files read FILE...      a line for each: "ok", or what ParseLedger says
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "dns_monitor/ledger/json.h"
#include "support/ledger_samples.h"

namespace dns_monitor {
namespace {

bool Write(const std::string& path, const Ledger& ledger) {
  const absl::StatusOr<std::string> text = FormatLedger(ledger);
  if (text.ok() && std::ofstream(path) << *text << std::flush) return true;
  std::fprintf(stderr, "ledger_files: cannot write %s\n", path.c_str());
  return false;
}

void Read(const std::string& path) {
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const absl::Status status = ParseLedger(text).status();
  std::puts(status.ok() ? "ok" : std::string(status.message()).c_str());
}

int Main(int argc, char** argv) {
  const std::string command = argc > 2 ? argv[1] : "";
  if (command == "write") {
    const std::string directory = argv[2];
    const bool written = Write(directory + "/small.json", SmallLedger()) &&
                         Write(directory + "/full.json", FullLedger());
    return written ? 0 : 1;
  }
  if (command == "read") {
    for (int i = 2; i < argc; ++i) Read(argv[i]);
    return 0;
  }
  std::fprintf(stderr, "usage: ledger_files write DIRECTORY | read FILE...\n");
  return 2;
}

}  // namespace
}  // namespace dns_monitor

int main(int argc, char** argv) {
  return dns_monitor::Main(argc, argv);
}
