// The process that runs the command.
#pragma once

#include "dns_monitor/command/command_helper.h"

namespace dns_monitor {

// What the forked process does, until the socket's other end is closed. First it sends a line: an
// empty one when it is ready, else why it is not, and ends. Then, for each line with a name that it
// reads, it sends one back: the name, a tab, and what went wrong with the command; nothing when all
// went well.
[[noreturn]] void RunHelper(Fd socket, const CommandOptions& options, const Privileges& privileges);

}  // namespace dns_monitor
