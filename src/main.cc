#include "dns_monitor/cli/cli.h"

int main(int argc, char** argv) {
  return dns_monitor::RunCommandLine(argc, argv);
}
