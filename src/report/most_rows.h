// How much of a section is shown to a person.
#pragma once

#include <cstddef>

namespace dns_monitor::report {

// The statements have limits of their own, far below this one.
inline constexpr size_t kMostRows = 1000;

}  // namespace dns_monitor::report
