#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

#include "dns_monitor/cli/cli.h"

namespace {

// Whoever is started without one of the three standard descriptors would give its number to the
// next file that it opens, and then print into that.
void HoldStandardDescriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // Takes the lowest number that is free, which is this one. Reading alone, so that writing
    // fails.
    if (fcntl(fd, F_GETFD) == -1) open("/dev/null", O_RDONLY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  HoldStandardDescriptors();
  return dns_monitor::RunCommandLine(argc, argv);
}
