// A ledger as the JSON of its file: docs/ledger.schema.json describes it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/ledger/ledger.h"

namespace dns_monitor {

// The bytes of the file: the same for equal ledgers, one field a line, one list entry a line.
// InvalidArgument for what ParseLedger would refuse, with its JSON pointer: a text that is not
// UTF-8, a file name with a path, a negative length.
absl::StatusOr<std::string> FormatLedger(const Ledger& ledger);

// What FormatLedger wrote, exactly. Fields that are not known are passed over, causes of loss that
// are not known are counted as "other": later versions add them. InvalidArgument, with the JSON
// pointer of the place, for everything else that differs: another format version, a field that is
// missing or of another type or range, a key that stands twice, more than 32 levels. The text may
// come from anybody.
absl::StatusOr<Ledger> ParseLedger(absl::string_view text);

// One entry of a ledger's `removed`, as one line without its end, and back; as strict as the above.
absl::StatusOr<std::string> FormatRemoval(const RemovedSegment& removal);
absl::StatusOr<RemovedSegment> ParseRemoval(absl::string_view line);

}  // namespace dns_monitor
