// What the ledgers of a capture say about it.
#pragma once

#include "absl/status/statusor.h"
#include "dns_monitor/capture/capture.h"
#include "dns_monitor/ledger/keeper.h"

namespace dns_monitor {

// `gaps` outlives what is returned.
absl::StatusOr<KeeperOptions> DescribeCapture(const CaptureOptions& options,
                                              const Interface& interface, CapturedHook hook,
                                              GapLog* gaps);

}  // namespace dns_monitor
