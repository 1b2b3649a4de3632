// The command line of dns-monitor-query, the program behind `dns-monitor query`, `report` and
// `sql`.
#pragma once

namespace dns_monitor {

// Returns the exit status: 0, 1 when something failed, 2 for a command line that cannot be read,
// 130 when it was interrupted.
int RunQueryCommandLine(int argc, char** argv);

}  // namespace dns_monitor
