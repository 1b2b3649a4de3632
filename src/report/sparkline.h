// Numbers as a line of blocks: ▁▂▃▄▅▆▇█.
#pragma once

#include <string>
#include <vector>

namespace dns_monitor::report {

// One block for each number, from 0 (the lowest) to the greatest (the highest). What is no number,
// or below 0, is as 0.
std::string Sparkline(const std::vector<double>& values);

}  // namespace dns_monitor::report
