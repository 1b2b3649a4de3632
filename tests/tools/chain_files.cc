// Segments with ledgers, chained, for tests of the command line (tests/verify-command):
//     chain_files DIRECTORY   eth0's of three minutes, those of support/chain_maker.h
#include <cstdio>
#include <fstream>
#include <string>

#include "support/chain_maker.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: chain_files DIRECTORY\n");
    return 2;
  }
  dns_monitor::ChainMaker chain;
  chain.AppendMinutes(0, 2);
  for (const auto& [name, content] : chain.files) {
    const std::string path = std::string(argv[1]) + "/" + name;
    if (std::ofstream(path) << content << std::flush) continue;
    std::fprintf(stderr, "chain_files: cannot write %s\n", path.c_str());
    return 1;
  }
  return 0;
}
