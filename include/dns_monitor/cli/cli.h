// The command line: flags and exit codes only.
#pragma once

namespace dns_monitor {

// Returns the exit status: 0, 1 for what failed, 2 for a wrong use of the command line.
int RunCommandLine(int argc, char** argv);

}  // namespace dns_monitor
