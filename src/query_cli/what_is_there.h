// Whether there is anything that a report could be of, and if not, why.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/query/engine.h"
#include "dns_monitor/report/catalog.h"

namespace dns_monitor {

struct WhatIsThere {
  bool queries = false;
  bool responses = false;
  bool messages = false;  // also those that are neither
  std::string ledgers;    // a sentence: whether anybody was capturing
};

// Reads the captures as far as the first of each, and all ledgers. The errors of Engine::Run.
absl::StatusOr<WhatIsThere> FindWhatIsThere(Engine* engine);

// What to say in place of rows when there are none: what the section says is of something that was
// captured, and untrue of what was not.
std::string TextWithoutRows(const ReportSection& section, const WhatIsThere& there);

}  // namespace dns_monitor
