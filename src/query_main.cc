#include "dns_monitor/query_cli/query_cli.h"

int main(int argc, char** argv) {
  return dns_monitor::RunQueryCommandLine(argc, argv);
}
