// What is to go when the process ends at once, without its destructors: in a signal's handler, too.
#pragma once

#include <string>

namespace dns_monitor {

// A directory that is removed if it is empty, and a file that has no whole result yet. One of each
// at a time; an empty path: none any more. A path that is too long for the system is not kept.
void SetLeftoverDirectory(const std::string& path);
void SetLeftoverFile(const std::string& path);

// Async-signal-safe (signal-safety(7)).
void RemoveLeftovers();

}  // namespace dns_monitor
