// The ledger beside a file.
#pragma once

#include <optional>
#include <string>

#include "dns_monitor/input/plan.h"

namespace dns_monitor {

struct LedgerBeside {
  PlannedLedger ledger;
  std::string interface;
  bool compressed = false;
  int64_t from_ns = 0;  // where the segment begins, with packets or without
};

// What PATH.json says of the file PATH of `stored_bytes`, if it is of this file. `note` says what
// is wrong with it, or with its index, without a path; empty when there is none, or all is well.
std::optional<LedgerBeside> ReadLedgerBeside(const std::string& path, int64_t stored_bytes,
                                             std::string* note);

}  // namespace dns_monitor
