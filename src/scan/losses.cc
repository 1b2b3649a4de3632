#include "dns_monitor/scan/losses.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/base/units.h"

namespace dns_monitor {
namespace {

// "3 THINGS WHAT", or "1 THING WHAT"; nothing of none.
void Append(uint64_t count, absl::string_view thing, absl::string_view what,
            std::vector<std::string>* to) {
  if (count == 0) return;
  to->push_back(absl::StrCat(FormatCount(count), " ", thing, count == 1 ? "" : "s", what));
}

}  // namespace

void StreamLosses::Add(const FragmentCounters& fragments) {
  overlaps += fragments.overlaps;
  incomplete += fragments.timed_out + fragments.unfinished;
  given_up += fragments.too_many + fragments.evicted;
}

void StreamLosses::Add(const TcpCounters& tcp) {
  given_up += tcp.evicted;
  gaps += tcp.gaps;
  gap_bytes += tcp.gap_bytes;
  broken_messages += tcp.broken_messages;
  unframed += tcp.unframed;
  conflicts += tcp.conflicts;
}

std::string Describe(const StreamLosses& losses) {
  std::vector<std::string> parts;
  Append(losses.overlaps, "datagram", " of fragments that contradict each other", &parts);
  Append(losses.incomplete, "datagram", " with fragments missing", &parts);
  Append(losses.gaps, "gap",
         absl::StrCat(" in TCP streams (", FormatCount(losses.gap_bytes), " bytes)"), &parts);
  Append(losses.broken_messages, "TCP message", " without its end", &parts);
  Append(losses.unframed, "TCP segment", " with no message's begin in sight", &parts);
  Append(losses.conflicts, "TCP segment", " that contradicted what came before", &parts);
  Append(losses.given_up, "datagram/connection", " given up for want of memory", &parts);
  if (parts.empty()) return "";
  return absl::StrCat("not put together: ", absl::StrJoin(parts, ", "));
}

}  // namespace dns_monitor
