// Times in a table that a person reads.
#pragma once

#include <string>

#include "dns_monitor/output/held_rows.h"

namespace dns_monitor::report {

// Takes from times (2026-01-01T00:00:15Z) what all of the table have in common: the day, or else
// the year. Returns what to say instead; nothing, and changes nothing, when they have neither, or
// when there are none.
std::string ShortenTimes(HeldRows* rows);

}  // namespace dns_monitor::report
