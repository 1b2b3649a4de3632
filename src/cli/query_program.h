// The commands that another program has: those that need the query engine, which a capture does
// without.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace dns_monitor {

// Whether `word`, the first of the command line, is one of them.
bool IsQueryCommand(absl::string_view word);

// Becomes dns-monitor-query, with the same arguments: the one beside this program, else the one
// where packages put it. Returns only when there is none, or it cannot be started.
absl::Status BecomeQueryProgram(char** argv);

}  // namespace dns_monitor
